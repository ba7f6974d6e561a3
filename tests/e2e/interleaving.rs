//! Two loads of one slice at the same time, step by step: inserts never conflict, so the load lock is all there is.

use std::pin::Pin;
use std::task::{Context, Waker};

use aispend_ports::{Verdict, Warehouse, WarehouseError};
use aispend_proto::Table;
use aispend_testkit::memory::{MemoryWarehouse, WarehouseSwitches};
use aispend_testkit::warehouse::{Reading, cost_slice, expense};

type Load<'a> = Pin<Box<dyn Future<Output = Result<Vec<Verdict>, WarehouseError>> + Send + 'a>>;

/// Runs two loads with turns given as told, then both to their end; says what is in the table.
fn interleaved(ignores_lock: bool, turns: &[usize]) -> Vec<i64> {
    let warehouse = MemoryWarehouse::new(WarehouseSwitches { ignores_lock, ..WarehouseSwitches::default() });
    let load = |nanos, generation| {
        warehouse.load(vec![Reading::default().row(expense(nanos)).of(cost_slice(5), generation)])
    };
    let mut loads: [Option<Load<'_>>; 2] = [Some(load(1, 10)), Some(load(2, 20))];
    let mut context = Context::from_waker(Waker::noop());
    let rest = [0, 1].into_iter().cycle().take(4_000);
    for turn in turns.iter().copied().chain(rest) {
        let Some(load) = loads.get_mut(turn) else { continue };
        if load.as_mut().is_some_and(|load| load.as_mut().poll(&mut context).is_ready()) {
            *load = None;
        }
    }
    assert!(loads.iter().all(Option::is_none), "both end");
    let snapshot = aispend_tests::simulation::wait(warehouse.snapshot(Table::ClaudeExpenses)).unwrap();
    snapshot.claude_expenses.iter().map(|row| row.cost_usd).collect()
}

const OLD_COMMITS_FIRST: [usize; 8] = [1, 0, 0, 0, 0, 0, 0, 0];
const NEW_COMMITS_FIRST: [usize; 8] = [0, 1, 1, 1, 1, 1, 1, 1];

#[test]
fn with_the_load_lock_the_newer_reading_stands_whoever_commits_first() {
    assert_eq!(interleaved(false, &OLD_COMMITS_FIRST), [2]);
    assert_eq!(interleaved(false, &NEW_COMMITS_FIRST), [2]);
}

#[test]
fn without_the_load_lock_both_readings_stand() {
    assert_eq!(interleaved(true, &OLD_COMMITS_FIRST), [1, 2]);
    assert_eq!(interleaved(true, &NEW_COMMITS_FIRST), [1, 2]);
}

#[test]
fn no_interleaving_gets_around_the_load_lock() {
    for pattern in 0..4_096_usize {
        let turns: Vec<usize> = (0..12).map(|bit| (pattern >> bit) & 1).collect();
        assert_eq!(interleaved(false, &turns), [2], "{turns:?}");
    }
}
