//! The alert rules on this engine: a quiet company gives no row, and each planted fault gives one row of its own rule.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};

use aispend_duckdb::DuckDb;
use aispend_ports::{IncidentLine, Questions, Warehouse};
use aispend_warehouse::{Engine, Evaluation, Limits, Only, Rule, alerts, change_sql};
use duckdb::Connection;
use jiff::{Timestamp, ToSpan, civil::Date, civil::date};

const COLUMNS: [&str; 15] = [
    "subject",
    "period",
    "measured",
    "limit_value",
    "amount",
    "baseline",
    "platform",
    "team",
    "now_from",
    "now_to",
    "base_from",
    "base_to",
    "since",
    "link",
    "note",
];

fn fixtures() -> PathBuf {
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    Path::new(&here).join("../../../infra/warehouse/alerts/fixtures")
}

/// A warehouse with what these files hold.
async fn filled(folder: &Path, files: &[&str]) -> DuckDb {
    DuckDb::open_writer(folder, false).unwrap().migrate().await.unwrap();
    let connection = Connection::open(folder.join(".writer/warehouse.duckdb")).unwrap();
    for file in files {
        let sql = std::fs::read_to_string(fixtures().join(format!("{file}.sql"))).unwrap();
        connection.execute_batch(&sql.replace("{{numeric}}", "DECIMAL(38, 9)")).unwrap();
    }
    drop(connection);
    DuckDb::open_writer(folder, false).unwrap()
}

/// Rule and subject of every row.
async fn rows(warehouse: &DuckDb, rules: &[Rule], as_of: Date) -> Vec<(String, String)> {
    let limits = Limits::new();
    let asked = Evaluation { as_of, quiet_from: date(1970, 1, 1), limits: &limits };
    let mut found = Vec::new();
    for rule in rules {
        let answer = warehouse.ask(&rule.sql(Engine::DuckDb, &asked).unwrap()).await;
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error}", rule.name));
        assert_eq!(answer.columns, COLUMNS, "{}", rule.name);
        for row in answer.rows {
            found.push((rule.name.clone(), row[0].clone().unwrap()));
        }
    }
    found
}

#[tokio::test]
async fn a_quiet_company_is_reported_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = filled(folder.path(), &["clean"]).await;
    let rules = alerts().unwrap();
    let mut day = date(2026, 8, 25);
    while day <= date(2026, 11, 22) {
        assert_eq!(rows(&warehouse, &rules, day).await, [], "{day}");
        // Every weekday comes by, and the ends of months.
        day = day.saturating_add(3.days());
    }
}

#[tokio::test]
async fn one_planted_fault_is_one_row_of_its_own_rule() {
    let rules = alerts().unwrap();
    for rule in &rules {
        let folder = tempfile::tempdir().unwrap();
        let warehouse = filled(folder.path(), &["clean", &rule.name]).await;
        let found = rows(&warehouse, &rules, date(2026, 11, 22)).await;
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, [rule.name.as_str()], "{found:?}");
    }
}

/// What the rule says of an invoice that is so far off the month of August: its texts, in order.
async fn invoiced(folder: &Path, factor: &str) -> Vec<Vec<Option<String>>> {
    let connection = Connection::open(folder.join(".writer/warehouse.duckdb")).unwrap();
    let invoice = format!(
        "DELETE FROM ai_usage_analytics.invoices WHERE invoice_id = 'INV-8';
         INSERT INTO ai_usage_analytics.invoices (vendor, invoice_org_id, invoice_id, period_start, period_end, scope,
            amount, currency, usd_amount, org_id, slice_key, source, run_id, fetched_at)
         SELECT 'cursor', 'cursor', 'INV-8', DATE '2026-08-01', DATE '2026-08-31', 'usage', billed / {factor}, 'USD',
            billed / {factor}, 'sheets', 'sheets/invoices|sheets|all', '', 'run', TIMESTAMP '2026-11-22 14:05:00'
         FROM (SELECT CAST(SUM(e.estimated_cost_usd) AS DOUBLE) AS billed FROM ai_usage_analytics.cursor_expenses AS e
            WHERE e.cost_class = 'usage' AND e.expense_date BETWEEN DATE '2026-08-01' AND DATE '2026-08-31')"
    );
    connection.execute_batch(&invoice).unwrap();
    drop(connection);
    let warehouse = DuckDb::open_writer(folder, false).unwrap();
    let rule = alerts().unwrap().into_iter().find(|rule| rule.name == "reconciliation").unwrap();
    let limits = Limits::new();
    let asked = Evaluation { as_of: date(2026, 11, 22), quiet_from: date(1970, 1, 1), limits: &limits };
    warehouse.ask(&rule.sql(Engine::DuckDb, &asked).unwrap()).await.unwrap().rows
}

