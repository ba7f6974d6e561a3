//! How fast the simulator is. Measured on request only: `--run-ignored only --cargo-profile quick`.

use std::time::Instant;

use aispend_simulator::{World, WorldConfig};
use serde_json::json;

use crate::client::{Client, DAY_MILLIS, MILLIS};

#[test]
#[ignore = "a measurement"]
fn events_per_second() {
    let began = Instant::now();
    let world = World::generate(WorldConfig::bench(1_000_000, 100_000, 30));
    eprintln!("world of 1,000,000 events and 100,000 rows: {:?}", began.elapsed());
    let mut client = Client::new(world);
    let end = DAY_MILLIS + 27 * MILLIS - 1;
    let start = end + 1 - 30 * MILLIS;
    let (mut bytes, began) = (0, Instant::now());
    for page in 1..=1000 {
        let body = json!({"startDate": start, "endDate": end, "page": page, "pageSize": 1000});
        let request = client.cursor("/teams/filtered-usage-events", &body);
        bytes += client.call(&request).body.len();
    }
    let elapsed = began.elapsed();
    eprintln!("1,000,000 events, {} MB: {elapsed:?}", bytes / 1_000_000);
    let began = Instant::now();
    let mut rows = 0;
    for day in 2..=31 {
        let mut request = client
            .admin("analytics/cost")
            .with("starting_at", format!("2026-10-{day:02}T00:00:00Z"))
            .with(
                "ending_at",
                format!("2026-10-{day:02}T00:00:00Z")
                    .replace(&format!("{day:02}T"), &format!("{:02}T", day + 1)),
            )
            .with("time_bucket_width", "1d")
            .with("limit", "1000");
        if day == 31 {
            request.query[1].1 = "2026-11-01T00:00:00Z".into();
        }
        for dimension in
            ["api_key_id", "workspace_id", "product", "model", "service_tier", "cost_type", "token_type"]
        {
            request = request.with("group_by[]", dimension);
        }
        loop {
            let response = client.call(&request);
            let text = String::from_utf8_lossy(&response.body).into_owned();
            rows += text.matches("\"cost\":").count();
            let Some((_, rest)) = text.split_once("\"has_more\":true,\"next_page\":\"") else { break };
            let token = rest.split('"').next().unwrap().to_owned();
            request.query.retain(|(name, _)| name != "page");
            request = request.with("page", token);
        }
    }
    eprintln!("{rows} Anthropic cost rows: {:?}", began.elapsed());
    let began = Instant::now();
    for seed in 0..1000 {
        let _world = World::generate(WorldConfig::small(seed));
    }
    eprintln!("a small world: {:?}", began.elapsed() / 1000);
    let world = World::generate(WorldConfig::small(1));
    let scope = world.scope(world.end());
    let began = Instant::now();
    for _ in 0..1000 {
        let _truth = world.truth(&scope);
    }
    eprintln!("its truth: {:?}", began.elapsed() / 1000);
}
