//! What the fetcher does with vendors that are empty, moving, locked or gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aispend_fetcher::{Fetcher, FetcherDoors};
use aispend_model::{Feed, Vendor};
use aispend_ports::{
    Clock as _, IncidentLine, LedgerLine, RunLine, SliceLoad, Topic, Verdict, Warehouse, WarehouseError,
};
use aispend_proto::Table;
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{FetchRequested, RecordSet};
use aispend_simulator::{Fault, FaultLevel, FaultPlan, Restatement, Strand};
use aispend_stage::{Header, Message, Output, Stage as _};
use aispend_testkit::sim::Address;
use aispend_tests::simulation::StageKind;
use async_trait::async_trait;
use jiff::civil::date;

use crate::company::Company;

const EVENTS: &str = "/teams/filtered-usage-events";
const ONE_DAY_OF_EVENTS: &str = r#"{"feeds":["cursor/usage-events"],"from":"2026-10-05","to":"2026-10-05"}"#;

#[test]
fn an_ordinary_day_is_loaded_as_it_is() {
    let company = Company::new(|_| {});
    let heard = company.run_all();
    assert!(heard.failed.iter().all(|(_, failed)| failed.state == "not_in_use"), "{:?}", heard.failed);
    company.is_true().unwrap();
}

#[test]
fn an_empty_answer_is_asked_for_again_once() {
    let company = Company::new(|_| {});
    company.run(ONE_DAY_OF_EVENTS);
    assert_eq!(company.asked(EVENTS), 1);
    let vanish = Restatement::Vanish { day: date(2026, 10, 5), strand: Strand::Events };
    company.plant.vendors().world.restate(&vanish);
    let heard = company.run(ONE_DAY_OF_EVENTS);
    assert_eq!(company.asked(EVENTS), 3);
    // Empty twice is an observation and replaces.
    assert!(heard.has_loaded("cursor/usage-events"));
    assert!(company.plant.warehouse.active_rows(Table::CursorUsageEvents).is_empty());
}

/// Loads everything under one kind of fault, by many seeds, until it happened; the tables are the truth each time.
fn survives(fault: Fault) {
    let mut happened = 0;
    for seed in 0..12 {
        let company = Company::new(|scenario| scenario.page_size = Some(3));
        let plan = FaultPlan { kinds: vec![fault], ..FaultPlan::new(seed, FaultLevel::Heavy) };
        company.plant.vendors().faults.plan = plan;
        company.run_all();
        company.is_true().unwrap_or_else(|problem| panic!("{fault:?}, seed {seed}: {problem}"));
        happened += company.plant.vendors().faults.happened();
    }
    assert!(happened > 0, "{fault:?} never happened");
}

#[test]
fn pages_that_expired_are_read_from_the_first_again() {
    survives(Fault::Expired);
}

#[test]
fn a_count_that_does_not_match_is_read_again() {
    survives(Fault::Moved);
}

#[test]
fn a_body_that_is_cut_off_is_asked_for_again() {
    survives(Fault::Truncated);
}

#[test]
fn a_refused_key_fails_its_own_slices_with_a_remedy() {
    let company = Company::new(|_| {});
    company.plant.fetch.change(|options| {
        options.accounts.insert("cursor".to_owned(), Some(Address::Stale(Vendor::Cursor)));
    });
    let heard = company.run_all();
    for feed in ["cursor/usage-events", "cursor/daily-usage", "cursor/members"] {
        let failed = heard.failure(feed).unwrap();
        assert_eq!((failed.state.as_str(), failed.reason.as_str()), ("failed", "wrong_key"), "{feed}");
        assert!(!failed.remedy.is_empty());
        assert!(!heard.has_loaded(feed));
    }
    assert!(heard.has_loaded("anthropic/cost"));
    assert!(!company.plant.warehouse.active_rows(Table::ClaudeExpenses).is_empty());
}

#[test]
fn an_anthropic_key_that_is_refused_is_told_with_the_plan() {
    let company = Company::new(|_| {});
    company.plant.fetch.change(|options| {
        options.accounts.insert("admin".to_owned(), Some(Address::Stale(Vendor::Anthropic)));
    });
    let heard = company.run_all();
    let notices = &heard.planned[0].notices;
    assert!(
        notices.iter().any(|notice| notice.is_failure && notice.subject == "ANTHROPIC_ADMIN_KEY"),
        "{notices:?}"
    );
    assert!(heard.has_loaded("cursor/usage-events"));
}

#[test]
fn the_cost_api_never_steps_back() {
    let company = Company::new(|_| {});
    company.run_all();
    company.plant.vendors().world.config_mut().analytics = false;
    let heard = company.run_all();
    let failed = heard.failure("anthropic/cost").unwrap();
    assert_eq!((failed.state.as_str(), failed.reason.as_str()), ("failed", "cost_api_changed"));
    assert!(failed.remedy.contains("AISPEND_COST_API=legacy"));
    // What analytics told stays, to the row.
    company.plant.vendors().world.config_mut().analytics = true;
    company.is_true().unwrap();
}

