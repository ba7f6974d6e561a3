//! A vendor's own words, and what a refusal means whoever it comes from.

use aispend_model::{Response, Vendor};
use serde::Deserialize;

use super::report::{Check, Status};

/// What of a message is shown.
const MOST: usize = 160;

/// `HTTP 403, "the vendor's message"`, on one line, without anything that looks like a key.
pub fn said(response: &Response) -> String {
    let status = response.status;
    match message(&response.body) {
        Some(message) => format!("HTTP {status}, \"{message}\""),
        None if is_page(response) => format!("HTTP {status}, a web page"),
        None if response.body.is_empty() => format!("HTTP {status} without a message"),
        None => format!("HTTP {status}, and no message that can be read"),
    }
}

/// True where HTML came.
pub fn is_page(response: &Response) -> bool {
    let start: Vec<u8> =
        response.body.iter().skip_while(|byte| byte.is_ascii_whitespace()).take(1).copied().collect();
    start == b"<"
}

#[derive(Deserialize)]
struct Envelope {
    error: Option<Error>,
    message: Option<String>,
}

/// Anthropic and Google say an object, Cursor a word beside its message.
#[derive(Deserialize)]
#[serde(untagged)]
enum Error {
    Object { message: String },
    Word(String),
}

/// The message in the body's envelope, or the title of a page.
fn message(body: &[u8]) -> Option<String> {
    let text = match serde_json::from_slice::<Envelope>(body) {
        Ok(Envelope { error: Some(Error::Object { message }), .. }) => message,
        Ok(Envelope { error: Some(Error::Word(error)), message }) => {
            [Some(error), message].into_iter().flatten().collect::<Vec<_>>().join(": ")
        }
        Ok(Envelope { error: None, message }) => message?,
        Err(_) => title(&String::from_utf8_lossy(body))?,
    };
    let line = one_line(&text);
    (!line.is_empty()).then_some(line)
}

fn title(page: &str) -> Option<String> {
    let start = page.to_ascii_lowercase().find("<title>")? + "<title>".len();
    let rest = page.get(start..)?;
    rest.split('<').next().map(str::to_owned)
}

/// One line, cut, with nothing in it that could be a key.
pub fn one_line(text: &str) -> String {
    let is_key = |word: &str| ["sk-ant-", "crsr_", "key_", "ya29."].iter().any(|mark| word.contains(mark));
    let words = text
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .map(|word| if is_key(word) { "[key]" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MOST {
        return line;
    }
    line.chars().take(MOST).chain(['…']).collect()
}

/// What is wrong, where the answer itself tells and no feed needs to be asked; the check has no subject yet.
pub fn trouble(vendor: Vendor, response: &Response) -> Option<Check> {
    let said = said(response);
    let lower = said.to_lowercase();
    let speaks = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let is_refusal = matches!(response.status, 401 | 403);
    let (status, reason, remedy) = match response.status {
        300..=399 => (
            Status::Fail,
            "not_the_api",
            format!("something stands before the vendor (a login page, a proxy): check {}", base_url(vendor)),
        ),
        402 => (Status::Fail, "billing", "settle the account's billing with the vendor".to_owned()),
        429 => (Status::Warn, "rate_limit", format!("nothing, unless it stays: {}", come_back(response))),
        408 | 500..=599 => (
            Status::Fail,
            "vendor_broken",
            format!("run it again later; if it stays, look at {}", status_page(vendor)),
        ),
        _ if is_refusal
            && speaks(&["ip address", "allowlist", "allow list", "allow-list", "ip restriction"]) =>
        {
            (
                Status::Fail,
                "ip_not_allowed",
                "put this machine's public address on the organisation's IP allow-list".to_owned(),
            )
        }
        _ if is_refusal
            && speaks(&["expired", "revoked", "disabled", "deactivated", "inactive", "archived"]) =>
        {
            (
                Status::Fail,
                "expired_key",
                format!("make a new key ({}) and set it", where_keys_are_made(vendor)),
            )
        }
        403 if speaks(&["enterprise access", "enterprise plan", "upgrade", "your plan", "current plan"]) => (
            Status::Warn,
            "plan",
            "this plan has no such endpoint: a larger plan has, otherwise leave it".to_owned(),
        ),
        _ if is_page(response) => (
            Status::Fail,
            "not_the_api",
            format!(
                "a page came in place of the API's answer: check {}, proxy and firewall",
                base_url(vendor)
            ),
        ),
        _ => return None,
    };
    Some(Check { status, http_status: Some(response.status), ..Check::fail("", reason, said, remedy) })
}

fn come_back(response: &Response) -> String {
    match response.header("retry-after").and_then(|text| text.trim().parse::<u64>().ok()) {
        Some(seconds) => {
            format!("the vendor asks to come back in {seconds} s; `aispend run` waits by itself")
        }
        None => "run it again in a few minutes; `aispend run` waits by itself".to_owned(),
    }
}

/// Where a vendor's keys are made.
pub const fn where_keys_are_made(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Anthropic => {
            "Claude Console › Settings › Admin keys; on Enterprise claude.ai › Organization settings › API"
        }
        Vendor::Cursor => "Cursor Dashboard › API keys, by a team admin",
        Vendor::Sheets => "Google Cloud › Service accounts › Keys",
    }
}

const fn base_url(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Anthropic => "ANTHROPIC_BASE_URL",
        Vendor::Cursor => "CURSOR_BASE_URL",
        Vendor::Sheets => "GOOGLE_SHEETS_BASE_URL",
    }
}

