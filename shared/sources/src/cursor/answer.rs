//! What all Cursor feeds share: the day's limits, refusals, pages.

use aispend_model::{Feed, Request, Response, Slice, Vendor, day_number};
use jiff::civil::Date;
use serde::Deserialize;

use super::json::{Digits, Flag, flag, object};
use crate::{Ask, Followed, Next, Progress, Reading, Records, Refusal, Severity, SourceError};

/// The most the vendor takes.
pub(super) const PAGE_SIZE: u64 = 1_000;
/// The smallest page it is known to cut to.
const LEAST_PAGE_SIZE: u64 = 10;
const DAY_MILLIS: i64 = 86_400_000;

/// The day of a dated slice. The planner makes no other slices of these feeds.
pub(super) fn day_of(slice: &Slice) -> Result<Date, SourceError> {
    slice.day.ok_or_else(|| unreadable(slice.feed, &slice.key(), "a slice of this feed has a day"))
}

/// A page of a day; the vendor counts pages from 1 and includes both ends.
pub(super) fn page_of_day(ask: &Ask, role: &str, path: &str, page: u32) -> Option<Request> {
    let start = i64::from(day_number(ask.slice.day?)) * DAY_MILLIS;
    let body = format!(
        r#"{{"startDate":{start},"endDate":{},"page":{},"pageSize":{PAGE_SIZE}}}"#,
        start + DAY_MILLIS - 1,
        u64::from(page) + 1
    );
    Some(Request { page, ..Request::post(Vendor::Cursor, &ask.slice.org_id, role, path, body) })
}

object! {
    /// What an answer says of its pages; older ones lack it, or parts of it.
    Pagination {
        "hasNextPage" => has_next: Flag,
        "numPages" | "totalPages" => pages: Digits<'a>,
        "totalUsers" => users: Digits<'a>,
    }
    leaves []
}

/// What is known of the pages after one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pages {
    /// Items of all pages.
    pub total: Option<u64>,
    pub has_next: Option<bool>,
    /// How many pages there are.
    pub count: Option<u64>,
}

/// A count of things, where it is one.
pub(super) fn whole(digits: Option<Digits>) -> Option<u64> {
    u64::try_from(digits?.count()?).ok()
}

impl Pages {
    pub(super) fn of(pagination: Option<&Pagination>, total: Option<u64>) -> Self {
        let has_next = pagination.and_then(|pagination| flag(pagination.has_next));
        Self { total, has_next, count: pagination.and_then(|pagination| whole(pagination.pages)) }
    }

    /// True where a page follows this one. The vendor may cut pages below the size that was asked for, so a page shorter
    /// than that says nothing by itself.
    ///
    /// # Errors
    /// When what came and what is said cannot both be: the pages moved, or go round in a circle. Says why.
    pub(super) fn goes_on(self, page: u32, items: u64, so_far: Progress) -> Result<bool, String> {
        let number = u64::from(page) + 1;
        let received = so_far.items + items;
        if items > 0 && so_far.is_repeated {
            return Err(format!("page {number} is the one before it once more"));
        }
        let said = self.has_next.or_else(|| self.count.map(|count| number < count));
        let goes_on = match (self.total, said) {
            (Some(total), _) if received > total => {
                return Err(format!("{received} items came, {total} were announced"));
            }
            (Some(total), said) => received < total || (items > 0 && said == Some(true)),
            (None, Some(said)) => said,
            // Nothing is said: until a page is shorter than those before it, or than any the vendor cuts to.
            (None, None) => items >= LEAST_PAGE_SIZE && items * u64::from(page) >= so_far.items,
        };
        if goes_on && items == 0 && self.count.is_none_or(|count| number >= count) {
            return Err(match self.total {
                Some(total) if received < total => {
                    format!("{received} items came and no more, {total} were announced")
                }
                Some(_) | None => format!("page {number} is empty, yet more is said to follow"),
            });
        }
        Ok(goes_on)
    }
}

