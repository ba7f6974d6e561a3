//! A machine that was off for weeks.

use aispend_simulator::{FaultPlan, Quirks, World, WorldConfig};

use crate::command::Home;
use crate::compare::{assert_attribution, assert_truth};
use crate::vendors::Vendors;
use crate::worlds::days_ago;

/// Days that a feed with a window of seven days reads again: those that ended less than seven days ago.
const WINDOW: u64 = 7;

#[test]
fn a_laptop_that_was_off_for_twenty_days_has_every_day_and_reads_final_ones_once() {
    let config = WorldConfig {
        enterprise: false,
        analytics: false,
        events_per_person_day: 2,
        quirks: Quirks::NONE,
        ..WorldConfig::company(5, 4, days_ago(24), days_ago(1))
    };
    let vendors = Vendors::open(World::generate(config), FaultPlan::none());
    let mut home = Home::with_csv(&vendors);
    home.run(days_ago(24), days_ago(21)).exits(0);
    home.set("AISPEND_START_DATE", &days_ago(24).to_string());
    home.aispend(&["run", "--json"]).exits(0);
    assert_truth(&home, &vendors, "caught up");
    assert_attribution(&home, &vendors, "caught up");
    let daily = "/teams/daily-usage-data";
    let asked = vendors.asked_below(daily);
    let ended = home.aispend(&["run", "--json"]).exits(0);
    assert_eq!(
        vendors.asked_below(daily) - asked,
        WINDOW,
        "only days within their window are asked for again"
    );
    let summary = ended.json();
    let run_id = summary["run_id"].as_str().unwrap();
    for feed in ["cursor/daily-usage", "cursor/usage-events", "anthropic/cost", "anthropic/claude-code"] {
        let days = home.column(&format!(
            "SELECT slice_day FROM ai_usage_analytics.slice_loads WHERE run_id = '{run_id}' AND feed = '{feed}' ORDER BY 1"
        ));
        let window: Vec<String> = (1..=7).rev().map(|days| days_ago(days).to_string()).collect();
        assert_eq!(days, window, "{feed}");
    }
    assert_truth(&home, &vendors, "read once more");
}