const fn status_page(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Anthropic => "status.anthropic.com",
        Vendor::Cursor => "status.cursor.com",
        Vendor::Sheets => "status.cloud.google.com",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Response {
        Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn words_are_read_from_every_envelope_and_hold_no_key() {
        for (body, expected) in [
            (r#"{"type":"error","error":{"type":"x","message":"No\n  scope"}}"#, "HTTP 403, \"No scope\""),
            (r#"{"error":"Forbidden","message":"no"}"#, "HTTP 403, \"Forbidden: no\""),
            (r#"{"error":"Forbidden"}"#, "HTTP 403, \"Forbidden\""),
            (r#"{"error":{"message":"key sk-ant-api03-abc bad"}}"#, "HTTP 403, \"key [key] bad\""),
            ("<html><Title>Blocked</title>", "HTTP 403, \"Blocked\""),
            (" <html>", "HTTP 403, a web page"),
            ("", "HTTP 403 without a message"),
            ("[1]", "HTTP 403, and no message that can be read"),
        ] {
            assert_eq!(said(&answer(403, body)), expected, "{body}");
        }
        let long = said(&answer(400, &format!(r#"{{"message":"{}"}}"#, "é".repeat(500))));
        assert_eq!(long.chars().count(), MOST + "HTTP 400, \"…\"".chars().count());
    }

    #[test]
    fn each_refusal_has_its_reason_and_a_remedy() {
        let error =
            |status, message: &str| answer(status, &format!(r#"{{"error":{{"message":"{message}"}}}}"#));
        for (response, expected) in [
            (answer(302, ""), Some((Status::Fail, "not_the_api"))),
            (error(402, "pay"), Some((Status::Fail, "billing"))),
            (error(429, "slow down"), Some((Status::Warn, "rate_limit"))),
            (answer(502, "<html>"), Some((Status::Fail, "vendor_broken"))),
            (error(403, "This IP address is not allowed"), Some((Status::Fail, "ip_not_allowed"))),
            (error(401, "API key expired"), Some((Status::Fail, "expired_key"))),
            (error(403, "Enterprise access required"), Some((Status::Warn, "plan"))),
            (answer(200, "<html>"), Some((Status::Fail, "not_the_api"))),
            (answer(403, "<html>"), Some((Status::Fail, "not_the_api"))),
            // What these mean depends on the feed.
            (error(401, "invalid x-api-key"), None),
            (error(403, "missing scope"), None),
            (error(404, "not found"), None),
            (answer(200, "{}"), None),
        ] {
            let check = trouble(Vendor::Anthropic, &response);
            let found = check.as_ref().map(|check| (check.status, check.reason));
            assert_eq!(found, expected, "{response:?}");
            assert!(check.is_none_or(|check| !check.remedy.is_empty()), "{response:?}");
        }
    }
}
