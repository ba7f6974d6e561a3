//! What all Cursor feeds share: the day's limits, refusals, pages.

use aispend_model::{Feed, Request, Response, Slice, Vendor, day_number};
use jiff::civil::Date;
use serde::Deserialize;

use crate::{Ask, Followed, Next, Reading, Records, Refusal, Severity, SourceError};

/// The most the vendor takes.
pub(super) const PAGE_SIZE: u64 = 1_000;
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
