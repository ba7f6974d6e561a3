//! What each answer means for its slice.

use aispend_model::{Feed, Response};
use jiff::civil::date;

use super::{Case, fixture};
use crate::{Followed, Next, Progress, SourceError};

fn answer(status: u16, body: impl Into<Vec<u8>>) -> Response {
    Response { status, headers: Vec::new(), body: body.into() }
}

fn error(status: u16, message: &str) -> Response {
    answer(status, format!(r#"{{"type":"error","error":{{"type":"x","message":"{message}"}}}}"#))
}

fn follow(case: &Case, role: &str, page: u32, response: &Response) -> Result<Followed, SourceError> {
    let ask = case.ask();
    let mut request = case.source().requests(&ask).into_iter().find(|request| request.role == role).unwrap();
    request.page = page;
    let so_far = Progress { items: u64::from(page), announced: None, is_repeated: false };
    case.source().follow(&ask, &request, response, so_far)
}

/// What comes next in a few words.
fn next(case: &Case, role: &str, page: u32, response: &Response) -> String {
    match follow(case, role, page, response) {
        Err(error) => format!("again: {error}"),
        Ok(Followed { items, next, .. }) => match next {
            Next::Done => format!("done {items}"),
            Next::Page(requests) => format!("page {}: {}", requests[0].page, requests[0].line()),
            Next::Instead(request) => format!("instead {}", request.line()),
            Next::Restart(why) => format!("restart: {why}"),
            Next::Unavailable(why) => format!("unavailable: {why}"),
            Next::Absent(why) => format!("absent: {why}"),
            Next::Refused(refusal) => format!("{}: {}", refusal.reason, refusal.detail),
        },
    }
}

fn cost(family: &str) -> Case {
    Case::new(Feed::AnthropicCost, family)
}

#[track_caller]
fn starts(text: &str, expected: &str) {
    assert!(text.starts_with(expected), "{text:?} does not start with {expected:?}");
}

#[test]
fn pages_are_counted_and_followed() {
    let case = cost("analytics");
    starts(&next(&case, "cost", 0, &answer(200, fixture("cost/analytics-cost"))), "done 33");
    let by_actor =
        next(&cost("analytics_enterprise"), "cost", 0, &answer(200, fixture("cost/analytics-cost-by-actor")));
    starts(&by_actor, "page 1: GET /v1/organizations/analytics/cost?starting_at=2026-10-05T00:00:00Z&");
    assert!(by_actor.contains("&page="), "{by_actor}");
    starts(&next(&cost("legacy"), "usage", 0, &answer(200, fixture("cost/legacy-usage-1"))), "page 1");
    starts(&next(&cost("legacy"), "usage", 1, &answer(200, fixture("cost/legacy-usage-2"))), "done 0");
    let reports = cost("enterprise_reports");
    starts(&next(&reports, "total", 0, &answer(200, fixture("cost/enterprise-total-by-product"))), "done 4");
    starts(&next(&reports, "users", 0, &answer(200, fixture("cost/enterprise-users"))), "done 4");
    let directory = Case::new(Feed::AnthropicDirectory, "");
    let page = next(&directory, "api_keys", 0, &answer(200, fixture("directory/api-keys-1")));
    assert_eq!(
        page,
        "page 1: GET /v1/organizations/api_keys?limit=1000&after_id=apikey_01ScRt4JkFm8WqYbNx6PzHvD"
    );
    starts(&next(&directory, "api_keys", 1, &answer(200, fixture("directory/api-keys-2"))), "done 2");
    starts(&next(&directory, "me", 0, &answer(200, fixture("directory/me"))), "done 1");
    let stray = answer(200, r#"{"data":[],"has_more":false,"next_page":"stray"}"#);
    starts(&next(&case, "cost", 0, &stray), "done 0");
    let code = Case::new(Feed::AnthropicClaudeCode, "");
    starts(&next(&code, "claude_code", 0, &answer(200, fixture("claude-code/page-1"))), "page 1");
    let chats = Case::new(Feed::AnthropicClaudeAi, "");
    starts(&next(&chats, "users", 0, &answer(200, fixture("claude-ai/page-1"))), "page 1");
    starts(&next(&chats, "users", 1, &answer(200, fixture("claude-ai/page-2"))), "done");
}

#[test]
fn only_the_first_page_of_usage_is_asked_again_with_fewer_dimensions() {
    let case = cost("legacy");
    let refused = error(400, "group_by: at most 5");
    let first = next(&case, "usage", 0, &refused);
    assert_eq!(
        first,
        "instead GET /v1/organizations/usage_report/messages?starting_at=2026-10-05T00:00:00Z\
         &ending_at=2026-10-06T00:00:00Z&bucket_width=1d&group_by[]=workspace_id&group_by[]=api_key_id\
         &group_by[]=model&group_by[]=service_tier&limit=31"
    );
    let ask = case.ask();
    let mut request = case.source().requests(&ask).remove(1);
    let mut steps = 0;
    while let Next::Instead(narrower) =
        case.source().follow(&ask, &request, &refused, Progress::default()).unwrap().next
    {
        request = *narrower;
        steps += 1;
    }
    assert_eq!(steps, 2);
    assert!(request.line().contains("group_by[]=model&limit"), "{}", request.line());
    starts(&next(&case, "usage", 1, &refused), "bad_request: HTTP 400: group_by: at most 5");
    starts(&next(&case, "cost", 0, &refused), "bad_request");
    starts(&next(&cost("analytics"), "usage", 0, &refused), "bad_request");
}

#[test]
fn refusals_say_whose_they_are() {
    let case = cost("analytics");
    starts(
        &next(&case, "cost", 0, &answer(401, fixture("errors/401-authentication"))),
        "wrong_key: invalid x-api-key",
    );
    let scope = next(&case, "cost", 0, &answer(403, fixture("errors/403-permission")));
    starts(&scope, "missing_scope: This API key does not have the required scopes.");
    starts(&next(&case, "cost", 0, &answer(404, fixture("errors/404-not-found"))), "bad_request: HTTP 404");
    starts(
        &next(&case, "cost", 0, &answer(404, "<html>")),
        "bad_request: HTTP 404: HTTP 404 without a message",
    );
    let range = next(&cost("legacy"), "cost", 0, &answer(400, fixture("errors/400-invalid-date-range")));
    starts(&range, "bad_request: HTTP 400: Invalid date range");
    starts(&next(&case, "usage", 3, &error(410, "cursor expired")), "restart: cursor expired");
    for (status, name) in [(429, "429-rate-limit"), (500, "500-api-error"), (529, "529-overloaded")] {
        starts(&next(&case, "cost", 0, &answer(status, fixture(&format!("errors/{name}")))), "again");
    }
    for response in [answer(502, "<html>"), answer(200, "<html>"), answer(200, "{}"), answer(301, "")] {
        starts(
            &next(&case, "cost", 0, &response),
            "again: `cost` page 0: the body is not what anthropic/cost",
        );
    }
    let secret = error(400, "bad key sk-ant-api03-abc\\u0007 in  header");
    assert!(next(&case, "cost", 0, &secret).ends_with("bad key [key] in header"));
}

#[test]
fn what_an_organisation_does_not_have_is_unavailable() {
    let enterprise = Case::new(Feed::AnthropicDirectory, "enterprise");
    let console = Case::new(Feed::AnthropicDirectory, "");
    for status in [403, 404] {
        let closed = error(status, "not for you");
        assert_eq!(next(&enterprise, "me", 0, &closed), "done 0");
        starts(
            &next(&enterprise, "users", 0, &closed),
            "unavailable: `users` is closed to an analytics key: not for you",
        );
        assert!(!next(&console, "users", 0, &closed).starts_with("unavailable"));
        let chats = Case::new(Feed::AnthropicClaudeAi, "");
        starts(
            &next(&chats, "users", 0, &closed),
            "unavailable: not on this plan, or not for this key: not for you",
        );
    }
    starts(&next(&enterprise, "users", 0, &error(401, "x")), "wrong_key");
    let scope = answer(403, fixture("errors/403-permission"));
    starts(&next(&Case::new(Feed::AnthropicClaudeAi, ""), "users", 0, &scope), "missing_scope");
}

#[test]
fn a_day_that_is_too_recent_comes_later_and_one_too_old_never() {
    let chats = Case::new(Feed::AnthropicClaudeAi, "");
    let recent = error(400, "date 2026-10-05 is not yet available; the latest available date is 2026-10-03");
    starts(&next(&chats, "users", 0, &recent), "not_yet: date 2026-10-05");
    let old = error(400, "starting_at is out of range");
    starts(&next(&chats, "users", 0, &old), "not_yet: starting_at is out of range");
    starts(
        &next(&cost("analytics"), "cost", 0, &error(400, "data is available through 2026-10-01")),
        "not_yet",
    );
    starts(&next(&chats.clone().on(date(2026, 9, 1)), "users", 0, &old), "bad_request");
    starts(
        &next(&chats.on(date(2025, 12, 31)), "users", 0, &old),
        "unavailable: the analytics API has no data before",
    );
    starts(&next(&cost("analytics").on(date(2025, 3, 1)), "cost", 0, &old), "unavailable");
    starts(&next(&cost("legacy").on(date(2025, 3, 1)), "cost", 0, &old), "bad_request");
    starts(
        &next(&cost("legacy").on(date(2025, 12, 31)), "cost", 0, &error(404, "gone")),
        "unavailable: no API",
    );
    starts(&next(&cost("legacy"), "cost", 0, &error(404, "gone")), "bad_request");
}
