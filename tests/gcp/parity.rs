//! The same slices in DuckDB and in BigQuery: every table and view says the same, cell by cell.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use aispend_bigquery::{BigQuery, BigQueryError, BigQueryOptions};
use aispend_duckdb::{DuckDb, open_reader};
use aispend_emulators::{Emulators, Service};
use aispend_google::Google;
use aispend_loader::Loader;
use aispend_model::{Feed, Money, Slice, moment_from_micros};
use aispend_ports::{
    IncidentLine, LedgerLine, LoadState, Rejected, RunLine, SliceLoad, SliceOutcome, Topic, Verdict,
    Warehouse, WarehouseError,
};
use aispend_proto::{
    Table, TableSums,
    v1::{Invoice, RecordSet},
};
use aispend_simulator::{FaultPlan, Quirks, Simulator, WorldConfig};
use aispend_stage::{Header, Message, Stage as _, read_envelope};
use aispend_tables::{Cell, CellKind, QueryColumn, QueryResult};
use aispend_testkit::Dice;
use aispend_testkit::memory::WarehouseSwitches;
use aispend_testkit::sim::{SheetsFrom, Timeline};
use aispend_testkit::warehouse::{Reading, cost_slice, expense};
use aispend_tests::simulation::{Plant, Scenario, Schedule, StageKind};
use aispend_warehouse::{DATASET, Engine, cards};
use async_trait::async_trait;
use jiff::SignedDuration;
use jiff::civil::date;

use crate::cards::card_problems;
use crate::rules::rule_problems;

/// Tables that no slice fills. Anything else without a row would prove nothing.
const EMPTY: [&str; 0] = [];

/// Columns that say when the warehouse was made or asked.
const OF_THE_MOMENT: [&str; 3] = ["created_at", "checked_at", "schema_digest"];

/// Differences shown before the rest is only counted.
const SHOWN: usize = 6;

/// Keeps what a loader would load.
#[derive(Default)]
struct Recorder(Mutex<Vec<SliceLoad>>);

#[async_trait]
impl Warehouse for Recorder {
    async fn load(&self, slices: Vec<SliceLoad>) -> Result<Vec<Verdict>, WarehouseError> {
        let verdicts = slices
            .iter()
            .map(|_| Verdict { state: LoadState::Loaded, superseded: TableSums::default() })
            .collect();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(slices);
        Ok(verdicts)
    }

    async fn ledger(&self, _: Option<Feed>) -> Result<Vec<LedgerLine>, WarehouseError> {
        Ok(Vec::new())
    }

    async fn record_run(&self, _: RunLine) -> Result<(), WarehouseError> {
        Ok(())
    }

    async fn record_incident(&self, _: IncidentLine) -> Result<(), WarehouseError> {
        Ok(())
    }

    async fn snapshot(&self, _: Table) -> Result<RecordSet, WarehouseError> {
        Ok(RecordSet::default())
    }
}

/// A company with every vendor and every oddity, read on two days between which the vendors changed their minds.
fn plant() -> Plant {
    let scenario = Scenario {
        config: WorldConfig {
            console: true,
            enterprise: true,
            cursor: true,
            sheets: true,
            analytics: true,
            enterprise_analytics: true,
            events_per_person_day: 5,
            quirks: Quirks::default(),
            ..WorldConfig::company(23, 5, date(2026, 10, 5), date(2026, 10, 8))
        },
        bad_days: 1,
        beta_opens: 0,
        sheets_from: SheetsFrom::Files,
        never: BTreeSet::new(),
        shaky: Vec::new(),
        page_size: Some(7),
        sittings: aispend_fetcher::Sittings::default(),
    };
    let world = scenario.world();
    let (settings, options) = (scenario.settings(&world), scenario.accounts());
    let timeline = Timeline::new(scenario.calm_moment());
    let simulator = Simulator::new(world, FaultPlan::none());
    Plant::new(simulator, settings, options, WarehouseSwitches::default(), timeline, Dice::new(1))
}

