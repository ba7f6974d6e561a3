//! The figures of the dashboards agree with each other and with the billed money, to the nano-dollar.

use std::collections::BTreeMap;

use aispend_model::Money;
use aispend_simulator::FaultPlan;
use axum::http::StatusCode;
use jiff::civil::Date;
use serde_json::Value;

use crate::command::Home;
use crate::pages::Pages;
use crate::vendors::Vendors;
use crate::worlds::{Shape, days_ago, world};

/// Every card of a dashboard that has rows, by id.
struct Board(BTreeMap<String, Value>);

impl Board {
    /// `filters`: as in an address. `aispend export` gives the same.
    fn export(pages: &Pages, group: &str, filters: &str) -> Self {
        let (status, _, body) = pages.get(&format!("/export/{group}.json?{filters}"));
        assert_eq!(status, StatusCode::OK, "{group} with {filters}: {body:?}");
        let exported: Value = serde_json::from_slice(&body).unwrap();
        let cards = exported["cards"].as_array().unwrap().iter();
        Self(cards.map(|card| (card["id"].as_str().unwrap().to_owned(), card.clone())).collect())
    }

    /// A column, from top to bottom; nothing where the card has no rows.
    fn column(&self, id: &str, name: &str) -> Vec<i128> {
        let Some(card) = self.0.get(id) else { return Vec::new() };
        let columns = card["columns"].as_array().unwrap();
        let at = columns.iter().position(|column| column["name"] == name);
        let at = at.unwrap_or_else(|| panic!("{id} has no column {name}"));
        let rows = card["rows"].as_array().unwrap().iter();
        rows.filter_map(|row| row[at].as_str()).map(nanos).collect()
    }

    /// Two columns of a card: the second by the first.
    fn by(&self, id: &str, key: &str, name: &str) -> BTreeMap<String, Value> {
        let Some(card) = self.0.get(id) else { return BTreeMap::new() };
        let at = |wanted: &str| {
            let columns = card["columns"].as_array().unwrap();
            let place = columns.iter().position(|column| column["name"] == wanted);
            place.unwrap_or_else(|| panic!("{id} has no column {wanted}"))
        };
        let (key, name) = (at(key), at(name));
        let rows = card["rows"].as_array().unwrap().iter();
        rows.map(|row| (row[key].as_str().unwrap().to_owned(), row[name].clone())).collect()
    }

    fn sum(&self, id: &str, name: &str) -> i128 {
        self.column(id, name).iter().sum()
    }
}

/// Exactly: an amount with more decimals than a nano-dollar is a failure.
fn nanos(text: &str) -> i128 {
    let read = Money::from_dollars(text).unwrap();
    assert_eq!(read.lost.to_string(), "0", "{text}");
    read.money.nanos()
}

/// Cards that show all money of the selection, and the column to add up.
const WHOLE: [(&str, &str); 9] = [
    ("exec/platform-share", "cost_usd"),
    ("alloc/heatmap", "total_usd"),
    ("alloc/people", "cost_usd"),
    ("alloc/team-stack", "cost_usd"),
    ("alloc/team-share", "cost_usd"),
    ("alloc/teams", "cost_usd"),
    ("alloc/models", "cost_usd"),
    ("alloc/models-table", "cost_usd"),
    ("alloc/ledger", "cost_usd"),
];

/// Billed money of some days, as far as a condition holds.
fn billed(home: &Home, (from, to): (Date, Date), condition: &str) -> i128 {
    nanos(&home.value(&format!(
        "SELECT COALESCE(SUM(cost_usd), 0) FROM ai_usage_analytics.fct_cost_daily \
         WHERE cost_date BETWEEN '{from}' AND '{to}' AND {condition}"
    )))
}

