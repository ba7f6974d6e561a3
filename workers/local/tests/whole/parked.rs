//! Slices set aside: their previous generation stays, and a person decides.

use aispend_simulator::{FaultPlan, Request};
use serde_json::Value;

use crate::command::Home;
use crate::compare::{assert_attribution, assert_tables, assert_truth, bytes};
use crate::tampering::Tampering;
use crate::vendors::Vendors;
use crate::worlds::{Shape, days_ago, plain};

/// One day's cost comes in euros.
fn euros(request: &Request, body: String) -> String {
    let day = format!("{}T", days_ago(6));
    let is_hit = request.path == "/v1/organizations/cost_report"
        && request.parameter("starting_at").is_some_and(|start| start.starts_with(&day));
    if is_hit { body.replacen("\"USD\"", "\"EUR\"", 1) } else { body }
}

/// Cursor counts lines below zero.
fn below_zero(request: &Request, body: String) -> String {
    let is_hit = request.path == "/teams/daily-usage-data";
    if is_hit { body.replace("\"totalLinesAdded\":", "\"totalLinesAdded\":-1") } else { body }
}

fn ids(home: &Home) -> Vec<String> {
    let listed = home.aispend(&["dead-letters", "list", "--json"]).exits(0).json();
    listed.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

fn trouble(summary: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = summary["trouble"].as_array().unwrap();
    all.iter().map(|one| (text(&one["subject"]), text(&one["state"]))).collect()
}

#[test]
fn an_amount_in_another_currency_parks_its_day_alone_and_the_rows_before_stay() {
    let vendors = Vendors::open(plain(Shape::Legacy, 95), FaultPlan::none());
    let mut home = Home::with_csv(&vendors);
    let tampering = Tampering::with(&vendors, euros);
    home.set("ANTHROPIC_BASE_URL", &tampering.base_url);
    home.run(days_ago(11), days_ago(4)).exits(0);
    let before = bytes(&home);
    tampering.switch(true);
    let ended = home.run(days_ago(11), days_ago(4)).exits(1);
    assert_eq!(
        trouble(&ended.json()),
        [("anthropic/cost".to_owned(), "parked".to_owned())],
        "{}",
        ended.stdout
    );
    ended.says("EUR");
    assert_tables(&before, &bytes(&home), "the previous generation");
    let parked = ids(&home);
    let [id] = parked.as_slice() else { panic!("one message is parked: {parked:?}") };
    home.aispend(&["dead-letters", "show", id])
        .exits(0)
        .says("EUR")
        .says("anthropic/cost|")
        .says(&days_ago(6).to_string());
    // The document still says euros: it is parked again, and nothing else happens.
    home.aispend(&["dead-letters", "replay", id, "--dry-run"]).exits(0).says("would replay");
    home.aispend(&["dead-letters", "replay", id]).exits(1);
    assert_tables(&before, &bytes(&home), "replayed in vain");
    let parked = ids(&home);
    let [id] = parked.as_slice() else { panic!("the newer reading took the place of the older: {parked:?}") };
    home.aispend(&["dead-letters", "drop", id, "--dry-run"]).exits(0).says("would drop");
    tampering.switch(false);
    home.run(days_ago(11), days_ago(4)).exits(0);
    for id in ids(&home) {
        home.aispend(&["dead-letters", "drop", &id]).exits(0).says("dropped");
    }
    home.aispend(&["dead-letters", "list"]).exits(0).says("nothing is parked");
    home.aispend(&["dead-letters", "show", "beef"]).exits(2).says("beef");
    assert_truth(&home, &vendors, "read again");
}

#[test]
fn an_old_parked_slice_replayed_cannot_overwrite_what_was_read_since() {
    let vendors = Vendors::open(plain(Shape::Legacy, 96), FaultPlan::none());
    let mut home = Home::with_csv(&vendors);
    let tampering = Tampering::with(&vendors, below_zero);
    home.set("CURSOR_BASE_URL", &tampering.base_url);
    tampering.switch(true);
    let ended = home.run(days_ago(6), days_ago(4)).exits(1);
    let trouble = trouble(&ended.json());
    assert!(!trouble.is_empty(), "{}", ended.stdout);
    assert!(
        trouble.iter().all(|one| *one == ("cursor/daily-usage".to_owned(), "parked".to_owned())),
        "{trouble:?}"
    );
    tampering.switch(false);
    home.run(days_ago(11), days_ago(4)).exits(0);
    let before = bytes(&home);
    home.set("AISPEND_REJECTED_PERCENT", "100");
    home.aispend(&["dead-letters", "replay", "all"]);
    assert_tables(&before, &bytes(&home), "old news");
    assert_truth(&home, &vendors, "old news");
    assert_attribution(&home, &vendors, "old news");
}

#[test]
fn a_parked_slice_replayed_after_its_cause_is_gone_loads() {
    let vendors = Vendors::open(plain(Shape::Legacy, 97), FaultPlan::none());
    let mut home = Home::with_csv(&vendors);
    let tampering = Tampering::with(&vendors, below_zero);
    home.set("CURSOR_BASE_URL", &tampering.base_url);
    tampering.switch(true);
    home.run(days_ago(6), days_ago(4)).exits(1);
    let rows = "SELECT COUNT(*) FROM ai_usage_analytics.cursor_usage_stats";
    let rejected =
        "SELECT COUNT(*) FROM ai_usage_analytics.rejected_records WHERE field = 'total_lines_added'";
    assert_eq!((home.value(rows), home.value(rejected)), ("0".to_owned(), "0".to_owned()));
    assert_eq!(ids(&home).len(), 3);
    // Whoever accepts the loss says so.
    home.set("AISPEND_REJECTED_PERCENT", "100");
    let asked = vendors.asked();
    home.aispend(&["dead-letters", "replay", "all"]).exits(1).says("records were rejected");
    assert_eq!(vendors.asked(), asked, "a replay asks no vendor");
    assert_ne!(home.value(rejected), "0");
    assert!(ids(&home).is_empty());
}