fn read_all(plant: &Plant) {
    plant.bus.send(Topic::FetchRequests, r#"{"from":"2026-10-05","to":"2026-10-08"}"#.to_owned());
    Schedule::new(plant, Dice::new(2), None, false).run_out().unwrap();
}

/// A company that was read twice. Its stages run in simulated time, which no runtime must see.
fn read_twice() -> Plant {
    let plant = plant();
    read_all(&plant);
    for seed in 0..12 {
        plant.vendors().world.restate_anything(seed);
    }
    let tomorrow = plant.timeline.now() + SignedDuration::from_hours(24);
    plant.timeline.advance_to(tomorrow.as_microsecond());
    read_all(&plant);
    plant
}

/// What the loader was given, and what no small company happens to have.
async fn loads(plant: &Plant) -> Vec<SliceLoad> {
    let recorder = Arc::new(Recorder::default());
    let clock = Arc::new(plant.clock(StageKind::Loader));
    let loader = Loader::new(recorder.clone(), plant.archive.clone(), clock);
    for data in plant.bus.settled(Topic::ValidBatches) {
        let envelope = read_envelope(&data).unwrap();
        let header = Header::try_from(&envelope).unwrap();
        let message = Message { header, envelope, attempt: 1, published_at: plant.timeline.now() };
        loader.handle(message).await.unwrap();
    }
    let mut loads = std::mem::take(&mut *recorder.0.lock().unwrap_or_else(PoisonError::into_inner));
    loads.extend(oddities());
    loads
}

/// Slices that end otherwise than loaded, and a record that was refused.
fn oddities() -> Vec<SliceLoad> {
    let mut refused = Reading::default().row(expense(1_500_000_001)).of(cost_slice(20), 10);
    refused.read.add(Table::ClaudeExpenses, 1, -7);
    refused.rejected.push(Rejected {
        table: "claude_expenses".into(),
        field: "platform".into(),
        reason: "is 'empty'".into(),
        place: "page 0, line 2".into(),
        record: "{\"a\\b\": \"ü\n\"}".into(),
        money: Money::from_nanos(-7),
    });
    let mut gone = Reading::default().of(cost_slice(21), 20);
    gone.outcome = SliceOutcome::Retired;
    let mut lost = Reading::default().of(cost_slice(22), 10);
    lost.outcome = SliceOutcome::Unavailable;
    lost.outcome_reason = "older than the vendor keeps".into();
    let invoice = Invoice {
        vendor: "anthropic".into(),
        invoice_id: "A-1".into(),
        period_start: 20_727,
        period_end: 20_757,
        scope: "usage".into(),
        amount: 1_234_567_890_123,
        currency: "EUR".into(),
        ..Invoice::default()
    };
    let invoices = Reading::default().row(invoice).of(Slice::all(Feed::SheetInvoices, "more sheets"), 10);
    vec![refused, Reading::default().row(expense(5)).of(cost_slice(21), 10), gone, lost, invoices]
}

fn run_line() -> RunLine {
    RunLine {
        run_id: "run".into(),
        trigger: "daily".into(),
        started_at: moment_from_micros(1_790_000_000_000_001).unwrap().1,
        finished_at: Some(moment_from_micros(1_790_000_100_000_000).unwrap().1),
        state: "incomplete".into(),
        planned: 3,
        loaded: 1,
        skipped: 0,
        failed: 1,
        parked: 1,
        notes: "it's \"so\"\nand so".into(),
    }
}

fn incident_line() -> IncidentLine {
    IncidentLine {
        incident_id: "a1".into(),
        rule: "budget".into(),
        subject: "all \"teams\"".into(),
        period: "2026-10".into(),
        state: "acknowledged".into(),
        severity: "warning".into(),
        measured: "1.5".into(),
        limit_value: "1".into(),
        summary: "ü\nover".into(),
        opened_at: moment_from_micros(1_790_000_000_000_001).unwrap().1,
        changed_at: moment_from_micros(1_790_000_200_000_000).unwrap().1,
        notified_at: None,
        changed_by: Some("somebody".into()),
    }
}

pub async fn fill(warehouse: &impl Warehouse, loads: &[SliceLoad]) {
    for batch in loads.chunks(16) {
        warehouse.load(batch.to_vec()).await.unwrap();
    }
    warehouse.record_run(run_line()).await.unwrap();
    warehouse.record_incident(incident_line()).await.unwrap();
}

/// BigQuery of its own: the views keep the emulator, which is one process, from answering anybody else for minutes.
async fn bigquery(emulators: &Emulators) -> BigQuery {
    let addresses = emulators.addresses();
    let variable = |name: &str| match name {
        "GOOGLE_CLOUD_PROJECT" => Some("parity".to_owned()),
        other => addresses.get(other).cloned(),
    };
    let google = Google::read(&variable).unwrap();
    BigQuery::connect(&google, BigQueryOptions::default()).await.unwrap()
}

#[test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
fn every_table_and_view_says_the_same_on_both_engines() {
    let plant = read_twice();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(compare(&plant));
}

async fn compare(plant: &Plant) {
    let loads = loads(plant).await;
    let folder = tempfile::tempdir().unwrap();
    let duckdb = DuckDb::open_writer(folder.path(), true).unwrap();
    duckdb.migrate().await.unwrap();
    fill(&duckdb, &loads).await;
    duckdb.publish().await.unwrap();
    let emulators = Emulators::start(&[Service::BigQuery]).await.unwrap();
    let bigquery = bigquery(&emulators).await;
    bigquery.migrate_facts(true).await.unwrap();
    // What was made without the dashboards' views gets them, once.
    assert!(bigquery.migrate(true).await.unwrap());
    assert!(!bigquery.migrate(true).await.unwrap());
    fill(&bigquery, &loads).await;
    assert_eq!(duckdb.ledger(None).await.unwrap(), bigquery.ledger(None).await.unwrap());

    // The ledger is one thing, and what stands in the tables another.
    for table in Table::ALL {
        let (here, there) =
            (duckdb.snapshot(*table).await.unwrap(), bigquery.snapshot(*table).await.unwrap());
        assert_eq!(here.len(), there.len(), "{}", table.name());
    }

    let reader = open_reader(folder.path()).unwrap();
    let mut problems = String::new();
    let tables = aispend_warehouse::tables().into_iter().map(|table| table.name);
    let views: Vec<&str> = aispend_warehouse::views().map(|view| view.name).collect();
    for name in tables.chain(views.iter().copied()) {
        let sql = format!("SELECT * FROM {DATASET}.{name}");
        // Ages are told in hours: one that changes in between is right before or after.
        let before = plain(&reader.query(&sql).unwrap());
        let there = match rows_of(name, &views, &bigquery).await {
            Ok(there) => plain(&there),
            Err(error) => {
                writeln!(problems, "`{name}`: BigQuery: {error}").unwrap();
                continue;
            }
        };
        if before.rows.is_empty() != EMPTY.contains(&name) {
            writeln!(problems, "`{name}` has {} rows", before.rows.len()).unwrap();
        }
        let Some(difference) = before.difference(&there) else { continue };
        if plain(&reader.query(&sql).unwrap()).difference(&there).is_some() {
            writeln!(problems, "`{name}`: {difference}").unwrap();
        }
    }
    assert!(problems.is_empty(), "{problems}");
    // Ages are told in hours, and the copies below were made at one moment: a difference has to show twice.
    let cards = cards().unwrap();
    let mut problems = card_problems(&cards, &views, folder.path(), &bigquery).await;
    if !problems.is_empty() {
        for name in &views {
            rows_of(name, &views, &bigquery).await.unwrap();
        }
        problems = card_problems(&cards, &views, folder.path(), &bigquery).await;
    }
    assert!(problems.is_empty(), "{problems}");
    let problems = rule_problems(&bigquery, &loads).await;
    assert!(problems.is_empty(), "{problems}");
}

/// What BigQuery says of a table or a view. A view is worked out once, into a table, and the views that read it read that
/// table: views upon views take the emulator most of an hour. As it stands in BigQuery a view is asked for its columns.
pub async fn rows_of(name: &str, copies: &[&str], bigquery: &BigQuery) -> Result<QueryResult, BigQueryError> {
    let Some(view) = aispend_warehouse::views().find(|view| view.name == name) else {
        return bigquery.query(&format!("SELECT * FROM {DATASET}.{name}"), None).await;
    };
    let made = copied(&view.select(Engine::BigQuery), copies).replacen(" VIEW ", " TABLE ", 1);
    bigquery.query(&made, None).await?;
    let copy = bigquery.query(&format!("SELECT * FROM {DATASET}.kept_{name}"), None).await?;
    let stands = bigquery.query(&format!("SELECT * FROM {DATASET}.{name} LIMIT 0"), None).await?;
    assert_eq!(copy.columns, stands.columns, "`{name}` as it stands in BigQuery");
    Ok(copy)
}

/// A query over the copies of these views.
pub fn copied(sql: &str, names: &[&str]) -> String {
    let start = format!("{DATASET}.");
    let mut parts = sql.split(start.as_str());
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end =
            part.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(part.len());
        out.push_str(&start);
        if names.contains(&&part[..end]) {
            out.push_str("kept_");
        }
        out.push_str(part);
    }
    out
}

