//! What must hold in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aispend_model::{Feed, Generation, Slice};
use aispend_ports::{SliceOutcome, Warehouse};
use aispend_proto::{Table, TableSums};
use aispend_simulator::World;
use aispend_testkit::memory::{MemoryWarehouse, StoredRow};
use aispend_testkit::truth::{self, Coarse};
use jiff::Timestamp;
use jiff::civil::Date;

use super::loaded;
use super::plant::Plant;
use super::scenario::Scenario;

/// Differences shown before the rest is only counted.
const SHOWN: usize = 6;

/// Waits for something that needs nobody else.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

/// Every message is accounted for, nothing is parked, every observation was told in one way, and every ledger line adds up.
pub fn at_rest(plant: &Plant) -> Result<(), String> {
    let tally = plant.bus.tally();
    if !tally.adds_up() || tally.queued > 0 {
        return Err(format!("messages are not conserved: {tally:?}"));
    }
    if let Some(parked) = plant.parked.all().first() {
        return Err(format!(
            "parked by the {}: {}: {} ({})",
            parked.stage, parked.slice_key, parked.reason, parked.detail
        ));
    }
    if let Some(contradiction) = plant.witness.contradictions().first() {
        return Err(format!("one observation was told in two ways: {contradiction}"));
    }
    for account in plant.warehouse.accounts() {
        let mut both = TableSums::default();
        for (table, rows, money) in account.loaded.iter().chain(account.rejected.iter()) {
            both.add(table, rows, money);
        }
        if both != account.read {
            return Err(format!("{}: read is not loaded and rejected: {account:?}", account.slice));
        }
    }
    Ok(())
}

/// The tables are the ground truth.
pub fn against_truth(scenario: &Scenario, plant: &Plant) -> Result<(), String> {
    holds_truth(&plant.warehouse, &plant.vendors().world, plant.timeline.now(), scenario.days())
}

/// A warehouse holds the truth of these days, both included, as a world tells it at a moment.
///
/// # Errors
/// What differs.
pub fn holds_truth(
    warehouse: &MemoryWarehouse,
    world: &World,
    now: Timestamp,
    days: (Date, Date),
) -> Result<(), String> {
    let scope = world.scope(now);
    let coarse = Coarse::of(&scope, world.enterprise_id());
    let expected = truth::expected(&world.truth(&scope), &coarse);
    let loaded = loaded::sums(warehouse, days, &coarse);
    let keys: BTreeSet<&String> = expected.keys().chain(loaded.keys()).collect();
    let different: Vec<String> = keys
        .into_iter()
        .filter(|key| expected.get(*key) != loaded.get(*key))
        .map(|key| format!("\n  {key}: truth {:?}, loaded {:?}", expected.get(key), loaded.get(key)))
        .collect();
    report("the tables are not the truth", &different)
}

fn report(what: &str, different: &[String]) -> Result<(), String> {
    if different.is_empty() {
        return Ok(());
    }
    let shown: String = different.iter().take(SHOWN).map(String::as_str).collect();
    Err(format!("{what}, {} differences:{shown}", different.len()))
}

type Rows = BTreeMap<(String, StoredRow), i64>;

/// Rows with the number of times each is there. Spend snapshots are of the day they were taken on.
fn rows(warehouse: &MemoryWarehouse, is_compared: impl Fn(&Slice) -> bool) -> Rows {
    let mut rows = Rows::new();
    for table in Table::ALL {
        for (slice, row) in warehouse.active_rows(*table) {
            if is_compared(&slice) {
                *rows.entry((slice.key(), row)).or_insert(0) += 1;
            }
        }
    }
    rows
}

fn compare(what: &str, ours: Rows, theirs: &Rows) -> Result<(), String> {
    let mut difference = ours;
    for (row, count) in theirs {
        *difference.entry(row.clone()).or_insert(0) -= count;
    }
    difference.retain(|_, count| *count != 0);
    let different: Vec<String> = difference
        .iter()
        .map(|((slice, row), count)| format!("\n  {slice}: {count:+} × {}", shown(row)))
        .collect();
    report(what, &different)
}

fn shown(row: &StoredRow) -> String {
    let mut set = aispend_proto::v1::RecordSet::default();
    row.add_to(&mut set);
    let text = format!("{set:?}");
    let empty = |part: &&str| !part.ends_with("[]");
    text.split(", ").filter(empty).collect::<Vec<_>>().join(", ")
}

/// The tables are those of a pipeline that never had any trouble, row for row.
pub fn against_fresh(plant: &Plant, fresh: &Plant) -> Result<(), String> {
    let fresh_slices: BTreeSet<String> = wait(fresh.warehouse.ledger(None))
        .map_err(|error| error.to_string())?
        .iter()
        .map(|line| line.slice.key())
        .collect();
    // Spend is a snapshot of the day it was taken on: only the last day's can be had again.
    let is_compared = |slice: &Slice| slice.feed != Feed::CursorSpend || fresh_slices.contains(&slice.key());
    compare(
        "not the tables of a fresh load",
        rows(&plant.warehouse, is_compared),
        &rows(&fresh.warehouse, is_compared),
    )
}

/// The tables are a function of the set of loads: the same loads in order of observation give the same tables.
pub fn any_order(plant: &Plant) -> Result<(), String> {
    let mut loads = plant.warehouse.committed();
    loads.sort_by_key(|load| (load.order, load.slice.key()));
    let again = MemoryWarehouse::default();
    for load in loads {
        wait(again.load(vec![load])).map_err(|error| error.to_string())?;
    }
    for table in Table::ALL {
        let (left, right) = (wait(plant.warehouse.snapshot(*table)), wait(again.snapshot(*table)));
        if left.map_err(|error| error.to_string())? != right.map_err(|error| error.to_string())? {
            compare(
                "the order of arrival decided",
                rows(&plant.warehouse, |_| true),
                &rows(&again, |_| true),
            )?;
            return Err(format!(
                "the order of arrival decided what `{}` keeps of old snapshots",
                table.name()
            ));
        }
    }
    let orders =
        |warehouse: &MemoryWarehouse| -> Result<BTreeMap<String, (Generation, u32, SliceOutcome)>, String> {
            let lines = wait(warehouse.ledger(None)).map_err(|error| error.to_string())?;
            Ok(lines
                .into_iter()
                .map(|line| (line.slice.key(), (line.order.generation, line.order.revision, line.outcome)))
                .collect())
        };
    if orders(&plant.warehouse)? == orders(&again)? {
        return Ok(());
    }
    Err("the order of arrival decided the ledger".to_owned())
}
