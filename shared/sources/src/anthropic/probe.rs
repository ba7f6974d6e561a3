//! Which organisation a key is of, and which cost API answers it.

use aispend_model::{Request, Response};
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::asking::{get, get_beta, with_day};
use super::refusal::{speaks_of_later, words, wrong_key};
use crate::Refusal;

/// What the beta cost API said when asked for one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// It answers this key.
    Analytics,
    /// It does not, and will not today: use the legacy reports. Says why.
    NotAvailable(String),
    /// The key itself is refused.
    Refused(Refusal),
    /// No answer to build on: ask again, choose nothing. Says what came.
    Unclear(String),
}

/// Asks the beta cost API for one row of one day.
pub fn probe_request(org_id: &str, day: Date) -> Request {
    with_day(get_beta(org_id, "probe", "/v1/organizations/analytics/cost"), day)
        .with("time_bucket_width", "1d")
        .with("limit", 1)
}

/// One row of one day of each report that a scoped key may open: any of them may name the organisation.
pub fn report_requests(org_id: &str, day: Date) -> [Request; 3] {
    let report = get(org_id, "probe", "/v1/organizations/analytics/cost_report");
    let users = get(org_id, "probe", "/v1/organizations/analytics/users");
    [
        probe_request(org_id, day),
        with_day(report, day).with("bucket_width", "1d").with("limit", 1),
        users.with("date", day).with("limit", 1),
    ]
}

#[derive(Deserialize)]
struct ProbeBody {
    #[serde(rename = "data")]
    _data: Vec<IgnoredAny>,
}

/// What that answer means. Only an unambiguous one decides.
pub fn probe_answer(response: &Response) -> Probe {
    match response.status {
        200..=299 => match serde_json::from_slice::<ProbeBody>(&response.body) {
            Ok(_) => Probe::Analytics,
            Err(error) => Probe::Unclear(format!("HTTP {}: {error}", response.status)),
        },
        401 => Probe::Refused(wrong_key(response)),
        // An admin key that the beta is closed to.
        403 | 404 => Probe::NotAvailable(words(response)),
        400 if speaks_of_the_beta(&words(response)) => Probe::NotAvailable(words(response)),
        // The API is there, the day is not.
        400 if speaks_of_later(&words(response)) => Probe::Analytics,
        status => Probe::Unclear(format!("HTTP {status}: {}", words(response))),
    }
}

fn speaks_of_the_beta(message: &str) -> bool {
    let message = message.to_lowercase();
    [
        "beta",
        "analytics-usage-cost",
        "not supported",
        "header",
        "unknown route",
        "unknown endpoint",
        "not found",
        "no such",
    ]
    .iter()
    .any(|word| message.contains(word))
}

/// Asks which organisation the key is of.
pub fn me_request(org_id: &str) -> Request {
    get(org_id, "me", "/v1/organizations/me")
}

#[derive(Deserialize)]
struct Me {
    id: String,
    name: Option<String>,
}

/// Id and name of the key's organisation. Where the route is closed to the key, the id stands in a header of every
/// answer; its name is then empty. `None` where the answer says neither.
///
/// # Errors
/// When the key is refused.
pub fn me_answer(response: &Response) -> Result<Option<(String, String)>, Refusal> {
    if response.status == 401 {
        return Err(wrong_key(response));
    }
    if response.is_success()
        && let Ok(me) = serde_json::from_slice::<Me>(&response.body)
        && !me.id.is_empty()
    {
        return Ok(Some((me.id, me.name.unwrap_or_default())));
    }
    let header = response.header("anthropic-organization-id").map(str::trim).filter(|id| !id.is_empty());
    Ok(header.map(|id| (id.to_owned(), String::new())))
}

#[derive(Deserialize)]
struct Named {
    organization_id: Option<String>,
}

/// The organisation that any answer names, in its header or its body.
pub fn organisation_of(response: &Response) -> Option<String> {
    let header = response.header("anthropic-organization-id").map(str::to_owned);
    let body = || serde_json::from_slice::<Named>(&response.body).ok()?.organization_id;
    header.or_else(body).map(|id| id.trim().to_owned()).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn answer(status: u16, body: &str) -> Response {
        Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    fn error(status: u16, message: &str) -> Response {
        answer(status, &format!(r#"{{"type":"error","error":{{"type":"x","message":"{message}"}}}}"#))
    }

    #[test]
    fn an_organisation_is_read_from_header_or_body() {
        let mut named = answer(403, "");
        named.headers.push(("anthropic-organization-id".to_owned(), "org-1".to_owned()));
        assert_eq!(organisation_of(&named).as_deref(), Some("org-1"));
        assert_eq!(
            organisation_of(&answer(200, r#"{"data":[],"organization_id":"org-2"}"#)).as_deref(),
            Some("org-2")
        );
        assert_eq!(organisation_of(&answer(200, r#"{"data":[]}"#)), None);
    }

    #[test]
    fn the_probe_asks_for_one_row_of_one_day_with_the_beta_header() {
        let request = probe_request("org", date(2026, 10, 5));
        assert_eq!(
            request.line(),
            "GET /v1/organizations/analytics/cost?starting_at=2026-10-05T00:00:00Z&ending_at=2026-10-06T00:00:00Z\
             &time_bucket_width=1d&limit=1"
        );
        assert!(request.headers.iter().any(|(name, _)| name == "anthropic-beta"));
    }

    #[test]
    fn only_an_unambiguous_answer_chooses_the_cost_api() {
        let name = |probe: Probe| match probe {
            Probe::Analytics => "analytics",
            Probe::NotAvailable(_) => "not available",
            Probe::Refused(_) => "refused",
            Probe::Unclear(_) => "unclear",
        };
        for (response, expected) in [
            (answer(200, r#"{"data":[],"has_more":false}"#), "analytics"),
            (answer(200, "<html>"), "unclear"),
            (error(401, "invalid x-api-key"), "refused"),
            (error(403, "This key has no access to the beta"), "not available"),
            (error(404, "Not found"), "not available"),
            (answer(404, "<html>"), "not available"),
            (error(400, "Unexpected value for the `anthropic-beta` header"), "not available"),
            (error(400, "analytics-usage-cost-2026-08-24 is not supported"), "not available"),
            (error(400, "data is available through 2026-10-01"), "analytics"),
            (answer(400, "<html>beta"), "unclear"),
            (error(400, "starting_at: out of range"), "unclear"),
            (error(429, "slow down"), "unclear"),
            (answer(529, ""), "unclear"),
            (answer(302, ""), "unclear"),
        ] {
            assert_eq!(name(probe_answer(&response)), expected, "{response:?}");
        }
    }

    #[test]
    fn the_organisation_is_read_from_the_body_or_a_header() {
        let body = include_bytes!("../../fixtures/anthropic/directory/me.json");
        let me = Response { status: 200, headers: Vec::new(), body: body.to_vec() };
        let id = "7c1d2f9e-4b3a-4e55-9a0e-2f6f0c5b7a11";
        assert_eq!(me_answer(&me), Ok(Some((id.to_owned(), "Example Org".to_owned()))));
        let mut closed = error(403, "scope");
        assert_eq!(me_answer(&closed), Ok(None));
        closed.headers.push(("anthropic-organization-id".to_owned(), id.to_owned()));
        assert_eq!(me_answer(&closed), Ok(Some((id.to_owned(), String::new()))));
        assert_eq!(me_answer(&error(401, "invalid x-api-key")).unwrap_err().reason, "wrong_key");
        assert_eq!(me_answer(&answer(500, "")), Ok(None));
    }
}