/// Reads an answer's envelope, or says what a refusal means.
pub(super) fn envelope<'a, T: Deserialize<'a>>(
    feed: Feed,
    request: &Request,
    response: &'a Response,
) -> Result<Result<T, Followed>, SourceError> {
    if response.is_success() {
        let place = format!("page {}", u64::from(request.page) + 1);
        return serde_json::from_slice(&response.body)
            .map(Ok)
            .map_err(|error| unreadable(feed, &place, error));
    }
    let said = said(&response.body);
    let detail = format!("status {}: {said}", response.status);
    let (reason, remedy) = match response.status {
        401 => (
            "wrong_key",
            "make a new key with the scope admin:* (Cursor Dashboard, API keys) and set CURSOR_ADMIN_KEY",
        ),
        403 => (
            "missing_scope",
            "ask a team admin for a key with the scope admin:*; some endpoints need an Enterprise plan",
        ),
        408 | 409 | 425 | 429 => return Err(unreadable(feed, "answer", detail)),
        400..=499 => {
            ("bad_request", "the vendor no longer takes this question; report it with the detail above")
        }
        _ => return Err(unreadable(feed, "answer", detail)),
    };
    let refusal = Refusal { reason, detail, remedy: remedy.to_owned() };
    Ok(Err(Followed { items: 0, announced: None, next: Next::Refused(refusal) }))
}

pub(super) fn unreadable(feed: Feed, place: &str, detail: impl std::fmt::Display) -> SourceError {
    SourceError::Unreadable { feed, place: place.to_owned(), detail: detail.to_string() }
}

/// A page of documents of a role: the document's place, its name for errors, its body as text.
pub(super) fn pages<'a>(
    reading: &'a Reading,
    role: &'a str,
) -> impl Iterator<Item = Result<Page<'a>, SourceError>> {
    let feed = reading.slice.feed;
    reading.of_role(role).map(move |(document, body)| {
        let name = format!("page {}", u64::from(body.page) + 1);
        let text = std::str::from_utf8(&body.bytes).map_err(|error| unreadable(feed, &name, error))?;
        Ok(Page { feed, document, name, text })
    })
}

/// One document.
pub(super) struct Page<'a> {
    pub feed: Feed,
    pub document: u32,
    pub name: String,
    text: &'a str,
}

impl<'a> Page<'a> {
    /// Reads it whole.
    pub(super) fn read<T: Deserialize<'a>>(&self) -> Result<T, SourceError> {
        serde_json::from_str(self.text).map_err(|error| unreadable(self.feed, &self.name, error))
    }
}

/// Reports members that the vendor added since.
pub(super) fn find_unknown(records: &mut Records, names: &[std::borrow::Cow<str>]) {
    for name in names {
        let short: String = name.chars().take(60).collect();
        records.find("unknown_field", Severity::Info, format!("`{short}`"));
    }
}

/// The vendor's own words on one line; never assumes JSON.
fn said(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Envelope {
        error: Option<String>,
        message: Option<String>,
    }
    let text = match serde_json::from_slice::<Envelope>(body) {
        Ok(Envelope { error, message }) => {
            [error, message].into_iter().flatten().collect::<Vec<_>>().join(": ")
        }
        Err(_) => "no message that can be read".to_owned(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes_on(pages: Pages, page: u32, items: u64, received: u64) -> Result<bool, String> {
        pages.goes_on(page, items, Progress { items: received, ..Progress::default() })
    }

    #[test]
    fn a_list_ends_where_its_total_its_count_or_its_pages_say() {
        let nothing = Pages::default();
        let total = Pages { total: Some(250), ..nothing };
        // A server that cuts to 100, whatever was asked for.
        assert_eq!(goes_on(total, 0, 100, 0), Ok(true));
        assert_eq!(goes_on(total, 2, 50, 200), Ok(false));
        assert!(goes_on(total, 2, 51, 200).is_err());
        let both = Pages { count: Some(4), ..total };
        assert_eq!(goes_on(both, 1, 0, 100), Ok(true), "an empty page in between");
        assert!(goes_on(both, 3, 0, 100).is_err(), "not for ever");
        let said = Pages { total: Some(100), has_next: Some(true), ..nothing };
        assert_eq!(goes_on(said, 0, 100, 0), Ok(true));
        assert_eq!(goes_on(said, 1, 0, 100), Ok(false));
        let count = Pages { count: Some(3), ..nothing };
        assert_eq!((goes_on(count, 1, 0, 9), goes_on(count, 2, 4, 9)), (Ok(true), Ok(false)));
        assert_eq!(goes_on(Pages { has_next: Some(false), ..count }, 0, 9, 0), Ok(false));
        assert_eq!(goes_on(nothing, 0, 100, 0), Ok(true));
        assert_eq!(goes_on(nothing, 1, 100, 100), Ok(true));
        assert_eq!((goes_on(nothing, 2, 99, 200), goes_on(nothing, 2, 0, 200)), (Ok(false), Ok(false)));
        assert_eq!(goes_on(nothing, 0, 9, 0), Ok(false));
        let again = Progress { items: 100, is_repeated: true, ..Progress::default() };
        assert!(nothing.goes_on(1, 100, again).is_err());
    }
}
