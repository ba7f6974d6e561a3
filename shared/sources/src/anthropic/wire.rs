//! Reading Anthropic's bodies: places, amounts, days.

use std::collections::BTreeMap;
use std::fmt;

use aispend_model::{Decimal, Feed, Money, Rounded, Slice, parse_day};
use jiff::civil::Date;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
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

/// Reads a body, whoever holds it. A member that stands twice counts once, as its last.
pub(super) fn parse<T: DeserializeOwned>(
    feed: Feed,
    role: &str,
    page: u32,
    bytes: &[u8],
) -> Result<T, SourceError> {
    let read = serde_json::from_slice(bytes).or_else(|error| {
        if !error.to_string().starts_with("duplicate field") {
            return Err(error);
        }
        let mut once = String::with_capacity(bytes.len());
        write_once(serde_json::from_slice(bytes)?, &mut once)?;
        serde_json::from_str(&once)
    });
    read.map_err(|error| unreadable(feed, role, page, error.to_string()))
}

/// Writes a value with each member once; numbers stay as they are written.
fn write_once(value: &RawValue, out: &mut String) -> Result<(), serde_json::Error> {
    let text = value.get();
    if text.starts_with('{') {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
        let mut mark = '{';
        for (name, member) in members {
            out.push(mark);
            out.push_str(&serde_json::to_string(&name)?);
            out.push(':');
            write_once(member, out)?;
            mark = ',';
        }
        out.push_str(if mark == '{' { "{}" } else { "}" });
    } else if text.starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(text)?;
        let mut mark = '[';
        for item in items {
            out.push(mark);
            write_once(item, out)?;
            mark = ',';
        }
        out.push_str(if mark == '[' { "[]" } else { "]" });
    } else {
        out.push_str(text);
    }
    Ok(())
}

/// Reads an archived document.
pub(super) fn parse_body<T: DeserializeOwned>(feed: Feed, body: &Body) -> Result<T, SourceError> {
    parse(feed, &body.role, body.page, &body.bytes)
}

/// Reads a count: `12`, `12.0` or `"12"`; null and blank are unknown.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let Some(raw) = Option::<Box<RawValue>>::deserialize(deserializer)? else { return Ok(None) };
    let text = raw.get().trim_matches('"').trim();
    if text.is_empty() {
        return Ok(None);
    }
    let whole = text.parse().ok().or_else(|| text.parse::<Decimal>().ok()?.to_string().parse().ok());
    whole.map(Some).ok_or_else(|| {
        D::Error::custom(format!("`{}` is no count", text.chars().take(40).collect::<String>()))
    })
}

/// A text that says something: blank is as good as null.
pub(super) fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
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
        Some(currency) if currency.trim().eq_ignore_ascii_case("USD") => Ok(()),
        Some(other) => {
            Err(place
                .inexact("currency", format!("`{}` is not USD", other.chars().take(20).collect::<String>())))
        }
        // The only currency there is.
        None => Ok(()),
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
    fn a_member_that_stands_twice_counts_once_and_a_count_may_be_written_otherwise() {
        #[derive(Deserialize)]
        struct Row {
            amount: Box<RawValue>,
            #[serde(default, deserialize_with = "count")]
            tokens: Option<i64>,
        }
        let read = |json: &str| {
            parse::<Vec<Row>>(Feed::AnthropicCost, "cost", 0, json.as_bytes()).map(|rows| {
                rows.iter().map(|row| (row.amount.get().to_owned(), row.tokens)).collect::<Vec<_>>()
            })
        };
        let twice = r#"[{"amount":1.10,"amount":2.10,"x":[{},[],null,"a\"b"],"tokens":"12"}]"#;
        assert_eq!(read(twice).unwrap(), [("2.10".to_owned(), Some(12))]);
        for (tokens, expected) in [("12.0", Some(12)), ("null", None), (r#""""#, None), ("-3", Some(-3))] {
            let json = format!(r#"[{{"amount":1,"tokens":{tokens}}}]"#);
            assert_eq!(read(&json).unwrap(), [("1".to_owned(), expected)]);
        }
        for wrong in ["1.5", "true", r#""twelve""#, "1e300", "{}"] {
            assert!(read(&format!(r#"[{{"amount":1,"tokens":{wrong}}}]"#)).is_err(), "{wrong}");
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
