//! What the vendors refuse, and how.

use aispend_simulator::{Request, World, WorldConfig};
use serde_json::json;

use crate::client::{Client, DAY, DAY_MILLIS, MILLIS, NEXT};

fn client() -> Client {
    Client::new(World::generate(WorldConfig::small(7)))
}

fn check(client: &mut Client, request: &Request, status: u16, says: &str) {
    let response = client.call(request);
    let body = String::from_utf8_lossy(&response.body).into_owned();
    assert_eq!(response.status, status, "{} {:?}: {body}", request.path, request.query);
    assert!(body.contains(says), "{says:?} is not in {body}");
}

#[test]
fn keys_open_what_they_open() {
    let mut client = client();
    let me = client.admin("me");
    let mut wrong = me.clone();
    wrong.headers[0].1 = "sk-ant-api03-other".into();
    check(&mut client, &me, 200, "organization");
    check(&mut client, &wrong, 401, "invalid x-api-key");
    let mut versionless = me.clone();
    versionless.headers.remove(1);
    check(&mut client, &versionless, 400, "anthropic-version");
    let mut scoped = client.analytics("users").with("date", "2026-10-05");
    check(&mut client, &scoped, 200, "chat_metrics");
    for path in ["api_keys", "cost_report", "usage_report/messages", "users"] {
        scoped.path = format!("/v1/organizations/{path}");
        check(&mut client, &scoped, 403, "Key scopes: read:analytics");
    }
    for path in ["users", "summaries", "cost_report", "user_cost_report"] {
        let request = client.admin(&format!("analytics/{path}"));
        check(&mut client, &request, 404, "not_found_error");
    }
    let response = client.call(&me);
    assert!(response.header_value("request-id").unwrap().starts_with("req_"));
    assert_eq!(response.header_value("anthropic-organization-id"), Some(client.simulator.world.console_id()));
}

#[test]
fn a_scoped_key_may_not_ask_who_it_is() {
    let mut client = client();
    client.simulator.world.config_mut().quirks.scoped_me_forbidden = true;
    let mut me = client.analytics("x");
    me.path = "/v1/organizations/me".into();
    let response = client.call(&me);
    assert_eq!(response.status, 403);
    assert_eq!(
        response.header_value("anthropic-organization-id"),
        Some(client.simulator.world.enterprise_id())
    );
}

#[test]
fn anthropic_refuses_what_it_documents() {
    let mut client = client();
    let dated = |request: Request| request.with("starting_at", DAY).with("ending_at", NEXT);
    let report = dated(client.admin("cost_report"));
    let usage = dated(client.admin("usage_report/messages"));
    let cost = dated(client.admin("analytics/cost")).with("time_bucket_width", "1d");
    let code = client.admin("usage_report/claude_code");
    let users = client.analytics("users");

    let dateless = client.admin("cost_report");
    check(&mut client, &dateless, 400, "starting_at");
    for end in [DAY, "2026-10-05T23:59:59Z", "2026-10-01T00:00:00Z"] {
        let request = client.admin("cost_report").with("starting_at", DAY).with("ending_at", end);
        check(&mut client, &request, 400, "Invalid date range: ending date must be after starting date");
        assert_eq!(client.call(&request).header_value("x-should-retry"), Some("false"));
    }
    check(&mut client, &report.clone().with("limit", "32"), 400, "limit");
    check(&mut client, &report.clone().with("group_by[]", "api_key_id"), 400, "group_by");
    check(&mut client, &report.clone().with("bucket_width", "1h"), 400, "bucket_width");
    check(&mut client, &report.clone().with("api_key_ids[]", "x"), 400, "api_key_ids");

    let mut six = usage.clone();
    for dimension in ["workspace_id", "api_key_id", "model", "service_tier", "context_window"] {
        six = six.with("group_by[]", dimension);
    }
    check(&mut client, &six, 200, "results");
    check(&mut client, &six.with("group_by[]", "inference_geo"), 400, "at most 5");
    check(&mut client, &usage.clone().with("group_by[]", "description"), 400, "unknown dimension");
    check(&mut client, &usage.clone().with("bucket_width", "1h").with("limit", "169"), 400, "limit");
    check(&mut client, &usage.clone().with("page", "page_nonsense"), 400, "page");

    check(&mut client, &code, 400, "starting_at");
    check(&mut client, &code.clone().with("starting_at", DAY), 400, "YYYY-MM-DD");
    check(&mut client, &code.clone().with("starting_at", "2026-10-05").with("limit", "1001"), 400, "limit");

    let mut bare = cost.clone();
    bare.headers.pop();
    check(&mut client, &bare, 400, "beta header");
    check(&mut client, &cost.clone().with("products[]", "other"), 400, "products");
    check(&mut client, &cost.clone().with("limit", "1001"), 400, "limit");
    let long =
        client.admin("analytics/cost").with("starting_at", DAY).with("ending_at", "2026-11-06T00:00:00Z");
    check(&mut client, &long, 400, "31 days");
    let open = client.admin("analytics/cost").with("starting_at", DAY).with("time_bucket_width", "1d");
    check(&mut client, &open, 400, "ending_at");
    let old = client
        .admin("analytics/cost")
        .with("starting_at", "2025-12-31T00:00:00Z")
        .with("ending_at", "2026-01-02T00:00:00Z");
    check(&mut client, &old, 400, "2026-01-01");

    client.now = "2026-10-07T09:59:00Z".parse().unwrap();
    check(&mut client, &users.clone().with("date", "2026-10-06"), 400, "latest available date is 2026-10-05");
    check(&mut client, &users.clone().with("date", "2026-10-05"), 200, "data");
    check(&mut client, &users, 400, "date");
}

