//! Faults happen, and end.

use std::collections::BTreeSet;

use aispend_simulator::{Delivery, Fault, FaultLevel, FaultPlan, Vendor, World, WorldConfig};
use serde_json::Value;

use crate::client::{Client, DAY, DAY_MILLIS, MILLIS, NEXT};

#[test]
fn whoever_insists_gets_through() {
    for seed in 0..40 {
        let world = World::generate(WorldConfig::small(seed));
        let mut calm = Client::new(world.clone());
        let mut client = Client::with(world, FaultPlan::new(seed, FaultLevel::Heavy));
        client
            .simulator
            .faults
            .plan
            .kinds
            .retain(|kind| !matches!(kind, Fault::Expired | Fault::Moved | Fault::Hollow));
        let request = client
            .admin("cost_report")
            .with("starting_at", DAY)
            .with("ending_at", NEXT)
            .with("group_by[]", "description");
        assert_eq!(client.tokens(&request), calm.tokens(&request));
        let request = client.admin("api_keys").with("limit", "1");
        assert_eq!(client.ids(&request), calm.ids(&request));
        let end = DAY_MILLIS + MILLIS - 1;
        assert_eq!(client.event_pages(DAY_MILLIS, end, 2), calm.event_pages(DAY_MILLIS, end, 2));
        assert!(client.simulator.faults.happened() > 0);
    }
}

#[test]
fn every_fault_happens_and_none_is_frequent_when_light() {
    let mut seen = BTreeSet::new();
    let mut faults = 0;
    for seed in 0..400 {
        let world = World::generate(WorldConfig::small(1));
        let mut client = Client::with(world, FaultPlan::new(seed, FaultLevel::Light));
        for size in [1, 2, 3, 5] {
            let request = client.admin("users").with("limit", size.to_string());
            let response = client.call(&request);
            seen.insert((response.status, matches!(response.delivery, Delivery::Cut(_) | Delivery::Refused)));
        }
        faults += client.simulator.faults.happened();
    }
    assert!((20..90).contains(&faults), "{faults} of 1600");
    for status in [200, 429, 500, 502, 503, 529] {
        assert!(seen.iter().any(|(own, _)| *own == status), "{status}: {seen:?}");
    }
    assert!(seen.contains(&(200, true)));
}

fn only(fault: Fault, seed: u64) -> Client {
    let mut plan = FaultPlan::new(seed, FaultLevel::Heavy);
    plan.kinds = vec![fault];
    Client::with(World::generate(WorldConfig::small(3)), plan)
}

#[test]
fn an_empty_answer_is_empty_once() {
    let mut hollow = 0;
    for seed in 0..60 {
        let mut client = only(Fault::Hollow, seed);
        let request = client.admin("cost_report").with("starting_at", DAY).with("ending_at", NEXT);
        let rows = |value: &Value| value["data"][0]["results"].as_array().unwrap().len();
        let answers: Vec<usize> = (0..12).map(|_| rows(&client.json(&request))).collect();
        let empty = answers.iter().filter(|rows| **rows == 0).count();
        assert!(empty <= 1, "{answers:?}");
        hollow += empty;
    }
    assert!(hollow > 5);
}

#[test]
fn moving_totals_settle() {
    let mut moved = 0;
    for seed in 0..60 {
        let mut client = only(Fault::Moved, seed);
        let count = |page: &str| {
            let page: Value = serde_json::from_str(page).unwrap();
            let events = page["usageEvents"].as_array().unwrap().len() as u64;
            (page["totalUsageEventsCount"].as_u64().unwrap(), events)
        };
        let runs: Vec<(u64, u64)> = (0..12)
            .map(|_| count(&client.event_pages(DAY_MILLIS, DAY_MILLIS + MILLIS - 1, 1000)[0]))
            .collect();
        let odd = runs.iter().filter(|(total, events)| total != events).count();
        assert!(odd <= 1, "{runs:?}");
        moved += odd;
    }
    assert!(moved > 5);
}

#[test]
fn cursors_expire_in_the_middle_only() {
    let mut expired = 0;
    for seed in 0..60 {
        let mut client = only(Fault::Expired, seed);
        let request = client
            .admin("analytics/usage")
            .with("starting_at", DAY)
            .with("ending_at", NEXT)
            .with("group_by[]", "api_key_id")
            .with("limit", "1");
        let page = client.json(&request);
        let next = request.with("page", page["next_page"].as_str().unwrap());
        let gone = (0..12).filter(|_| client.call(&next).status == 410).count();
        assert!(gone <= 1);
        expired += gone;
    }
    assert!(expired > 5);
}

#[test]
fn a_vendor_can_be_down_unreachable_or_locked() {
    let mut client = Client::new(World::generate(WorldConfig::small(3)));
    let me = client.admin("me");
    let members = {
        let mut request = client.cursor("/teams/members", &Value::Null);
        request.method = "GET".into();
        request
    };
    client.simulator.faults.plan.down = vec![Vendor::Anthropic];
    client.simulator.faults.plan.locked = vec![Vendor::Cursor];
    assert_eq!(client.call(&me).status, 503);
    assert_eq!(client.call(&members).status, 401);
    client.simulator.faults.plan.down.clear();
    client.simulator.faults.plan.unreachable = vec![Vendor::Anthropic];
    assert_eq!(client.call(&me).delivery, Delivery::Refused);
    client.simulator.faults.plan = FaultPlan::none();
    assert_eq!(client.call(&me).status, 200);
    assert_eq!(client.call(&members).status, 200);
}
