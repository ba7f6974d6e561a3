//! Tables against the truth, and a warehouse against another.

use std::collections::BTreeSet;

use aispend_duckdb::Reader;
use aispend_tables::QueryResult;
use aispend_testkit::truth::{self, TABLES};

use crate::command::Home;
use crate::vendors::Vendors;

/// Differences shown before the rest is only counted.
const SHOWN: usize = 8;

/// Asserts that the tables of a data folder are the vendors' truth.
#[track_caller]
pub fn assert_truth(home: &Home, vendors: &Vendors, what: &str) {
    let (scope, truth) = vendors.truth();
    let simulator = vendors.simulator();
    truth::assert_truth(&asking(&home.reader()), &simulator.world, &scope, &truth, what);
}

/// Asserts that all billed money is whose it is: person, team, and the way the person was found.
#[track_caller]
pub fn assert_attribution(home: &Home, vendors: &Vendors, what: &str) {
    let (scope, truth) = vendors.truth();
    truth::assert_attribution(&asking(&home.reader()), &scope, &truth, what);
}

fn asking(reader: &Reader) -> impl Fn(&str) -> QueryResult {
    |sql| reader.query(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"))
}

/// All tables to the last byte, lineage included.
pub fn bytes(home: &Home) -> Vec<(&'static str, String)> {
    let reader = home.reader();
    TABLES.into_iter().map(|table| (table, reader.export_sorted(table).unwrap())).collect()
}

/// All tables without their lineage: what does not say when and by which run a row was read.
pub fn content(home: &Home) -> Vec<(&'static str, String)> {
    let reader = home.reader();
    TABLES.into_iter().map(|table| (table, without_lineage(&reader, table))).collect()
}

fn without_lineage(reader: &Reader, table: &str) -> String {
    // The moment of observation stands in for a time that a source does not give.
    let also = if table == "claude_usage_stats" { ", upload_timestamp" } else { "" };
    let sql = format!(
        "SELECT * EXCLUDE (run_id, fetched_at, document_sha256{also}) FROM ai_usage_analytics.{table} ORDER BY ALL"
    );
    reader.query(&sql).unwrap().to_csv()
}

/// Asserts that two sets of tables are the same, line for line.
#[track_caller]
pub fn assert_tables(left: &[(&'static str, String)], right: &[(&'static str, String)], what: &str) {
    for ((table, left), (_, right)) in left.iter().zip(right) {
        if left == right {
            continue;
        }
        let (ours, theirs): (BTreeSet<&str>, BTreeSet<&str>) =
            (left.lines().collect(), right.lines().collect());
        let some = |lines: Vec<&&str>, mark: char| -> String {
            lines
                .iter()
                .take(SHOWN)
                .flat_map(|line| ["\n  ", &mark.to_string(), " ", line].map(str::to_owned))
                .collect()
        };
        let more = some(ours.difference(&theirs).collect(), '-');
        let less = some(theirs.difference(&ours).collect(), '+');
        panic!(
            "{what}: {table} differs, {} lines and {}:\n  {}{more}{less}",
            left.lines().count(),
            right.lines().count(),
            left.lines().next().unwrap_or_default()
        );
    }
}
