//! The bodies have the members that the vendors' published shapes have.

use std::collections::BTreeSet;

use aispend_simulator::{Quirks, World, WorldConfig};
use serde_json::{Value, json};

use crate::client::{Client, DAY, DAY_MILLIS, MILLIS, NEXT};

/// Every path of member names in a value; elements of lists count as one.
fn paths(value: &Value, prefix: &str, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = format!("{prefix}.{name}");
                paths(member, &path, out);
                out.insert(path);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| paths(element, prefix, out)),
        _ => {}
    }
}

fn check(sample: &str, answer: &Value, but: &[&str]) {
    let sample: Value = serde_json::from_str(sample).unwrap();
    let (mut expected, mut found) = (BTreeSet::new(), BTreeSet::new());
    paths(&sample, "", &mut expected);
    paths(answer, "", &mut found);
    let ignored = |path: &&String| but.iter().any(|part| path.contains(part));
    let missing: Vec<_> = expected.difference(&found).filter(|path| !ignored(path)).collect();
    let surplus: Vec<_> = found.difference(&expected).filter(|path| !ignored(path)).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing {missing:?}, surplus {surplus:?}");
}

fn client() -> Client {
    let config = WorldConfig::company(3, 60, "2026-10-05".parse().unwrap(), "2026-10-06".parse().unwrap());
    let quirks = Quirks { events_of_2025: false, ..Quirks::default() };
    Client::new(World::generate(WorldConfig { quirks, ..config }))
}

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../samples/", $name, ".json"))
    };
}

#[test]
fn anthropic_bodies() {
    let mut client = client();
    let range =
        |request: aispend_simulator::Request| request.with("starting_at", DAY).with("ending_at", NEXT);
    let cost = client.json(&range(client.admin("cost_report")).with("group_by[]", "description"));
    check(sample!("cost_report"), &cost, &[]);
    let usage = client.json(&range(client.admin("usage_report/messages")).with("group_by[]", "model"));
    check(sample!("usage_report"), &usage, &[]);
    let code =
        client.admin("usage_report/claude_code").with("starting_at", "2026-10-05").with("limit", "1000");
    check(sample!("claude_code"), &client.json(&code), &[]);
    let keys = client.json(&client.admin("api_keys").with("limit", "1000"));
    check(sample!("api_keys"), &keys, &[]);
    check(sample!("workspaces"), &client.json(&client.admin("workspaces")), &[]);
    check(sample!("users"), &client.json(&client.admin("users")), &[]);
    check(sample!("me"), &client.json(&client.admin("me")), &[]);
    let by = |request: aispend_simulator::Request| {
        range(request).with("group_by[]", "actor").with("group_by[]", "product").with("limit", "1000")
    };
    // Federated actors are documented without an example.
    check(sample!("analytics_cost"), &client.json(&by(client.admin("analytics/cost"))), &["actor"]);
    check(sample!("analytics_usage"), &client.json(&by(client.admin("analytics/usage"))), &["actor", "type"]);
    let people = client.analytics("users").with("date", "2026-10-05").with("limit", "1000");
    let untold = ["cowork_metrics", "design_metrics", "office_metrics", "science_metrics"];
    check(sample!("analytics_users"), &client.json(&people), &untold);
    let summaries = client.analytics("summaries").with("starting_date", "2026-10-05");
    check(sample!("analytics_summaries"), &client.json(&summaries), &["adoption", "active_user_count"]);
    let report = client.json(&range(client.analytics("cost_report")).with("group_by[]", "product"));
    check(sample!("analytics_cost_report"), &report, &[]);
    let report = client
        .json(&range(client.analytics("user_cost_report")).with("bucket_width", "1d").with("limit", "1000"));
    check(sample!("analytics_user_cost_report"), &report, &[]);
    let mut wrong = client.admin("me");
    wrong.headers.clear();
    let body: Value = serde_json::from_slice(&client.call(&wrong).body).unwrap();
    check(sample!("error"), &body, &[]);
}

#[test]
fn a_newer_version_has_a_newer_key() {
    let mut client = client();
    let mut request = client.admin("api_keys");
    request.headers[1].1 = "2026-10-21".into();
    let keys = client.json(&request);
    assert_eq!(keys["data"][0]["scope"]["type"], "workspace");
    assert!(keys["data"][0].get("workspace_id").is_none());
}

#[test]
fn cursor_bodies() {
    let mut client = client();
    let end = DAY_MILLIS + MILLIS - 1;
    let period = json!({"startDate": DAY_MILLIS, "endDate": end, "page": 1, "pageSize": 1000});
    let events = client.json(&client.cursor("/teams/filtered-usage-events", &period));
    check(sample!("cursor_events"), &events, &["automationId"]);
    let daily = client.json(&client.cursor("/teams/daily-usage-data", &period));
    check(sample!("cursor_daily"), &daily, &[]);
    let bare = json!({"startDate": DAY_MILLIS, "endDate": end});
    let daily = client.json(&client.cursor("/teams/daily-usage-data", &bare));
    assert!(daily.get("pagination").is_none());
    assert!(daily["data"].as_array().unwrap().iter().all(|row| row["isActive"] == true));
    check(sample!("cursor_spend"), &client.json(&client.cursor("/teams/spend", &json!({}))), &[]);
    let mut request = client.cursor("/teams/members", &Value::Null);
    request.method = "GET".into();
    check(sample!("cursor_members"), &client.json(&request), &[]);
}

#[test]
fn every_trap_is_there() {
    let world = World::generate(WorldConfig::company(
        3,
        60,
        "2026-10-05".parse().unwrap(),
        "2026-10-08".parse().unwrap(),
    ));
    let mut client = Client::new(world);
    let events = client.event_pages(DAY_MILLIS, DAY_MILLIS + 4 * MILLIS - 1, 1000).join("\n");
    for trap in [
        "\"kindLabel\":",
        "USAGE_EVENT_KIND_",
        "Not Charged",
        "@EXAMPLE.COM",
        "\"  ",
        "serviceAccountId",
        "99999999",
        "discountPercentOff",
        "\"kind\":\"Usage-based\",\"maxMode\":false,\"requestsCosts\":1.4,\"isTokenBasedCall\":false",
    ] {
        assert!(events.contains(trap), "{trap}");
    }
    let request = client
        .admin("cost_report")
        .with("starting_at", DAY)
        .with("ending_at", "2026-10-09T00:00:00Z")
        .with("group_by[]", "workspace_id")
        .with("group_by[]", "description");
    let report = serde_json::to_string(&client.tokens(&request)).unwrap();
    for trap in [
        "\"amount\":\"-",
        "000\"",
        "Fast Mode",
        "(Batch)",
        "session_usage",
        "code_execution",
        "web_search",
        "200k-1M",
    ] {
        assert!(report.contains(trap), "{trap}");
    }
    let mut code = String::new();
    for day in 5..=8 {
        let request =
            client.admin("usage_report/claude_code").with("starting_at", format!("2026-10-{day:02}"));
        code += &serde_json::to_string(&client.tokens(&request)).unwrap();
    }
    for trap in [
        "\"model_breakdown\":[]",
        "\"api_actor\"",
        "\"subscription\"",
        "\"is_remote\":true",
        "\"tool_actions\":{}",
        "\"subscription_type\":null",
        "\"amount\":\"",
    ] {
        assert!(code.contains(trap), "{trap}");
    }
}
