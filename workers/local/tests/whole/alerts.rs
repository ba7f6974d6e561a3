//! `aispend alerts`: an incident is listed, taken and put off, and history says when a rule would have fired.

use std::path::Path;

use aispend_simulator::{FaultPlan, Quirks, Restatement, Strand, World, WorldConfig};
use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};
use serde_json::Value;

use crate::command::Home;
use crate::vendors::{Vendors, today};
use crate::worlds::{Shape, config, days_ago};

/// How many letters lie in a folder.
pub fn letters(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "eml")).count()
}

/// A month that is not over, so that the batch job which runs away at its end is still to come.
fn month(seed: u64) -> Vendors {
    let world = WorldConfig {
        quirks: Quirks::NONE,
        people: 10,
        events_per_person_day: 24,
        first_day: days_ago(30),
        last_day: today().saturating_add(20.days()),
        ..config(Shape::Analytics, seed)
    };
    Vendors::open(World::generate(world), FaultPlan::none())
}

/// The newest such day that ended more than a week ago.
fn last(weekday: Weekday) -> Date {
    (9..=15).map(days_ago).find(|day| day.weekday() == weekday).unwrap()
}

/// Ids of what is open, by the subject that they are about.
fn id_of(home: &Home, subject: &str) -> String {
    let listed = home.aispend(&["alerts", "list", "--json"]).exits(0).json();
    let of = |incident: &&Value| incident["breach"]["subject"] == subject;
    listed.as_array().unwrap().iter().find(of).unwrap()["id"].as_str().unwrap().to_owned()
}

#[test]
fn an_incident_is_listed_taken_and_put_off() {
    let vendors = month(150);
    let mut home = Home::with_csv(&vendors);
    let folder = home.data().with_file_name("told");
    home.set("AISPEND_ALERTS_FOLDER", &folder.display().to_string());
    let (from, to) = (days_ago(15), days_ago(8));
    home.run(from, to).exits(0);
    home.aispend(&["alerts", "list"]).exits(0).says("no incident");
    for (fault, day) in [("cents-as-dollars", Weekday::Tuesday), ("renamed-field:amount", Weekday::Thursday)]
    {
        let plant = format!("{fault}@analytics/cost@{}", last(day)).parse().unwrap();
        vendors.plan(|plan| plan.plants.push(plant));
    }
    home.run(from, to).exits(1);
    assert_eq!(letters(&folder), 2);
    home.aispend(&["alerts", "list"])
        .exits(0)
        .says("anthropic/cost, magnitude")
        .says("anthropic/cost, inexact");
    let (taken, later) = (id_of(&home, "anthropic/cost, magnitude"), id_of(&home, "anthropic/cost, inexact"));

    home.aispend(&["alerts", "ack", &taken, "--by", "ann@example.com"]).exits(0).says("is taken");
    home.aispend(&["alerts", "ack", &taken, "--by", "bob@example.com"])
        .exits(0)
        .says("was acknowledged already");
    let (now, tomorrow) = (today().to_string(), today().saturating_add(1.days()).to_string());
    home.aispend(&["alerts", "snooze", &later, "--until", &tomorrow, "--by", "bob@example.com"])
        .exits(0)
        .says(&format!("is put off until {tomorrow}"));
    home.aispend(&["alerts", "list"])
        .exits(0)
        .says("acknowledged by ann@example.com")
        .says(&format!("snoozed until {tomorrow} by bob@example.com"));
    home.aispend(&["alerts", "check"]).exits(0).says("nothing new");
    assert_eq!(letters(&folder), 2, "nobody is told of what somebody took or put off");

    home.aispend(&["alerts", "snooze", &later, "--until", &now]).exits(0);
    home.aispend(&["alerts", "check"]).exits(1).says(&format!("opened    {later}"));
    assert_eq!(letters(&folder), 3, "the day has come, and it still holds");
    let states = format!(
        "SELECT state FROM ai_usage_analytics.alert_incidents WHERE incident_id = '{later}'
         GROUP BY state ORDER BY MIN(changed_at)"
    );
    assert_eq!(home.column(&states), ["open", "snoozed"]);
    home.aispend(&["alerts", "ack", "no-such-id"]).exits(2).says("aispend alerts list");
}

#[test]
fn a_backtest_names_the_day_on_which_a_rule_would_have_fired() {
    let vendors = month(151);
    let day = last(Weekday::Wednesday);
    let scaled = Restatement::Scale { day, strand: Strand::Console, percent: 900 };
    vendors.simulator().world.restate(&scaled);
    let home = Home::with_csv(&vendors);
    home.run(days_ago(30), days_ago(2)).exits(0);
    let (from, to) = (days_ago(20).to_string(), days_ago(1).to_string());
    let said = home.aispend(&["alerts", "backtest", "daily-anomaly", "--from", &from, "--to", &to]).exits(0);
    let lines: Vec<&str> = said.stdout.lines().collect();
    let opened = format!("{}  {day}  ", day.saturating_add(1.days()));
    assert_eq!(lines.len(), 2, "{}", said.stdout);
    assert!(lines[0].starts_with(&opened) && lines[0].contains("(limit 150"), "{}", said.stdout);
    assert_eq!(lines[1], format!("daily-anomaly: 1 incidents between {from} and {to}"));
    home.aispend(&["alerts", "list", "--all", "--json"]).exits(0);
    let incidents = "SELECT COUNT(*) FROM ai_usage_analytics.alert_incidents";
    assert_eq!(home.value(incidents), "0", "it opens nothing");
    home.aispend(&["alerts", "backtest", "no-such-rule"]).exits(2).says("daily-anomaly");
    home.aispend(&["alerts", "backtest", "parked-messages"]).exits(2).says("has no history");
}

#[test]
fn an_invoice_that_does_not_agree_is_named_with_both_amounts() {
    let vendors = month(152);
    let home = Home::with_csv(&vendors);
    home.run(days_ago(30), days_ago(2)).exits(0);
    let (from, to) = (days_ago(28), days_ago(20));
    let billed = home.value(&format!(
        "SELECT CAST(ROUND(SUM(estimated_cost_usd), 2) AS VARCHAR) FROM ai_usage_analytics.cursor_expenses
         WHERE cost_class = 'usage' AND expense_date BETWEEN DATE '{from}' AND DATE '{to}'"
    ));
    let invoice = |percent: i64| {
        let cents: i64 = billed.replace('.', "").parse().unwrap();
        let cents = cents * 100 / (100 + percent);
        let dollars = format!("{}.{:02}", cents / 100, cents % 100);
        let sheet = format!(
            "vendor,invoice_id,period_start,period_end,scope,amount,currency\n\
             cursor,INV-{percent},{from},{to},usage,{dollars},USD\n"
        );
        std::fs::write(home.sheet("invoices"), sheet).unwrap();
        home.aispend(&["run", "--feeds", "sheets/invoices"]).exits(0);
        dollars
    };
    let backtest =
        || home.aispend(&["alerts", "backtest", "reconciliation", "--from", &today().to_string()]).exits(0);
    invoice(4);
    backtest().says("reconciliation: 0 incidents");
    let dollars = invoice(8);
    let said = backtest();
    said.says("reconciliation: 1 incidents");
    said.says(&format!(
        "cursor usage, {to}: billed is ${billed}, the invoice says ${dollars}, 8 % off. Invoice INV-8."
    ));
}