/// `before`: the days that the selected ones are compared with, where they are loaded.
fn assert_sums(
    (home, pages): (&Home, &Pages),
    days: (Date, Date),
    before: Option<(Date, Date)>,
    filters: &str,
    condition: &str,
) {
    let filters = &format!("range={}~{}{filters}", days.0, days.1);
    let (exec, alloc) = (Board::export(pages, "exec", filters), Board::export(pages, "alloc", filters));
    let total = exec.sum("exec/total-spend", "total_usd");
    assert_eq!(total, billed(home, days, condition), "exec/total-spend with {filters:?}");
    for (id, column) in WHOLE {
        let board = if id.starts_with("exec/") { &exec } else { &alloc };
        assert_eq!(board.sum(id, column), total, "{id} with {filters:?}");
    }
    // By column of the heat map as well: each platform once.
    let by_platform: i128 = ["claude_code", "claude_ai", "claude_api", "cursor"]
        .iter()
        .map(|platform| alloc.sum("alloc/heatmap", platform))
        .sum();
    assert_eq!(by_platform, total, "the platforms of alloc/heatmap with {filters:?}");
    // From what was to what is, by what changed.
    let steps = exec.column("exec/what-changed", "delta_usd");
    match before {
        None => assert!(steps.is_empty(), "nothing to compare with, and {steps:?} with {filters:?}"),
        Some(before) => {
            let [first, between @ .., last] = steps.as_slice() else {
                panic!("no way from what was to what is with {filters:?}: {steps:?}")
            };
            assert!(!between.is_empty(), "nothing changed with {filters:?}");
            assert_eq!(first + between.iter().sum::<i128>(), *last, "with {filters:?}");
            let before = billed(home, before, condition);
            assert_eq!((*first, *last), (before, total), "the ends of exec/what-changed with {filters:?}");
        }
    }
}

/// The same figure on two dashboards is the same number.
fn assert_agreement(pages: &Pages, filters: &str) {
    let board = |group| Board::export(pages, group, filters);
    let (exec, alloc, prod, roi) = (board("exec"), board("alloc"), board("prod"), board("roi"));
    for column in ["cost_usd", "share_pct"] {
        let people = alloc.by("alloc/people", "user_email", column);
        let top = exec.by("exec/top-users", "user_email", column);
        assert!(!top.is_empty(), "nobody is on top with {filters:?}");
        for (person, figure) in top {
            assert_eq!(people.get(&person), Some(&figure), "{column} of {person} with {filters:?}");
        }
    }
    for (column, measure) in [
        ("cost_usd", "Cost"),
        ("cost_per_line_accepted", "Cost per accepted line"),
        ("cost_per_accepted_suggestion", "Cost per accepted suggestion"),
    ] {
        let efficiency = roi.by("roi/platform-efficiency", "platform", column);
        for platform in ["claude_code", "cursor"] {
            let compared = prod.by("prod/tool-comparison", "measure", &format!("{platform}_value"));
            let (here, there) = (&efficiency[platform], &compared[measure]);
            assert_eq!(figure(here), figure(there), "{measure} of {platform} with {filters:?}");
        }
    }
}

/// A figure or nothing, whatever zeros stand behind it.
fn figure(value: &Value) -> Option<i128> {
    value.as_str().map(nanos)
}

#[test]
fn every_card_adds_up_to_the_same_total() {
    for (place, shape) in (0..).zip(Shape::ALL) {
        let vendors = Vendors::open(world(shape, 70 + place), FaultPlan::none());
        let home = Home::with_csv(&vendors);
        let (from, to) = (days_ago(11), days_ago(4));
        home.run(from, to);
        let middle = days_ago(7);
        let (range, half) = (format!("range={from}~{to}"), format!("range={middle}~{to}"));
        let earlier = Some((from, days_ago(8)));
        let pages = Pages::of(&home, false);
        let site = (&home, &pages);
        assert_sums(site, (from, to), None, "", "TRUE");
        assert_sums(site, (middle, to), earlier, "", "TRUE");
        assert_agreement(&pages, &range);
        assert_agreement(&pages, &format!("{half}&team=Platform"));
        assert_sums(site, (from, to), None, "&platform=cursor", "platform = 'cursor'");
        assert_sums(site, (middle, to), earlier, "&platform=cursor", "platform = 'cursor'");
        assert_sums(site, (middle, to), earlier, "&team=Platform", "team = 'Platform'");
    }
}

#[test]
fn what_cannot_be_exported_is_named_with_the_remedy() {
    let vendors = Vendors::open(world(Shape::Legacy, 75), FaultPlan::none());
    let home = Home::with_csv(&vendors);
    home.aispend(&["export", "exec"]).exits(2).says("aispend run");
    home.run(days_ago(6), days_ago(4));
    home.aispend(&["export", "exec/no-such-card"]).exits(2).says("exec/total-spend");
    home.aispend(&["export", "exec", "--format", "json", "--out", "-", "--range", "soon"])
        .exits(2)
        .says("thismonth");
}