#[test]
fn a_token_belongs_to_its_query() {
    let mut client = client();
    let request =
        client.admin("usage_report/claude_code").with("starting_at", "2026-10-05").with("limit", "1");
    let page = client.json(&request);
    assert_eq!(page["has_more"], true);
    let token = page["next_page"].as_str().unwrap().to_owned();
    assert_eq!(client.call(&request.clone().with("page", &token)).status, 200);
    let other = client.admin("usage_report/claude_code").with("starting_at", "2026-10-05").with("limit", "2");
    check(&mut client, &other.with("page", &token), 400, "cursor does not match current query parameters");
}

#[test]
fn the_beta_is_closed_where_it_is_closed() {
    let mut client = Client::new(World::generate(WorldConfig { analytics: false, ..WorldConfig::small(7) }));
    let request = client.admin("analytics/cost").with("starting_at", DAY).with("ending_at", NEXT);
    check(&mut client, &request, 404, "not_found_error");
}

#[test]
fn cursor_refuses_what_it_documents() {
    let mut client = client();
    let events = "/teams/filtered-usage-events";
    let daily = "/teams/daily-usage-data";
    let ask = |client: &mut Client, path: &str, body: serde_json::Value, status: u16, says: &str| {
        let request = client.cursor(path, &body);
        check(client, &request, status, says);
    };
    let end = DAY_MILLIS + MILLIS - 1;
    ask(&mut client, events, json!({"startDate": DAY_MILLIS, "endDate": end}), 200, "usageEvents");
    ask(&mut client, events, json!({"startDate": DAY_MILLIS - 30 * MILLIS, "endDate": end}), 400, "30 days");
    ask(&mut client, events, json!({"pageSize": 1001}), 400, "pageSize");
    ask(&mut client, events, json!({"hostingType": "MOON"}), 400, "hostingType");
    ask(&mut client, events, json!({"startDate": "2026-10-05"}), 400, "startDate");
    ask(&mut client, daily, json!({"startDate": DAY_MILLIS - 31 * MILLIS, "endDate": end}), 400, "30 days");
    ask(&mut client, daily, json!({}), 400, "required");
    ask(&mut client, "/teams/nothing", json!({}), 404, "Not Found");
    let mut request = client.cursor(events, &json!({}));
    for header in ["Bearer crsr_simulated", "Basic Y3Jzcl9zaW11bGF0ZWQ=", "Basic !"] {
        request.headers[0].1 = header.into();
        check(&mut client, &request, 401, "Invalid API key");
    }
}
