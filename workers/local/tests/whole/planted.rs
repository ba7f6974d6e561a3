//! Answers that look well and are wrong: each is caught by the check that is for it, by name, and no other row is touched.

use std::path::Path;

use aispend_simulator::{FaultPlan, Quirks, World, WorldConfig};
use jiff::civil::{Date, Weekday};
use serde_json::Value;

use crate::alerts::letters;
use crate::command::{Ended, Home};
use crate::compare::assert_truth;
use crate::vendors::Vendors;
use crate::worlds::{Shape, config, days_ago};

/// What must come of a planted fault.
enum Caught {
    /// The slice is parked with this reason, and the detail says this.
    Parked(&'static str, &'static str),
    /// The slice fails, and the detail says this.
    Failed(&'static str),
    /// The slice loads, and the summary says this.
    Found(&'static str),
    /// The slice loads, and the summary names what it lost.
    Vanished,
    /// The slice loads as it is; a test looks further.
    Loaded,
}
use Caught::{Failed, Found, Loaded, Parked, Vanished};

/// A fault without its day, the feed it is for, and what must come of it.
struct Case(&'static str, &'static str, Caught);

/// Working days of the small world: on the others there is little to spoil.
fn working_days() -> Vec<Date> {
    let is_working = |day: &Date| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    (4..=11).rev().map(days_ago).filter(is_working).collect()
}

/// Every row but those of the slices named, without lineage.
fn others(home: &Home, changed: &[(&str, Date)]) -> Vec<String> {
    let reader = home.reader();
    let tables = aispend_testkit::truth::TABLES.iter().map(|table| {
        let also = if *table == "claude_usage_stats" { ", upload_timestamp" } else { "" };
        let left_out: Vec<String> = changed
            .iter()
            .map(|(feed, day)| format!(" AND NOT (slice_key LIKE '{feed}|%' AND slice_key LIKE '%|{day}')"))
            .collect();
        let left_out = left_out.concat();
        let sql = format!(
            "SELECT * EXCLUDE (run_id, fetched_at, document_sha256{also}) FROM ai_usage_analytics.{table} \
             WHERE TRUE{left_out} ORDER BY ALL"
        );
        let rows = reader.query(&sql).unwrap().to_csv();
        assert!(rows.lines().count() > 1 || changed.len() > 3, "{table} has no rows to compare");
        format!("{table}\n{rows}")
    });
    tables.collect()
}

fn assert_caught(ended: &Ended, case: &Case, day: Date) {
    let Case(plant, feed, caught) = case;
    let what = format!("{plant} on {day}: {}", ended.stdout);
    let summary = ended.json();
    let day = Value::from(day.to_string());
    let is_named = |one: &&Value| {
        one["subject"] == *feed && one["days"].as_array().is_some_and(|days| days.contains(&day))
    };
    let trouble = summary["trouble"].as_array().unwrap().iter().find(is_named);
    let said = |name: &str| trouble.and_then(|one| one[name].as_str()).unwrap_or_default();
    match caught {
        Parked(reason, detail) => {
            assert_eq!((said("state"), said("reason")), ("parked", *reason), "{what}");
            assert!(said("detail").contains(detail), "{what}");
        }
        Failed(detail) => {
            assert_eq!(said("state"), "failed", "{what}");
            assert!(said("detail").contains(detail), "{what}");
        }
        Found(finding) => {
            assert!(trouble.is_none(), "{what}");
            assert!(summary["findings"].get(*finding).is_some(), "no `{finding}`: {what}");
        }
        Vanished => {
            assert!(trouble.is_none(), "{what}");
            let vanished = summary["vanished"].to_string();
            let day = day.as_str().unwrap_or_default();
            assert!(vanished.contains(feed) && vanished.contains(day), "{what}");
        }
        Loaded => assert!(trouble.is_none(), "{what}"),
    }
}

/// What is told, in order: one incident each, with one letter each, however often the rules are asked. After a `?` what is
/// told where that day had enough money.
fn assert_told_once(home: &Home, told: &[&str], folder: &Path) {
    home.aispend(&["alerts", "check"]);
    let incidents = home.column(
        "SELECT rule || ' ' || subject FROM (SELECT DISTINCT incident_id, rule, subject FROM ai_usage_analytics.alert_incidents) ORDER BY 1",
    );
    let is_there = |expected: &str| incidents.iter().any(|incident| incident.starts_with(expected));
    let told: Vec<&str> = told
        .iter()
        .filter_map(|expected| match expected.strip_prefix('?') {
            Some(possible) => is_there(possible).then_some(possible),
            None => Some(*expected),
        })
        .collect();
    let is_so = incidents.iter().zip(&told).all(|(incident, expected)| incident.starts_with(expected));
    assert!(incidents.len() == told.len() && is_so, "{told:?} is expected: {incidents:?}");
    assert_eq!(letters(folder), told.len(), "{incidents:?}");
    home.aispend(&["alerts", "check"]).exits(0);
    assert_eq!(letters(folder), told.len(), "asked twice: {incidents:?}");
}

/// Loads an honest world, plants a fault a day, loads again, and then once more without them.
fn check(shape: Shape, seed: u64, cases: &[Case], told: &[&str], look: impl FnOnce(&Home)) {
    let days = working_days();
    assert!(cases.len() <= days.len(), "a day for each fault");
    let config = WorldConfig { quirks: Quirks::NONE, events_per_person_day: 24, ..config(shape, seed) };
    let vendors = Vendors::open(World::generate(config), FaultPlan::none());
    let mut home = Home::with_csv(&vendors);
    home.set("AISPEND_FETCH_SILENT_PATIENCE_SECONDS", "1");
    home.set("AISPEND_FETCH_PATIENCE_SECONDS", "2");
    let folder = home.data().with_file_name("told");
    home.set("AISPEND_ALERTS_FOLDER", &folder.display().to_string());
    let (from, to) = (days_ago(11), days_ago(4));
    let honest = home.run(from, to).exits(0);
    // Cursor counts lines in two ways and contradicts itself now and then: that is all there is to say of an honest world.
    let quiet = |finding: &String| {
        finding.starts_with("accepted_above_total") || finding.starts_with("contradiction")
    };
    let findings: Vec<String> = honest.json()["findings"].as_object().unwrap().keys().cloned().collect();
    assert!(findings.iter().all(quiet), "{findings:?}");
    let is_replaced = |case: &Case| matches!(case.2, Found(_) | Vanished | Loaded);
    let planted: Vec<(&Case, Date)> = cases.iter().zip(days).collect();
    let changed: Vec<(&str, Date)> =
        planted.iter().filter(|(case, _)| is_replaced(case)).map(|(case, day)| (case.1, *day)).collect();
    let before = others(&home, &changed);
    for (case, day) in &planted {
        vendors.plan(|plan| plan.plants.push(format!("{}@{day}", case.0).parse().unwrap()));
    }
    let ended = home.run(from, to);
    for (case, day) in &planted {
        assert_caught(&ended, case, *day);
    }
    let in_trouble = cases.iter().filter(|case| !is_replaced(case)).count();
    let summary = ended.json();
    let troubles = summary["trouble"].as_array().unwrap();
    let days: usize = troubles.iter().map(|one| one["days"].as_array().map_or(0, Vec::len)).sum();
    assert_eq!(days, in_trouble, "no other slice is in trouble: {}", ended.stdout);
    assert_eq!(ended.code, i32::from(in_trouble > 0), "{}", ended.stdout);
    assert!(others(&home, &changed) == before, "rows of other slices changed");
    assert_told_once(&home, told, &folder);
    look(&home);
    vendors.plan(|plan| plan.plants.clear());
    home.run(from, to).exits(0);
    assert_truth(&home, &vendors, "after an honest answer");
}

#[test]
fn wrong_money_of_anthropic_is_caught() {
    const FEED: &str = "anthropic/cost";
    let cases = [
        Case("cents-as-dollars@analytics/cost", FEED, Parked("magnitude", "at list price")),
        Case("dollars-as-cents@analytics/cost", FEED, Parked("magnitude", "at list price")),
        Case("renamed-field:amount@analytics/cost", FEED, Parked("inexact", "`amount` cannot be read")),
        Case("missing-day@analytics/cost", FEED, Vanished),
    ];
    let told = [
        "parked-messages anthropic/cost, inexact",
        "parked-messages anthropic/cost, magnitude",
        "?vanished anthropic/cost",
    ];
    check(Shape::Analytics, 130, &cases, &told, |_| ());
}

#[test]
fn what_is_new_at_anthropic_is_named_and_loses_no_money() {
    const FEED: &str = "anthropic/cost";
    let cases = [
        Case(
            "renamed-field:list_amount@analytics/cost",
            FEED,
            Found("unknown_field: `list_amountRenamed` in `cost` is not read"),
        ),
        Case("unknown-product@analytics/cost", FEED, Found("unknown_value: `product` is `quantum_office`")),
        Case("unmapped-key@analytics/cost", FEED, Loaded),
        Case(
            "missing-day@analytics/cost",
            FEED,
            Found("no_money: tokens of the Claude API came without any billed money"),
        ),
    ];
    let told = ["?unmapped-key apikey_01NobodyKnowsThis", "?vanished anthropic/cost"];
    check(Shape::Analytics, 131, &cases, &told, |home| {
        let nobodys = "SELECT COUNT(*) FROM ai_usage_analytics.fct_cost_daily WHERE attribution = 'none' \
                       AND api_key_id = 'apikey_01NobodyKnowsThis'";
        assert_ne!(home.value(nobodys), "0", "an unmapped key is shown, not spread");
    });
}

#[test]
fn wrong_money_of_the_legacy_reports_is_caught() {
    const FEED: &str = "anthropic/cost";
    let cases = [
        Case("cents-as-dollars@cost_report", FEED, Parked("magnitude", "at list price")),
        Case("dollars-as-cents@cost_report", FEED, Parked("magnitude", "at list price")),
        Case("renamed-field:amount@cost_report", FEED, Parked("inexact", "`amount` cannot be read")),
        Case(
            "renamed-field:description@cost_report",
            FEED,
            Found("unknown_field: `descriptionRenamed` in a cost row is not read"),
        ),
        Case(
            "cents-as-dollars@claude_code",
            "anthropic/claude-code",
            Parked("magnitude", "the tokens of Claude Code at list price"),
        ),
    ];
    let told = [
        "parked-messages anthropic/claude-code, magnitude",
        "parked-messages anthropic/cost, inexact",
        "parked-messages anthropic/cost, magnitude",
    ];
    check(Shape::Legacy, 132, &cases, &told, |_| ());
}

#[test]
fn a_page_of_anthropic_that_is_not_there_loads_nothing() {
    let dropped = Failed("there is more, but not where");
    let case = Case("dropped-page@analytics/cost", "anthropic/cost", dropped);
    check(Shape::Analytics, 133, &[case], &["ingestion-failure failed run"], |_| ());
}

#[test]
fn rows_of_anthropic_sent_twice_load_nothing() {
    let doubled = Failed("stands there more than once");
    let case = Case("doubled-rows@analytics/cost", "anthropic/cost", doubled);
    check(Shape::Analytics, 137, &[case], &["ingestion-failure failed run"], |_| ());
}

#[test]
fn wrong_events_of_cursor_are_caught() {
    const FEED: &str = "cursor/usage-events";
    let cases = [
        Case("cents-as-dollars@filtered-usage-events", FEED, Parked("magnitude", "at list price")),
        Case("renamed-field:chargedCents@filtered-usage-events", FEED, Parked("inexact", "`chargedCents`")),
        Case("renamed-field:maxMode@filtered-usage-events", FEED, Found("unknown_field: `maxModeRenamed`")),
        Case("missing-day@filtered-usage-events", FEED, Vanished),
    ];
    let told = [
        "parked-messages cursor/usage-events, inexact",
        "parked-messages cursor/usage-events, magnitude",
        "?vanished cursor/usage-events",
    ];
    check(Shape::Legacy, 134, &cases, &told, |_| ());
}

#[test]
fn a_page_of_cursor_that_is_not_there_loads_nothing() {
    let cases = [
        Case("dropped-page@filtered-usage-events", "cursor/usage-events", Failed("were announced")),
        Case(
            "dropped-page@daily-usage-data",
            "cursor/daily-usage",
            Found("count_differs: not as many rows came as people were announced"),
        ),
    ];
    check(Shape::Legacy, 135, &cases, &["ingestion-failure failed run"], |_| ());
}

#[test]
fn rows_of_cursor_sent_twice_load_nothing() {
    let cases = [
        Case("doubled-rows@filtered-usage-events", "cursor/usage-events", Failed("were announced")),
        Case("doubled-rows@daily-usage-data", "cursor/daily-usage", Parked("unreadable", "were announced")),
    ];
    let told = ["ingestion-failure failed run", "parked-messages cursor/daily-usage, unreadable"];
    check(Shape::Legacy, 138, &cases, &told, |_| ());
}

#[test]
fn a_feed_that_freezes_says_what_it_no_longer_has() {
    let days = working_days();
    let last = days[days.len() - 2];
    // Said of a day with data, so that the day after is the one without.
    let config = WorldConfig { quirks: Quirks::NONE, ..config(Shape::Legacy, 136) };
    let vendors = Vendors::open(World::generate(config), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    home.run(days_ago(11), days_ago(4)).exits(0);
    for endpoint in ["claude_code", "filtered-usage-events"] {
        let plant = format!("frozen-feed@{endpoint}@{last}").parse().unwrap();
        vendors.plan(|plan| plan.plants.push(plant));
    }
    let vanished = home.run(days_ago(11), days_ago(4)).exits(0).json()["vanished"].to_string();
    for feed in ["anthropic/claude-code", "cursor/usage-events"] {
        assert!(vanished.contains(feed), "{feed}: {vanished}");
    }
    let newest = "SELECT MAX(event_date) FROM ai_usage_analytics.cursor_usage_events";
    assert_eq!(home.value(newest), last.to_string());
}
