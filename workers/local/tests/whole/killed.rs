//! SIGKILL at any moment, and two commands at once.

use std::time::{Duration, Instant};

use aispend_simulator::{FaultLevel, FaultPlan};

use crate::command::{Home, Running};
use crate::compare::{assert_attribution, assert_truth};
use crate::vendors::Vendors;
use crate::worlds::{Shape, days_ago, plain};

fn period() -> [String; 6] {
    [
        "run".to_owned(),
        "--from".to_owned(),
        days_ago(11).to_string(),
        "--to".to_owned(),
        days_ago(4).to_string(),
        "--json".to_owned(),
    ]
}

fn start(home: &Home) -> Running {
    home.start(&period().each_ref().map(String::as_str))
}

/// Kills a process once the vendors were asked so often, and a little later. False where it ended before.
fn kill_after(mut running: Running, vendors: &Vendors, requests: u64, later: Duration) -> bool {
    let begun = Instant::now();
    while vendors.asked() < requests && begun.elapsed() < Duration::from_mins(1) {
        if running.is_over() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(later);
    if running.is_over() {
        return false;
    }
    running.kill();
    true
}

/// Asserts that everything is there, and that this run loaded no day a second time.
fn assert_continued(home: &Home, vendors: &Vendors, run_id: &str, what: &str) {
    assert_truth(home, vendors, what);
    assert_attribution(home, vendors, what);
    let twice = home.column(&format!(
        "SELECT slice_key FROM ai_usage_analytics.slice_loads WHERE run_id = '{run_id}' \
         AND slice_day IS NOT NULL AND feed <> 'cursor/spend' GROUP BY 1 HAVING COUNT(*) > 1"
    ));
    assert!(twice.is_empty(), "{what}: loaded twice by one run: {twice:?}");
}

#[test]
fn a_run_killed_at_any_moment_continues_and_ends_at_the_truth() {
    let vendors = Vendors::open(plain(Shape::Enterprise, 60), FaultPlan::none());
    let whole = Home::with_csv(&vendors);
    start(&whole).wait().exits(0);
    let requests = vendors.asked();
    for (percent, later) in [(0, 120), (1, 0), (30, 2), (60, 5), (85, 0), (100, 0), (100, 60), (100, 250)] {
        let home = Home::with_csv(&vendors);
        let asked = vendors.asked();
        let target = asked + requests * percent / 100;
        let is_killed = kill_after(start(&home), &vendors, target, Duration::from_millis(later));
        let asked = vendors.asked() - asked;
        let ended = start(&home).wait().exits(0);
        let what = format!("killed at {percent} % and {later} ms ({asked} requests, killed: {is_killed})");
        if asked > 0 && is_killed {
            ended.says("continuing run ");
        }
        let summary = ended.json();
        assert_continued(&home, &vendors, summary["run_id"].as_str().unwrap(), &what);
    }
}

#[test]
fn a_run_killed_again_and_again_under_faults_ends_at_the_truth() {
    let vendors = Vendors::open(plain(Shape::Legacy, 61), FaultPlan::new(61, FaultLevel::Light));
    let home = Home::with_csv(&vendors);
    for requests in [3, 9, 14, 20, 7] {
        let asked = vendors.asked();
        kill_after(start(&home), &vendors, asked + requests, Duration::from_millis(requests * 3));
    }
    let ended = start(&home).wait().exits(0);
    let run_id = ended.json()["run_id"].as_str().unwrap().to_owned();
    assert_continued(&home, &vendors, &run_id, "killed five times");
}

#[test]
fn what_a_killed_run_had_loaded_is_not_asked_for_again() {
    let vendors = Vendors::open(plain(Shape::Analytics, 62), FaultPlan::none());
    let whole = Home::with_csv(&vendors);
    start(&whole).wait().exits(0);
    let requests = vendors.asked();
    let home = Home::with_csv(&vendors);
    let is_killed = kill_after(start(&home), &vendors, 2 * requests, Duration::from_millis(150));
    let asked = vendors.asked();
    let ended = start(&home).wait().exits(0);
    let again = vendors.asked() - asked;
    assert!(again < requests, "asked {again} of {requests} again, killed: {is_killed}");
    let run_id = ended.json()["run_id"].as_str().unwrap().to_owned();
    assert_continued(&home, &vendors, &run_id, "killed at the end");
}

#[test]
fn the_second_of_two_commands_at_once_waits_and_both_succeed() {
    let vendors = Vendors::open(plain(Shape::Analytics, 63), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    let (first, second) = (start(&home), start(&home));
    let (first, second) = (first.wait().exits(0), second.wait().exits(0));
    let waited = |ended: &crate::command::Ended| ended.stderr.contains("another aispend is writing");
    assert!(waited(&first) != waited(&second), "one waits: {} | {}", first.stderr, second.stderr);
    assert_ne!(first.json()["run_id"], second.json()["run_id"]);
    assert_truth(&home, &vendors, "two at once");
}