#[test]
fn a_sheet_that_never_was_is_not_in_use_and_one_that_vanished_is_a_failure() {
    let company = Company::new(|_| {});
    let absent = |is_absent: bool| {
        company.plant.fetch.change(|options| {
            options.absent = is_absent.then(|| "seats".to_owned()).into_iter().collect();
        });
    };
    let sheet = r#"{"trigger":"command","feeds":["sheets/seats"]}"#;
    absent(true);
    let failed = company.run(sheet).failure("sheets/seats").cloned().unwrap();
    assert_eq!(failed.state, "not_in_use");
    absent(false);
    assert!(company.run(sheet).has_loaded("sheets/seats"));
    let seats = company.plant.warehouse.active_rows(Table::DimSeats);
    assert!(!seats.is_empty());
    absent(true);
    let failed = company.run(sheet).failure("sheets/seats").cloned().unwrap();
    assert_eq!((failed.state.as_str(), failed.reason.as_str()), ("failed", "absent"));
    assert!(failed.remedy.contains("retire"));
    assert_eq!(company.plant.warehouse.active_rows(Table::DimSeats), seats);
}

#[test]
fn a_key_that_answers_for_another_organisation_is_not_used() {
    let company = Company::new(|scenario| scenario.config.cursor = false);
    company.run_all();
    let rows = company.plant.warehouse.active_rows(Table::ClaudeExpenses);
    company.plant.fetch.change(|options| {
        options.accounts.insert("admin".to_owned(), Some(Address::Analytics));
    });
    let heard = company.run_all();
    let notices = &heard.planned[0].notices;
    let told = notices.iter().find(|notice| notice.subject == "ANTHROPIC_ADMIN_KEY").unwrap();
    assert!(told.is_failure && told.message.contains("organisation"), "{told:?}");
    let console = company.plant.vendors().world.console_id().to_owned();
    assert!(heard.loaded.iter().all(|(key, _)| !key.contains(&console)), "{:?}", heard.loaded);
    assert_eq!(company.plant.warehouse.active_rows(Table::ClaudeExpenses), rows);
}

#[test]
fn a_vendor_that_is_down_fails_after_its_patience_and_the_others_load() {
    let company = Company::new(|_| {});
    company.plant.vendors().faults.plan.down.push(aispend_simulator::Vendor::Cursor);
    let heard = company.run_all();
    let failed = heard.failure("cursor/usage-events").unwrap();
    assert_eq!(failed.reason, "vendor_unavailable");
    assert!(heard.has_loaded("anthropic/cost"));
    company.plant.vendors().faults.plan = FaultPlan::none();
    company.run_all();
    company.is_true().unwrap();
}

/// A ledger that takes its time, and counts how often it is read.
struct SlowLedger {
    inner: Arc<dyn Warehouse>,
    reads: AtomicU32,
}

#[async_trait]
impl Warehouse for SlowLedger {
    async fn load(&self, slices: Vec<SliceLoad>) -> Result<Vec<Verdict>, WarehouseError> {
        self.inner.load(slices).await
    }
    async fn ledger(&self, feed: Option<Feed>) -> Result<Vec<LedgerLine>, WarehouseError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(20)).await;
        self.inner.ledger(feed).await
    }
    async fn record_run(&self, run: RunLine) -> Result<(), WarehouseError> {
        self.inner.record_run(run).await
    }
    async fn record_incident(&self, incident: IncidentLine) -> Result<(), WarehouseError> {
        self.inner.record_incident(incident).await
    }
    async fn snapshot(&self, table: Table) -> Result<RecordSet, WarehouseError> {
        self.inner.snapshot(table).await
    }
}

#[tokio::test]
async fn a_request_that_comes_many_times_at_once_is_planned_once() {
    let company = Company::new(|_| {});
    let plant = &company.plant;
    let ledger = Arc::new(SlowLedger { inner: plant.warehouse.clone(), reads: AtomicU32::new(0) });
    let clock = plant.clock(StageKind::Fetcher);
    let now = clock.now();
    let doors = FetcherDoors {
        fetch: plant.fetch_door(),
        archive: plant.archive.clone(),
        warehouse: ledger.clone(),
        clock: Arc::new(clock),
    };
    let fetcher = Arc::new(Fetcher::new(plant.settings.clone(), doors));
    let header = Header { run_id: "run.again".to_owned(), ..Header::default() };
    let body = FetchRequested { trigger: "reconsider".to_owned(), ..FetchRequested::default() };
    let envelope = Output::new(Topic::FetchRequests, &header, now, Body::FetchRequested(body)).envelope;
    let message = Message { header, envelope, attempt: 1, published_at: now };
    let mut plans = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (fetcher, message) = (Arc::clone(&fetcher), message.clone());
        plans.spawn(async move { fetcher.handle(message).await });
    }
    assert!(plans.join_all().await.iter().all(|plan| plan.as_ref().is_ok_and(|outputs| !outputs.is_empty())));
    assert_eq!(ledger.reads.load(Ordering::Relaxed), 1);
}