#[tokio::test]
async fn an_invoice_is_named_with_its_amounts_from_more_than_five_percent_on() {
    let folder = tempfile::tempdir().unwrap();
    drop(filled(folder.path(), &["clean"]).await);
    for factor in ["1", "1.049", "0.951", "1.05"] {
        assert_eq!(
            invoiced(folder.path(), factor).await,
            Vec::<Vec<_>>::new(),
            "billed is {factor} of the invoice"
        );
    }
    // 21 weekdays of 30 dollars and ten days of 6.
    let billed = "690";
    for (factor, off, invoice) in [("1.051", "5.1", "656.517602284"), ("0.949", "5.1", "727.081138040")] {
        let rows = invoiced(folder.path(), factor).await;
        assert_eq!(rows.len(), 1, "{factor}: {rows:?}");
        let text =
            |name: &str| rows[0][COLUMNS.iter().position(|column| *column == name).unwrap()].clone().unwrap();
        let near = |text: String, expected: &str| {
            let read = |text: &str| aispend_model::Money::from_dollars(text).unwrap().money.nanos();
            // The invoice itself was rounded to a nano.
            assert!((read(&text) - read(expected)).abs() < 1_000, "{text} is not {expected}");
        };
        assert_eq!((text("subject"), text("period")), ("cursor usage cursor".into(), "2026-08".into()));
        near(text("measured"), off);
        near(text("limit_value"), "5");
        near(text("amount"), billed);
        near(text("baseline"), invoice);
        assert_eq!(text("note"), "Invoice INV-8.");
        assert_eq!(text("link"), "allocation?range=2026-08-01~2026-08-31&platform=cursor#ledger");
    }
}

#[tokio::test]
async fn a_change_is_explained_by_rows_that_add_up_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = filled(folder.path(), &["clean", "monthly-increase"]).await;
    let (now, base) = ((date(2026, 11, 1), date(2026, 11, 21)), (date(2026, 10, 1), date(2026, 10, 21)));
    let change =
        warehouse.ask(&change_sql(Engine::DuckDb, now, base, &Only::default()).unwrap()).await.unwrap();
    assert_eq!(
        change.columns,
        ["platform", "user_email", "model", "now_usd", "base_usd", "now_tokens", "base_tokens"]
    );
    let sum = |place: usize| -> aispend_model::Money {
        let amounts = change.rows.iter().map(|row| row[place].as_deref().unwrap());
        amounts.map(|text| aispend_model::Money::from_dollars(text).unwrap().money).sum()
    };
    let spend = async |(from, to): (Date, Date)| {
        let sql = format!(
            "SELECT SUM(f.cost_usd) FROM ai_usage_analytics.fct_cost_daily AS f
             WHERE f.cost_date BETWEEN DATE '{from}' AND DATE '{to}'"
        );
        let answer = warehouse.ask(&sql).await.unwrap();
        aispend_model::Money::from_dollars(answer.rows[0][0].as_deref().unwrap()).unwrap().money
    };
    assert_eq!((sum(3), sum(4)), (spend(now).await, spend(base).await));
}

