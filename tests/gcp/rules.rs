//! The alert rules, and what explains a change of spend, on both engines over half a year with every planted fault in it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use aispend_bigquery::BigQuery;
use aispend_duckdb::{DuckDb, Reader, open_reader};
use aispend_ports::SliceLoad;
use aispend_warehouse::{
    DATASET, Engine, Evaluation, Limits, Only, Selection, TODAY, alerts, cards, change_sql,
};
use duckdb::Connection;
use jiff::civil::{Date, date};
use jiff::{Timestamp, tz::TimeZone};

use crate::parity::{copied, fill, plain, rows_of};

/// The day that the fixtures are about.
const AS_OF: Date = date(2026, 11, 22);

/// The statements of every fixture, a quiet company first.
fn fixtures() -> Vec<String> {
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    let folder = Path::new(&here).join("../infra/warehouse/alerts/fixtures");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort_by_key(|file| (!file.ends_with("clean.sql"), file.clone()));
    let texts = files.iter().map(|file| std::fs::read_to_string(file).unwrap());
    texts
        .flat_map(|text| text.split(";\n").map(str::to_owned).collect::<Vec<_>>())
        .filter(|statement| statement.lines().any(|line| !line.trim().is_empty() && !line.starts_with("--")))
        .collect()
}

/// DuckDB with the loads of the company and the fixtures.
async fn duckdb_with(folder: &Path, loads: &[SliceLoad], statements: &[String]) -> Reader {
    let writer = DuckDb::open_writer(folder, false).unwrap();
    writer.migrate().await.unwrap();
    fill(&writer, loads).await;
    drop(writer);
    let connection = Connection::open(folder.join(".writer/warehouse.duckdb")).unwrap();
    for statement in statements {
        connection.execute_batch(&statement.replace("{{numeric}}", "DECIMAL(38, 9)")).unwrap();
    }
    drop(connection);
    DuckDb::open_writer(folder, false).unwrap().publish().await.unwrap();
    open_reader(folder).unwrap()
}

/// The views that these queries read, and those they are made of; one stands after those it reads.
fn views_of(queries: &[(String, String, String)]) -> Vec<&'static str> {
    let reads = |sql: &str, name: &str| {
        let word = format!("{DATASET}.{name}");
        sql.match_indices(&word).any(|(at, _)| {
            !sql[at + word.len()..]
                .starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_')
        })
    };
    let mut texts: Vec<String> = queries.iter().map(|(_, _, sql)| sql.clone()).collect();
    let mut names = Vec::new();
    for view in aispend_warehouse::views().collect::<Vec<_>>().into_iter().rev() {
        if texts.iter().any(|sql| reads(sql, view.name)) {
            texts.push(view.select(Engine::BigQuery));
            names.push(view.name);
        }
    }
    names.reverse();
    names
}

/// What budgets and forecasts are made of, and whom or what counts count: each text once, however many cards show its figure.
fn behind_figures(reader: &Reader) -> Vec<(String, String, String)> {
    let days = Selection::of_days(date(2026, 11, 1), AS_OF.yesterday().unwrap(), AS_OF);
    let edge = Selection { team: vec!["Edge".to_owned()], ..days.clone() };
    let mut queries: Vec<(String, String, String)> = Vec::new();
    for (whose, selection) in [("all", &days), ("Edge", &edge)] {
        for card in cards().unwrap() {
            for column in &card.columns {
                let name = format!("what {} of {} is made of, {whose}", column.name, card.id);
                if let Some(inputs) = &column.inputs {
                    let of = |engine| inputs.sql(engine, selection);
                    queries.push((name.clone(), of(Engine::DuckDb), of(Engine::BigQuery)));
                }
                let Some(members) = &column.members else { continue };
                let shown = reader.query(&card.sql(Engine::DuckDb, selection).unwrap()).unwrap();
                let place = |name: &str| shown.columns.iter().position(|column| column.name == name).unwrap();
                for row in shown.rows.iter().take(3) {
                    let of_row = members.by.iter().map(|name| (name.clone(), row[place(name)].to_string()));
                    let of_row: Vec<_> = of_row.collect();
                    let of = |engine| card.members(members, &of_row, engine, selection).unwrap();
                    queries.push((format!("{name} {of_row:?}"), of(Engine::DuckDb), of(Engine::BigQuery)));
                }
            }
        }
    }
    queries.sort_by(|one, other| one.1.cmp(&other.1));
    queries.dedup_by(|one, other| one.1 == other.1);
    queries
}

/// Where the engines answer a rule differently.
pub async fn rule_problems(bigquery: &BigQuery, loads: &[SliceLoad]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let statements = fixtures();
    let reader = duckdb_with(folder.path(), loads, &statements).await;
    for statement in &statements {
        let sql = statement.replace("{{numeric}}", "NUMERIC");
        bigquery.query(&sql, None).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }
    let limits = Limits::new();
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let long_ago = date(1970, 1, 1);
    let mut queries = Vec::new();
    for rule in alerts().unwrap() {
        let of = |engine, as_of| {
            rule.sql(engine, &Evaluation { as_of, quiet_from: long_ago, limits: &limits }).unwrap()
        };
        queries.push((rule.name.clone(), of(Engine::DuckDb, AS_OF), of(Engine::BigQuery, AS_OF)));
        // As Metabase keeps it.
        let standing = rule.standing_sql(Engine::BigQuery, TODAY, "DATE '1970-01-01'", &limits).unwrap();
        queries.push((format!("{} today", rule.name), of(Engine::DuckDb, today), standing));
    }
    let budget = Only { team: Some("Edge"), platform: None };
    for only in [Only::default(), Only { platform: Some("claude_code"), team: None }, budget] {
        let (now, base) = ((date(2026, 11, 15), date(2026, 11, 21)), (date(2026, 11, 8), date(2026, 11, 14)));
        let of = |engine| change_sql(engine, now, base, &only).unwrap();
        queries.push((format!("change of {only:?}"), of(Engine::DuckDb), of(Engine::BigQuery)));
    }
    queries.extend(behind_figures(&reader));
    let kept = views_of(&queries);
    for name in &kept {
        rows_of(name, &kept, bigquery).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let mut problems = String::new();
    let mut spoke = BTreeSet::new();
    for (name, here, there) in &queries {
        let here = plain(&reader.query(here).unwrap_or_else(|error| panic!("{name}: {error}")));
        match bigquery.query(&copied(there, &kept), None).await {
            Ok(there) => {
                if let Some(difference) = here.difference(&plain(&there)) {
                    writeln!(problems, "{name}: {difference}").unwrap();
                }
            }
            Err(error) => writeln!(problems, "{name}: BigQuery: {error}").unwrap(),
        }
        if !here.rows.is_empty() {
            spoke.insert(name.as_str());
        }
    }
    assert!(spoke.len() > 10, "only {spoke:?} have rows: the others prove too little");
    problems
}
