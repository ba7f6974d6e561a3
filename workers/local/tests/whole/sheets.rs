//! Sheets as people leave them: broken rows, vanished files, files that never were.

use std::fs::{OpenOptions, remove_file, write};
use std::io::Write as _;

use aispend_simulator::FaultPlan;

use crate::command::Home;
use crate::compare::assert_truth;
use crate::vendors::Vendors;
use crate::worlds::{Shape, days_ago, plain};

fn append(home: &Home, tab: &str, line: &str) {
    let mut file = OpenOptions::new().append(true).open(home.sheet(tab)).unwrap();
    writeln!(file, "{line}").unwrap();
}

#[test]
fn a_malformed_row_is_rejected_by_sheet_row_column_and_reason_and_the_rest_loads() {
    let vendors = Vendors::open(plain(Shape::Analytics, 80), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    let rows = std::fs::read_to_string(home.sheet("seats")).unwrap().lines().count();
    append(&home, "seats", "cursor,standard,eve@example.com,forty,monthly,1,2026-01-01,");
    append(&home, "seats", "cursor,standard,eve@example.com,40,monthly,1,2026-13-01,");
    let people = std::fs::read_to_string(home.sheet("people")).unwrap().lines().count();
    append(&home, "people", ",Nobody,Engineering,Data,,2026-01-01,");
    let ended = home.run(days_ago(11), days_ago(4)).exits(1);
    assert_eq!(ended.json()["rejected_rows"], 3, "{}", ended.stdout);
    let rejected = home.column(
        "SELECT place || ' | ' || field || ' | ' || reason FROM ai_usage_analytics.rejected_records ORDER BY 1",
    );
    for (sheet, row, column, reason) in [
        ("seats", rows + 1, "price_usd", "forty"),
        ("seats", rows + 2, "valid_from", "2026-13-01"),
        ("people", people + 1, "user_email", "empty"),
    ] {
        let says = |line: &&String| {
            line.contains(sheet)
                && line.contains(&format!("row {row}"))
                && line.contains(column)
                && line.contains(reason)
        };
        assert!(
            rejected.iter().any(|line| says(&line)),
            "{sheet} row {row}, {column}, {reason}: {rejected:#?}"
        );
    }
    assert_truth(&home, &vendors, "the rest");
    home.aispend(&["run", "--from", &days_ago(5).to_string(), "--to", &days_ago(4).to_string()])
        .exits(1)
        .says("3 records were rejected")
        .says(&format!("sheet \"seats\", row {}, column price_usd: price_usd `forty`", rows + 1));
}

#[test]
fn a_sheet_that_was_never_there_is_not_in_use_and_no_failure() {
    let vendors = Vendors::open(plain(Shape::Analytics, 81), FaultPlan::none());
    let home = Home::new(&vendors);
    let ended =
        home.aispend(&["run", "--from", &days_ago(5).to_string(), "--to", &days_ago(4).to_string()]).exits(0);
    ended.says("not in use").says("api-key-mapping").says("seats");
}

#[test]
fn a_sheet_that_vanished_or_broke_after_it_was_loaded_fails_and_its_rows_stay() {
    let vendors = Vendors::open(plain(Shape::Analytics, 82), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    home.run(days_ago(11), days_ago(4)).exits(0);
    let breaks = [
        ("vanished", None),
        ("empty", Some("")),
        ("without a header it needs", Some("name,team\nAlice,Data\n")),
        ("with its header alone", Some("user_email,vendor,price_usd\n")),
    ];
    for tab in ["people", "seats"] {
        for (what, left) in breaks {
            match left {
                Some(text) => write(home.sheet(tab), text).unwrap(),
                None => remove_file(home.sheet(tab)).unwrap(),
            }
            let ended = home.run(days_ago(11), days_ago(4)).exits(1);
            let summary = ended.json();
            let trouble = summary["trouble"].as_array().unwrap();
            let named = format!("sheets/{tab}");
            assert!(
                trouble.iter().any(|one| one["subject"] == named.as_str()
                    && one["state"] == "failed"
                    && one["remedy"] != ""),
                "{tab} {what}: {}",
                ended.stdout
            );
            assert_eq!(trouble.len(), 1, "{tab} {what}: {}", ended.stdout);
            assert_truth(&home, &vendors, &format!("{tab} {what}"));
            home.write_sheets(&vendors.simulator().world);
        }
    }
    home.run(days_ago(11), days_ago(4)).exits(0);
}

#[test]
fn a_retired_sheet_leaves_nothing_and_its_absence_is_no_failure_any_more() {
    let vendors = Vendors::open(plain(Shape::Analytics, 83), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    home.run(days_ago(11), days_ago(4)).exits(0);
    remove_file(home.sheet("seats")).unwrap();
    home.aispend(&["retire", "sheets/seats", "--dry-run"]).exits(0).says("1 slices, ").says(" USD");
    let seats = "SELECT COUNT(*) FROM ai_usage_analytics.fct_cost_daily WHERE cost_type = 'subscription'";
    assert_ne!(home.value(seats), "0");
    home.aispend(&["retire", "sheets/seats"]).exits(0);
    assert_eq!(home.value(seats), "0");
    home.run(days_ago(11), days_ago(4)).exits(0);
    assert_eq!(home.value(seats), "0");
}

#[test]
fn a_spreadsheet_nobody_finds_or_opens_is_a_failure_with_its_remedy_and_the_vendors_load() {
    let vendors = Vendors::open(plain(Shape::Analytics, 84), FaultPlan::none());
    let mut home = Home::with_google(&vendors);
    home.set("AISPEND_SPREADSHEET_ID", "another");
    home.run(days_ago(5), days_ago(4)).exits(1).says("check AISPEND_SPREADSHEET_ID");
    home.unset("GOOGLE_APPLICATION_CREDENTIALS");
    // Another server than Google's is asked without a key; this one wants one.
    home.run(days_ago(5), days_ago(4)).exits(1).says("status 401");
    home.unset("GOOGLE_SHEETS_BASE_URL");
    let ended = home.run(days_ago(5), days_ago(4)).exits(1);
    ended.says("GOOGLE_APPLICATION_CREDENTIALS");
    let summary = ended.json();
    let subjects: Vec<_> = summary["trouble"].as_array().unwrap().iter().map(|one| &one["subject"]).collect();
    assert_eq!(subjects, ["sheets"], "{}", ended.stdout);
    assert_ne!(home.value("SELECT SUM(cost_usd) FROM ai_usage_analytics.claude_expenses"), "0");
}
