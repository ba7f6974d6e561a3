//! Reading Anthropic's bodies: places, amounts, days.

use std::fmt;

use aispend_model::{Feed, Money, Rounded, Slice, parse_day};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Body, SourceError};

/// Where a record stands, as an error names it.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    role: &'a str,
    page: u32,
    row: usize,
}

impl<'a> Place<'a> {
    /// The row (from 1) of a document.
    pub(super) fn row(body: &'a Body, row: usize) -> Self {
        Self { role: &body.role, page: body.page, row }
    }

    /// A value that cannot be read exactly.
    pub(super) fn inexact(self, field: &str, detail: impl Into<String>) -> SourceError {
        SourceError::Inexact { place: self.to_string(), field: field.to_owned(), detail: detail.into() }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` page {}", self.role, self.page)?;
        if self.row > 0 { write!(f, ", row {}", self.row) } else { Ok(()) }
    }
}

/// Reads a body, whoever holds it.
pub(super) fn parse<'a, T: Deserialize<'a>>(
    feed: Feed,
    role: &str,
    page: u32,
    bytes: &'a [u8],
) -> Result<T, SourceError> {
    serde_json::from_slice(bytes).map_err(|error| unreadable(feed, role, page, error.to_string()))
}

/// Reads an archived document.
pub(super) fn parse_body<'a, T: Deserialize<'a>>(feed: Feed, body: &'a Body) -> Result<T, SourceError> {
    parse(feed, &body.role, body.page, &body.bytes)
}

/// A body that is not what the vendor promises.
pub(super) fn unreadable(feed: Feed, role: &str, page: u32, detail: impl Into<String>) -> SourceError {
    SourceError::Unreadable { feed, place: Place { role, page, row: 0 }.to_string(), detail: detail.into() }
}

/// An amount in cents: a decimal string, or a JSON number by its digits. It fits a row.
pub(super) fn cents(place: Place<'_>, field: &str, raw: &RawValue) -> Result<Rounded, SourceError> {
    let written = raw.get();
    let text = if written.starts_with('"') {
        serde_json::from_str::<String>(written).map_err(|error| place.inexact(field, error.to_string()))?
    } else {
        written.to_owned()
    };
    let rounded = Money::from_cents(&text).map_err(|error| place.inexact(field, error.to_string()))?;
    wire(place, field, rounded.money)?;
    Ok(rounded)
}

/// An amount as a row carries it.
pub(super) fn wire(place: Place<'_>, field: &str, money: Money) -> Result<i64, SourceError> {
    money.wire().map_err(|error| place.inexact(field, error.to_string()))
}

/// Amounts are US dollars; anything else is refused, not converted.
pub(super) fn dollars_only(place: Place<'_>, currency: Option<&str>) -> Result<(), SourceError> {
    match currency {
        Some("USD") => Ok(()),
        Some(other) => {
            Err(place
                .inexact("currency", format!("`{}` is not USD", other.chars().take(20).collect::<String>())))
        }
        None => Err(place.inexact("currency", "it is missing")),
    }
}

/// The UTC day a record is of.
pub(super) fn day_of(place: Place<'_>, field: &str, text: Option<&str>) -> Result<Date, SourceError> {
    let text = text.ok_or_else(|| place.inexact(field, "it is missing"))?;
    parse_day(text).map_err(|error| place.inexact(field, error.to_string()))
}

/// The slice's day; a daily feed has no other slices.
pub(super) fn slice_day(slice: &Slice) -> Result<Date, SourceError> {
    slice.day.ok_or_else(|| SourceError::Unreadable {
        feed: slice.feed,
        place: format!("slice `{slice}`"),
        detail: "a slice of this feed is one day".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: Option<i128>) {
        let body = Body { role: "cost".into(), request: String::new(), page: 2, bytes: Vec::new() };
        let raw = RawValue::from_string(json.to_owned()).unwrap();
        let read = cents(Place::row(&body, 3), "amount", &raw);
        assert_eq!(read.as_ref().ok().map(|rounded| rounded.money.nanos()), expected, "{json}");
        if let Err(error) = read {
            assert!(error.to_string().starts_with("`cost` page 2, row 3: `amount`"), "{error}");
        }
    }

    #[test]
    fn an_amount_is_read_by_its_digits_as_string_or_number() {
        check(r#""123.78912""#, Some(1_237_891_200));
        check("123.78912", Some(1_237_891_200));
        check("152", Some(1_520_000_000));
        check("1.5E-3", Some(15_000));
        check(r#""-4""#, Some(-40_000_000));
        for wrong in ["true", "{}", "[1]", r#""twelve""#, r#""""#, r#""1e30""#, "922337203686"] {
            check(wrong, None);
        }
    }
}