#[tokio::test]
async fn a_spent_budget_of_a_team_is_explained_by_what_the_team_spent_before() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = filled(folder.path(), &["clean", "budget"]).await;
    let rule = alerts().unwrap().into_iter().find(|rule| rule.name == "budget").unwrap();
    assert!(rule.explains_change);
    let limits = Limits::new();
    let asked = Evaluation { as_of: date(2026, 11, 22), quiet_from: date(1970, 1, 1), limits: &limits };
    let answer = warehouse.ask(&rule.sql(Engine::DuckDb, &asked).unwrap()).await.unwrap();
    let cell =
        |name: &str| answer.rows[0][COLUMNS.iter().position(|column| *column == name).unwrap()].clone();
    let day = |name: &str| cell(name).unwrap().parse::<Date>().unwrap();
    assert_eq!(
        (cell("subject"), cell("team"), cell("platform")),
        (Some("Edge".into()), Some("Edge".into()), None)
    );
    let (now, base) = ((day("now_from"), day("now_to")), (day("base_from"), day("base_to")));
    assert_eq!(
        (now, base),
        ((date(2026, 11, 1), date(2026, 11, 21)), (date(2026, 10, 1), date(2026, 10, 21)))
    );
    let team = cell("team");
    let only = Only { team: team.as_deref(), platform: None };
    let change = warehouse.ask(&change_sql(Engine::DuckDb, now, base, &only).unwrap()).await.unwrap();
    let money = |text: &str| aispend_model::Money::from_dollars(text).unwrap().money;
    let sum = |place: usize| -> aispend_model::Money {
        change.rows.iter().map(|row| money(row[place].as_deref().unwrap())).sum()
    };
    let spend = async |(from, to): (Date, Date)| {
        let sql = format!(
            "SELECT SUM(s.cost_usd) FROM ai_usage_analytics.vw_spend_daily AS s
             WHERE s.team = 'Edge' AND s.spend_date BETWEEN DATE '{from}' AND DATE '{to}'"
        );
        money(warehouse.ask(&sql).await.unwrap().rows[0][0].as_deref().unwrap())
    };
    assert_eq!((sum(3), sum(4)), (spend(now).await, spend(base).await));
    assert_eq!(sum(3), money(&cell("amount").unwrap()), "what the letter says was spent is what it explains");
    assert!(sum(4) > money("0"));
}

#[tokio::test]
async fn the_lines_of_an_incident_are_kept_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = filled(folder.path(), &[]).await;
    let line = IncidentLine {
        incident_id: "a1".to_owned(),
        rule: "stale".to_owned(),
        subject: "it's \"so\"".to_owned(),
        period: "2026-11-21".to_owned(),
        state: "open".to_owned(),
        severity: "critical".to_owned(),
        measured: "52".to_owned(),
        limit_value: "48".to_owned(),
        summary: "s".to_owned(),
        opened_at: Timestamp::from_second(1).unwrap(),
        changed_at: Timestamp::from_second(1).unwrap(),
        notified_at: None,
        changed_by: None,
    };
    let later = IncidentLine {
        state: "acknowledged".to_owned(),
        changed_at: Timestamp::from_second(2).unwrap(),
        notified_at: Some(Timestamp::from_second(1).unwrap()),
        changed_by: Some("ann@example.com".to_owned()),
        ..line.clone()
    };
    warehouse.record_incident(line).await.unwrap();
    warehouse.record_incident(later).await.unwrap();
    let sql = "SELECT a.subject, a.state, a.notified_at, a.changed_by
               FROM ai_usage_analytics.alert_incidents AS a ORDER BY a.changed_at";
    let rows = warehouse.ask(sql).await.unwrap().rows;
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(rows[0], [text("it's \"so\""), text("open"), None, None]);
    assert_eq!(rows[1][1..], [text("acknowledged"), text("1970-01-01T00:00:01Z"), text("ann@example.com")]);
}
