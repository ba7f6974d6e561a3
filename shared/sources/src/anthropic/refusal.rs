//! What a refusal of Anthropic means.

use aispend_model::{Feed, Request, Response};
use serde::Deserialize;

use super::wire::unreadable;
use crate::{Ask, Followed, Next, Refusal, SourceError};

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorWords,
}

#[derive(Deserialize)]
struct ErrorWords {
    message: String,
}

/// The vendor's message in one line. An error's body may be anything: JSON, HTML, nothing.
pub(super) fn words(response: &Response) -> String {
    let said = serde_json::from_slice::<ErrorBody>(&response.body).map(|body| body.error.message);
    let said = said.unwrap_or_default();
    let line: Vec<&str> = said
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .map(|word| if word.contains("sk-ant-") { "[key]" } else { word })
        .collect();
    if line.is_empty() {
        return format!("HTTP {} without a message", response.status);
    }
    line.join(" ").chars().take(400).collect()
}

/// A role that brought nothing, and what to do.
pub(super) fn nothing(next: Next) -> Followed {
    Followed { items: 0, announced: None, next }
}

/// The key is not one of this API.
pub(super) fn wrong_key(response: &Response) -> Refusal {
    Refusal {
        reason: "wrong_key",
        detail: words(response),
        remedy: "Use an Admin API key (Claude Console, Settings, Admin keys) or, on Claude Enterprise, a key with \
                 scope `read:analytics`; an ordinary API key is refused."
            .to_owned(),
    }
}

/// The key is known but may not do this.
pub(super) fn missing_scope(response: &Response) -> Refusal {
    Refusal {
        reason: "missing_scope",
        detail: words(response),
        remedy: "Create a key that has the scope named here: an admin makes Admin API keys in the Claude Console, the \
                 primary owner makes scoped keys in claude.ai, Organization settings, API."
            .to_owned(),
    }
}

/// The vendor does not accept the question.
pub(super) fn bad_request(response: &Response) -> Refusal {
    Refusal {
        reason: "bad_request",
        detail: format!("HTTP {}: {}", response.status, words(response)),
        remedy: "The API may have changed: report this message, and read the vendor's release notes."
            .to_owned(),
    }
}

/// The refusal of a day that is too recent: in these words, or on an analytics route for a day of the last three.
pub(super) fn not_yet(ask: &Ask, response: &Response) -> Option<Refusal> {
    let is_recent = || {
        let latest = ask.generation.day()?.checked_sub(jiff::Span::new().days(3)).ok()?;
        Some(ask.slice.day? >= latest)
    };
    let said = words(response);
    // About the question, whichever day it is for.
    let is_ours = ["group_by", "cursor", "beta"].iter().any(|word| said.contains(word));
    if response.status != 400 || !(speaks_of_later(&said) || (is_recent() == Some(true) && !is_ours)) {
        return None;
    }
    Some(Refusal {
        reason: "not_yet",
        detail: said,
        remedy: "Nothing to do: activity of a day is ready at 10:00 UTC on the next, and is asked for again."
            .to_owned(),
    })
}

/// True for a refusal that names the latest day there is, in one wording or another.
pub(super) fn speaks_of_later(message: &str) -> bool {
    let message = message.to_lowercase();
    ["not yet", "latest available", "most recent available", "data is available through", "available until"]
        .iter()
        .any(|words| message.contains(words))
}

/// What an answer other than success means for a route that must be there.
pub(super) fn refused(feed: Feed, request: &Request, response: &Response) -> Result<Followed, SourceError> {
    let next = match response.status {
        401 => Next::Refused(wrong_key(response)),
        403 => Next::Refused(missing_scope(response)),
        410 => Next::Restart(words(response)),
        408 | 409 | 429 => return Err(settled_badly(feed, request, response)),
        400..=499 => Next::Refused(bad_request(response)),
        _ => return Err(settled_badly(feed, request, response)),
    };
    Ok(nothing(next))
}

fn settled_badly(feed: Feed, request: &Request, response: &Response) -> SourceError {
    let detail = format!("HTTP {}: {}", response.status, words(response));
    unreadable(feed, &request.role, request.page, detail)
}

/// Why the analytics routes can no longer, or could never, answer for this day.
pub(super) fn out_of_reach(ask: &Ask) -> Option<String> {
    let day = ask.slice.day?;
    if day.year() < 2026 {
        return Some("the analytics API has no data before 2026-01-01".to_owned());
    }
    let oldest = ask.generation.day()?.checked_sub(jiff::Span::new().days(365)).ok()?;
    (day < oldest).then(|| "the analytics API reaches back 365 days".to_owned())
}
