//! One small question to a feed, and what its answer means.

use aispend_model::{Feed, Generation, Request, Response, Slice};
use aispend_ports::{Clock, Fetch, FetchError};
use aispend_sources::{Ask, Next, Progress, Refusal, source};
use jiff::ToSpan;

use super::report::Check;
use super::words::{one_line, said, trouble};

/// The day that is asked about, so many days ago: over, and ready at every vendor.
pub const DAYS_BACK: i64 = 2;
/// Questions that a question may turn into.
const INSTEAD: u32 = 3;

/// What a question came to.
pub enum Outcome {
    /// It answers: the body of the last answer.
    Answers(Vec<u8>),
    /// It does not; the check has the feed as its subject.
    Not(Check),
}

/// Asks a feed once for each of its parts, as little as it takes. `slot` names the key of a request.
pub async fn question(
    fetch: &dyn Fetch,
    clock: &dyn Clock,
    feed: Feed,
    org_id: &str,
    family: &str,
    slot: &(dyn Fn(&Request) -> String + Sync),
) -> Outcome {
    let today = clock.today();
    let day = if feed == Feed::CursorSpend { today } else { today.saturating_sub(DAYS_BACK.days()) };
    let slice = if feed.is_daily() { Slice::of_day(feed, org_id, day) } else { Slice::all(feed, org_id) };
    let ask = Ask {
        slice,
        source: family.to_owned(),
        generation: Generation::next(clock.now(), None),
        spreadsheet_id: String::new(),
        tab: String::new(),
    };
    // Money is read from all parts of its feed or not at all; of a directory one list speaks for the others.
    let parts = if feed == Feed::AnthropicCost { usize::MAX } else { 1 };
    let requests = source(feed).requests(&ask).into_iter().filter(|request| request.role != "me");
    let mut body = Vec::new();
    for request in requests.take(parts) {
        match part(fetch, &ask, small(request), slot).await {
            Ok(answered) => body = answered,
            Err(check) => return Outcome::Not(check.about(feed.as_str())),
        }
    }
    Outcome::Answers(body)
}

async fn part(
    fetch: &dyn Fetch,
    ask: &Ask,
    first: Request,
    slot: &(dyn Fn(&Request) -> String + Sync),
) -> Result<Vec<u8>, Check> {
    let feed = ask.slice.feed;
    let mut request = first;
    for _ in 0..INSTEAD {
        let addressed = Request { org_id: slot(&request), ..request.clone() };
        let response = match fetch.send(&addressed).await {
            Ok(response) => response,
            Err(error) => return Err(silence(&error)),
        };
        if let Some(check) = trouble(feed.vendor(), &response) {
            return Err(check);
        }
        let next = match source(feed).follow(ask, &request, &response, Progress::default()) {
            Ok(followed) => followed.next,
            Err(error) => return Err(unreadable(&response, &error.to_string())),
        };
        match next {
            Next::Done | Next::Page(_) | Next::Restart(_) => return Ok(response.body),
            Next::Instead(other) => request = *other,
            Next::Refused(refusal) if refusal.reason == "not_yet" => return Ok(response.body),
            Next::Refused(refusal) => return Err(refused(&response, &refusal)),
            Next::Unavailable(_) | Next::Absent(_) => return Err(no_plan(&response)),
        }
    }
    Ok(Vec::new())
}

/// The same question with the smallest answer.
fn small(mut request: Request) -> Request {
    for (name, value) in &mut request.query {
        if name == "limit" {
            "1".clone_into(value);
        }
    }
    request.body = request.body.map(|body| body.replace("\"pageSize\":1000", "\"pageSize\":1"));
    request
}

/// No answer at all.
pub fn silence(error: &FetchError) -> Check {
    let says = one_line(&error.to_string());
    match error {
        FetchError::Unavailable { .. } | FetchError::Down { .. } => Check::fail(
            "",
            "no_answer",
            says,
            "check the network, a proxy and the base URL in `aispend config`; if they are right, run it again later",
        ),
        FetchError::NotConfigured { .. } | FetchError::Credentials { .. } => {
            Check::fail("", "wrong_key", says, "check the key and its settings")
        }
    }
}

/// A refusal in the vendor's words, with the feed's remedy.
pub fn refused(response: &Response, refusal: &Refusal) -> Check {
    let remedy = refusal.remedy.trim_end_matches('.').to_owned();
    Check { http_status: Some(response.status), ..Check::fail("", refusal.reason, said(response), remedy) }
}

fn no_plan(response: &Response) -> Check {
    let remedy =
        "this plan has no such endpoint, or not for this key: a plan that has it, otherwise leave it";
    Check { http_status: Some(response.status), ..Check::warn("", "plan", said(response), remedy) }
}

fn unreadable(response: &Response, detail: &str) -> Check {
    let says = format!("HTTP {}, but {}", response.status, one_line(detail));
    let remedy = "check the base URL in `aispend config`; if it is the vendor's own, report this message";
    Check { http_status: Some(response.status), ..Check::fail("", "unreadable", says, remedy) }
}