/// An answer without what the engines may tell differently: the order of rows, and how exact a ratio is.
pub struct Plain {
    pub columns: Vec<(String, &'static str)>,
    pub rows: Vec<Vec<String>>,
}

impl Plain {
    pub fn difference(&self, other: &Self) -> Option<String> {
        if self.columns != other.columns {
            let differ: Vec<_> =
                self.columns.iter().zip(&other.columns).filter(|(one, other)| one != other).collect();
            return Some(format!("columns {} and {}: {differ:?}", self.columns.len(), other.columns.len()));
        }
        let only = |these: &Self, those: &Self| -> Vec<String> {
            these.rows.iter().filter(|row| !those.rows.contains(row)).map(|row| row.join(" | ")).collect()
        };
        let (here, there) = (only(self, other), only(other, self));
        if here.is_empty() && there.is_empty() && self.rows.len() == other.rows.len() {
            return None;
        }
        let mut text = format!("{} and {} rows", self.rows.len(), other.rows.len());
        for (engine, rows) in [("DuckDB", &here), ("BigQuery", &there)] {
            write!(text, "\n  only {engine}: {}", rows.len()).unwrap();
            rows.iter().take(SHOWN).for_each(|row| write!(text, "\n    {row}").unwrap());
        }
        Some(text)
    }
}

pub fn plain(answer: &QueryResult) -> Plain {
    let mut plain = ordered(answer);
    plain.rows.sort();
    plain
}

/// With its rows in the order they came.
pub fn ordered(answer: &QueryResult) -> Plain {
    let kept: Vec<bool> =
        answer.columns.iter().map(|column| !OF_THE_MOMENT.contains(&column.name.as_str())).collect();
    let keep = |place: usize| kept[place];
    let columns: Vec<&QueryColumn> = answer
        .columns
        .iter()
        .enumerate()
        .filter(|(place, _)| keep(*place))
        .map(|(_, column)| column)
        .collect();
    let rows: Vec<Vec<String>> = answer
        .rows
        .iter()
        .map(|row| {
            row.iter().enumerate().filter(|(place, _)| keep(*place)).map(|(_, cell)| text(cell)).collect()
        })
        .collect();
    Plain { columns: columns.iter().map(|column| (column.name.clone(), kind(column.kind))).collect(), rows }
}

/// A number is a number: engines differ in whether a sum of integers, or a quotient, is one of this kind or that.
const fn kind(kind: CellKind) -> &'static str {
    match kind {
        CellKind::Integer | CellKind::Decimal | CellKind::Float => "number",
        CellKind::Flag => "flag",
        CellKind::Text => "text",
        CellKind::Date => "date",
        CellKind::Moment => "moment",
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => "NULL".to_owned(),
        Cell::Text(text) => format!("{text:?}"),
        // Nine decimals are what a NUMERIC has: the last digits of a ratio are nobody's.
        Cell::Float(ratio) => aispend_tables::without_zeros(&format!("{ratio:.9}")).to_owned(),
        other => other.to_string(),
    }
}
