//! Directory and sheets late, early or changed in between give the same tables.

use aispend_simulator::{FaultPlan, Restatement};

use crate::command::{Ended, Home};
use crate::compare::{assert_attribution, assert_tables, assert_truth, content};
use crate::vendors::Vendors;
use crate::worlds::{Shape, days_ago, plain};

fn read_feeds(home: &Home, feeds: &str) -> Ended {
    home.aispend(&["run", "--feeds", feeds, "--json"])
}

/// Money of a platform, in dollars.
fn money(home: &Home, platform: &str) -> String {
    home.value(&format!(
        "SELECT SUM(cost_usd) FROM ai_usage_analytics.claude_expenses WHERE platform = '{platform}'"
    ))
}

#[test]
fn keys_mapped_late_repair_the_past() {
    let vendors = Vendors::open(plain(Shape::Legacy, 90), FaultPlan::none());
    let early = Home::with_csv(&vendors);
    early.run(days_ago(11), days_ago(4)).exits(0);
    let late = Home::with_csv(&vendors);
    std::fs::remove_file(late.sheet("api-key-mapping")).unwrap();
    late.run(days_ago(11), days_ago(4)).exits(0);
    assert_ne!(money(&late, "claude_code"), money(&early, "claude_code"), "the mapping decides something");
    late.write_sheets(&vendors.simulator().world);
    let ended = read_feeds(&late, "sheets/api-key-mapping").exits(0);
    assert!(ended.json()["read_again"].as_u64().unwrap() > 0, "{}", ended.stdout);
    assert_truth(&late, &vendors, "mapped late");
    assert_attribution(&late, &vendors, "mapped late");
    assert_tables(&content(&late), &content(&early), "mapped late");
}

#[test]
fn a_directory_that_changes_in_between_decides_all_days_alike() {
    let vendors = Vendors::open(plain(Shape::Legacy, 91), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    home.run(days_ago(11), days_ago(8)).exits(0);
    // The name of a key that Claude Code's report states is no longer unique, for all days.
    vendors.simulator().world.restate(&Restatement::AddKey { name: "ci-bot".to_owned() });
    home.run(days_ago(7), days_ago(4)).exits(0);
    assert_truth(&home, &vendors, "a key of the same name");
    assert_attribution(&home, &vendors, "a key of the same name");
    let fresh = Home::with_csv(&vendors);
    fresh.run(days_ago(11), days_ago(4)).exits(0);
    assert_tables(&content(&home), &content(&fresh), "a key of the same name");
}

#[test]
fn feeds_read_alone_and_in_any_order_give_the_same_tables() {
    let vendors = Vendors::open(plain(Shape::Legacy, 92), FaultPlan::none());
    let at_once = Home::with_csv(&vendors);
    at_once.run(days_ago(11), days_ago(4)).exits(0);
    let mut one_by_one = Home::with_csv(&vendors);
    one_by_one.set("AISPEND_START_DATE", &days_ago(11).to_string());
    for feeds in [
        "anthropic/cost",
        "cursor/usage-events,cursor/daily-usage",
        "sheets/seats,sheets/people,sheets/claude-ai-usage",
        "anthropic/claude-code",
        "sheets/api-key-mapping",
        "anthropic/directory,cursor/members",
        "sheets/budgets,sheets/invoices",
    ] {
        read_feeds(&one_by_one, feeds).exits(0);
    }
    assert_truth(&one_by_one, &vendors, "one by one");
    assert_attribution(&one_by_one, &vendors, "one by one");
    assert_tables(&content(&one_by_one), &content(&at_once), "one by one");
}
