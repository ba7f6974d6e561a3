//! Pages lose nothing and repeat nothing, whatever their size.

use aispend_simulator::{Quirks, Request, World, WorldConfig};
use serde_json::{Value, json};

use crate::client::{Client, DAY, DAY_MILLIS, MILLIS};

fn client(stray: bool) -> Client {
    let config = WorldConfig::company(11, 30, "2026-10-05".parse().unwrap(), "2026-10-08".parse().unwrap());
    let quirks = Quirks { stray_tokens: stray, ..Quirks::default() };
    Client::new(World::generate(WorldConfig { quirks, ..config }))
}

fn same_for_all_sizes(
    request: impl Fn(&Client) -> Request,
    sizes: &[u32],
    read: impl Fn(&mut Client, &Request) -> Vec<Value>,
) {
    for stray in [true, false] {
        let mut client = client(stray);
        let request = request(&client);
        let runs: Vec<Vec<Value>> = sizes
            .iter()
            .map(|size| read(&mut client, &request.clone().with("limit", size.to_string())))
            .collect();
        assert!(runs[0].len() > 1, "{}", request.path);
        for run in &runs {
            assert_eq!(run, &runs[0], "{}", request.path);
        }
    }
}

#[test]
fn reports_with_tokens() {
    let range = |request: Request| request.with("starting_at", DAY).with("ending_at", "2026-10-09T00:00:00Z");
    let tokens = |client: &mut Client, request: &Request| client.tokens(request);
    same_for_all_sizes(
        |client| range(client.admin("cost_report")).with("group_by[]", "description"),
        &[31, 1, 3],
        tokens,
    );
    same_for_all_sizes(
        |client| range(client.admin("usage_report/messages")).with("group_by[]", "model"),
        &[31, 1, 3],
        tokens,
    );
    same_for_all_sizes(
        |client| range(client.admin("usage_report/messages")).with("bucket_width", "1h"),
        &[168, 1, 7],
        tokens,
    );
    same_for_all_sizes(
        |client| client.admin("usage_report/claude_code").with("starting_at", "2026-10-06"),
        &[1000, 1, 7],
        tokens,
    );
    for endpoint in ["analytics/cost", "analytics/usage"] {
        same_for_all_sizes(
            |client| {
                let request = range(client.admin(endpoint)).with("time_bucket_width", "1d");
                let request = request.with("group_by[]", "api_key_id").with("group_by[]", "model");
                if endpoint == "analytics/cost" { request.with("group_by[]", "token_type") } else { request }
            },
            &[1000, 1, 7],
            tokens,
        );
    }
    same_for_all_sizes(|client| client.analytics("users").with("date", "2026-10-06"), &[1000, 1, 7], tokens);
    same_for_all_sizes(
        |client| range(client.analytics("user_cost_report")).with("group_by[]", "product"),
        &[1000, 1, 7],
        tokens,
    );
}

#[test]
fn directories() {
    for path in ["api_keys", "users", "workspaces"] {
        let mut client = client(true);
        let request = client.admin(path);
        let request = if path == "workspaces" { request.with("include_archived", "true") } else { request };
        let whole = client.ids(&request.clone().with("limit", "1000"));
        assert!(whole.len() > 2);
        assert_eq!(whole, client.ids(&request.clone().with("limit", "1")));
        assert_eq!(whole, client.ids(&request));
        let last = client.json(&request.with("limit", "1000"));
        assert_eq!(last["last_id"], whole.last().unwrap()["id"], "filled on the last page too");
    }
}

#[test]
fn default_pages_are_small() {
    let mut client = client(false);
    let keys = client.json(&client.admin("api_keys"));
    assert_eq!(keys["data"].as_array().unwrap().len(), 20.min(keys["data"].as_array().unwrap().len()));
    let request =
        client.admin("analytics/usage").with("starting_at", DAY).with("ending_at", "2026-10-09T00:00:00Z");
    let page = client.json(&request.with("time_bucket_width", "1d").with("group_by[]", "api_key_id"));
    assert_eq!(page["data"].as_array().unwrap().len(), 20);
    assert_eq!(page["has_more"], true);
}

#[test]
fn events() {
    let mut client = client(false);
    let read = |client: &mut Client, size| {
        let pages = client.event_pages(DAY_MILLIS, DAY_MILLIS + 4 * MILLIS - 1, size);
        let events: Vec<Value> = pages
            .iter()
            .flat_map(|page| {
                let page: Value = serde_json::from_str(page).unwrap();
                page["usageEvents"].as_array().unwrap().clone()
            })
            .collect();
        events
    };
    let whole = read(&mut client, 1000);
    assert!(whole.len() > 100);
    assert!(whole.windows(2).any(|pair| pair[0] == pair[1]), "identical twins");
    for size in [7, 100] {
        assert_eq!(whole, read(&mut client, size));
    }
    // Both ends belong to the period.
    let first = whole[0]["timestamp"].as_str().unwrap().parse::<i64>().unwrap();
    assert_eq!(first, DAY_MILLIS);
    let one = client.event_pages(first, first, 10);
    assert!(one[0].contains("\"totalUsageEventsCount\":1"));
    let last = client.event_pages(DAY_MILLIS + MILLIS - 1, DAY_MILLIS + MILLIS - 1, 10);
    assert!(last[0].contains("\"totalUsageEventsCount\":1"));
    // A filter finds what a scan finds.
    let email = whole.iter().find_map(|event| event["userEmail"].as_str()).unwrap().trim().to_lowercase();
    let own = whole.iter().filter(|event| {
        let named = event["userEmail"].as_str().unwrap_or("").trim().to_lowercase();
        named == email
    });
    let body = json!({"startDate": DAY_MILLIS, "endDate": DAY_MILLIS + 4 * MILLIS - 1, "email": email, "pageSize": 1000});
    let answer = client.json(&client.cursor("/teams/filtered-usage-events", &body));
    assert_eq!(answer["totalUsageEventsCount"], own.count());
}
