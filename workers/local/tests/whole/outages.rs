//! One vendor down, or one key wrong: the other's slices load, the summary names what is missing and what to do.

use aispend_simulator::{FaultPlan, Vendor};
use serde_json::Value;

use crate::command::{Ended, Home};
use crate::compare::{assert_attribution, assert_truth};
use crate::vendors::Vendors;
use crate::worlds::{Shape, days_ago, plain};

/// A folder whose commands lose patience quickly, and begin with the world's first day.
fn home(vendors: &Vendors) -> Home {
    let mut home = Home::with_csv(vendors);
    home.set("AISPEND_FETCH_SILENT_PATIENCE_SECONDS", "1");
    home.set("AISPEND_FETCH_PATIENCE_SECONDS", "2");
    home.set("AISPEND_START_DATE", &days_ago(11).to_string());
    home
}

/// How many slices of the feeds that begin so were loaded, and how many were not.
fn slices(ended: &Ended, feeds: &str) -> (u64, u64) {
    let summary = ended.json();
    let lines = summary["feeds"].as_object().unwrap().iter().filter(|(feed, _)| feed.starts_with(feeds));
    lines.fold((0, 0), |(loaded, failed), (_, line)| {
        let count = |name: &str| line[name].as_u64().unwrap();
        (loaded + count("loaded") + count("unchanged"), failed + count("failed") + count("parked"))
    })
}

/// Everything the summary says is missing, with what to do.
fn missing(ended: &Ended) -> Vec<String> {
    let summary = ended.json();
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let troubles = summary["trouble"].as_array().unwrap().iter();
    troubles
        .map(|one| format!("{}: {} → {}", text(one, "subject"), text(one, "detail"), text(one, "remedy")))
        .collect()
}

/// A vendor in trouble, then in order again.
fn check(change: fn(&mut FaultPlan), mend: fn(&mut FaultPlan), other: &str, named: &str, remedy: &str) {
    let vendors = Vendors::open(plain(Shape::Enterprise, 70), FaultPlan::none());
    let home = home(&vendors);
    vendors.plan(change);
    let ended = home.aispend(&["run", "--json"]).exits(1);
    eprintln!("{named} in trouble: {:?}", ended.took);
    let (loaded, failed) = slices(&ended, other);
    assert!(loaded > 8 && failed == 0, "{other}: {loaded} loaded, {failed} failed: {}", ended.stdout);
    let missing = missing(&ended);
    assert!(
        missing.iter().any(|line| line.to_lowercase().contains(named) && line.contains(remedy)),
        "nothing names `{named}` and `{remedy}`: {missing:#?}"
    );
    assert!(!missing.iter().any(|line| line.to_lowercase().starts_with(other)), "{missing:#?}");
    vendors.plan(mend);
    home.aispend(&["run", "--json"]).exits(0);
    assert_truth(&home, &vendors, named);
    assert_attribution(&home, &vendors, named);
}

#[test]
fn with_cursor_down_anthropic_loads_and_the_next_run_has_the_rest() {
    let down = |plan: &mut FaultPlan| plan.down = vec![Vendor::Cursor];
    check(down, |plan| plan.down.clear(), "anthropic/", "cursor", "run again later");
}

#[test]
fn with_anthropic_unreachable_cursor_loads_and_the_next_run_has_the_rest() {
    let gone = |plan: &mut FaultPlan| plan.unreachable = vec![Vendor::Anthropic];
    check(gone, |plan| plan.unreachable.clear(), "cursor/", "anthropic", "run again later");
}

#[test]
fn with_a_wrong_cursor_key_anthropic_loads() {
    let locked = |plan: &mut FaultPlan| plan.locked = vec![Vendor::Cursor];
    check(locked, |plan| plan.locked.clear(), "anthropic/", "cursor", "make a new key");
}

#[test]
fn with_wrong_anthropic_keys_cursor_loads() {
    let locked = |plan: &mut FaultPlan| plan.locked = vec![Vendor::Anthropic];
    check(locked, |plan| plan.locked.clear(), "cursor/", "anthropic_admin_key", "key");
}

#[test]
fn one_wrong_anthropic_key_of_two_is_named_and_the_other_one_works() {
    let vendors = Vendors::open(plain(Shape::Enterprise, 71), FaultPlan::none());
    let mut home = home(&vendors);
    let right = vendors.simulator().world.keys.analytics.clone();
    home.set("ANTHROPIC_ANALYTICS_KEY", "sk-ant-api01-expired");
    let ended = home.aispend(&["run"]).exits(1);
    ended.says("ANTHROPIC_ANALYTICS_KEY").says("anthropic/cost").says("cursor/usage-events");
    assert!(!ended.stdout.contains("sk-ant-api01-expired") && !ended.stderr.contains("sk-ant-api01-expired"));
    home.set("ANTHROPIC_ANALYTICS_KEY", &right);
    home.aispend(&["run", "--json"]).exits(0);
    assert_truth(&home, &vendors, "the right key again");
}

#[test]
fn a_port_nobody_listens_on_is_given_up_and_named() {
    let vendors = Vendors::open(plain(Shape::Analytics, 72), FaultPlan::none());
    let mut home = home(&vendors);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    home.set("CURSOR_BASE_URL", &format!("http://{closed}"));
    let ended = home.aispend(&["run", "--json"]).exits(1);
    assert!(ended.took.as_secs() < 60, "given up after {:?}", ended.took);
    let (loaded, failed) = slices(&ended, "anthropic/");
    assert!(loaded > 8 && failed == 0, "{}", ended.stdout);
    assert!(missing(&ended).iter().any(|line| line.starts_with("cursor")), "{}", ended.stdout);
}
