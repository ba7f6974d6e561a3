//! Stories that every warehouse tells the same way. Each takes a factory of empty warehouses and what they live on;
//! `warehouse_conformance!` makes a test of each.
#![allow(clippy::unwrap_used)] // a test by another name

mod full_row;
mod reading;

use aispend_model::{Feed, Generation, Money, Order, Slice, moment_from_micros, parse_day};
use aispend_ports::{
    ContextRef, LedgerLine, LoadState, Rejected, RunLine, SliceLoad, SliceOutcome, Verdict, Warehouse,
    WarehouseError, vanished,
};
use aispend_proto::v1::{
    ApiUsageExpense, ClaudeUsage, CursorExpense, CursorUsageEvent, KeySource, RecordSet, UserSource,
    Workspace,
};
use aispend_proto::{Table, TableSums};

/// Makes a test of every story, with an attribute where one is given: `#[ignore = "needs an emulator"] fresh`.
#[macro_export]
macro_rules! warehouse_conformance {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::warehouse_conformance!(#[$attribute] $fresh;
            a_first_load_writes_rows_and_a_ledger_line,
            the_same_message_again_changes_nothing,
            a_newer_reading_with_the_same_rows_is_noted_only,
            a_newer_reading_replaces_all_tables_of_its_slice,
            an_older_reading_that_comes_late_changes_nothing,
            a_revision_replaces_the_reading_it_reads_again,
            a_change_of_source_replaces_equal_rows,
            a_retired_slice_is_emptied,
            a_day_that_cannot_be_had_is_noted_and_its_rows_stay,
            two_readings_in_one_call_count_in_their_order,
            a_slice_that_contradicts_itself_is_refused_alone,
            what_vanishes_is_told,
            rejected_records_are_conserved,
            a_merged_table_is_the_same_in_every_order,
            a_merged_row_stays_when_its_slice_is_retired,
            any_order_and_any_number_of_times_give_the_same_tables,
            the_ledger_gives_back_what_a_slice_was_read_from,
            slices_of_other_days_and_organisations_stay,
            a_run_is_recorded_twice_as_once,
        );
    };
    (#[$attribute:meta] $fresh:expr; $($story:ident),* $(,)?) => {
        $(
            #[tokio::test]
            #[$attribute]
            async fn $story() {
                $crate::warehouse::$story($fresh).await;
            }
        )*
    };
    ($fresh:expr) => {
        $crate::warehouse_conformance!(#[cfg(test)] $fresh);
    };
}

pub use full_row::full_row;
pub use reading::{Reading, cost_slice, document, expense};

fn directory() -> Slice {
    Slice::all(Feed::AnthropicDirectory, "org")
}

fn key(id: &str, name: &str) -> KeySource {
    KeySource { api_key_id: id.into(), api_key_name: Some(name.into()), ..KeySource::default() }
}

async fn load_one(warehouse: &impl Warehouse, load: SliceLoad) -> Verdict {
    let mut verdicts = warehouse.load(vec![load]).await.unwrap();
    assert_eq!(verdicts.len(), 1);
    verdicts.remove(0)
}

async fn tables(warehouse: &impl Warehouse) -> Vec<RecordSet> {
    let mut all = Vec::new();
    for table in Table::ALL {
        all.push(warehouse.snapshot(*table).await.unwrap());
    }
    all
}

async fn costs(warehouse: &impl Warehouse) -> Vec<i64> {
    let set = warehouse.snapshot(Table::ClaudeExpenses).await.unwrap();
    let mut costs: Vec<i64> = set.claude_expenses.iter().map(|row| row.cost_usd).collect();
    costs.sort_unstable();
    costs
}

async fn keys(warehouse: &impl Warehouse) -> Vec<(String, String)> {
    let set = warehouse.snapshot(Table::KeySources).await.unwrap();
    set.key_sources.into_iter().map(|row| (row.api_key_id, row.api_key_name.unwrap_or_default())).collect()
}

async fn line(warehouse: &impl Warehouse) -> LedgerLine {
    let mut lines = warehouse.ledger(None).await.unwrap();
    assert_eq!(lines.len(), 1);
    lines.remove(0)
}

/// Rows, totals and lineage are there.
pub async fn a_first_load_writes_rows_and_a_ledger_line<G, W: Warehouse>(fresh: impl AsyncFn() -> (G, W)) {
    let (_kept, warehouse) = fresh().await;
    let load = Reading::default().row(expense(1)).row(expense(2)).of(cost_slice(5), 10);
    let verdict = load_one(&warehouse, load.clone()).await;
    assert_eq!(verdict, Verdict { state: LoadState::Loaded, superseded: TableSums::default() });
    assert_eq!(costs(&warehouse).await, [1, 2]);
    let line = line(&warehouse).await;
    assert_eq!(
        (line.order, &line.loaded, &line.content_hash),
        (load.order, &load.accepted, &load.content_hash)
    );
    assert_eq!((line.run_id, line.source, line.outcome), (load.run_id, load.source, SliceOutcome::Complete));
    assert_eq!(line.loaded_at, load.loaded_at);
}

/// Once is as good as twice.
pub async fn the_same_message_again_changes_nothing<G, W: Warehouse>(fresh: impl AsyncFn() -> (G, W)) {
    let (_kept, warehouse) = fresh().await;
    let load = Reading::default().row(expense(1)).of(cost_slice(5), 10);
    load_one(&warehouse, load.clone()).await;
    let (before, line_before) = (tables(&warehouse).await, line(&warehouse).await);
    assert_eq!(load_one(&warehouse, load).await.state, LoadState::Superseded);
    assert_eq!((tables(&warehouse).await, line(&warehouse).await), (before, line_before));
}

/// The order of rows is not content.
pub async fn a_newer_reading_with_the_same_rows_is_noted_only<G, W: Warehouse>(
    fresh: impl AsyncFn() -> (G, W),
) {
    let (_kept, warehouse) = fresh().await;
    load_one(&warehouse, Reading::default().row(expense(1)).row(expense(2)).of(cost_slice(5), 10)).await;
    let before = tables(&warehouse).await;
    let again = Reading::default().row(expense(2)).row(expense(1)).of(cost_slice(5), 11);
    let verdict = load_one(&warehouse, again.clone()).await;
    assert_eq!(verdict, Verdict { state: LoadState::Unchanged, superseded: TableSums::default() });
    assert_eq!(tables(&warehouse).await, before);
    let line = line(&warehouse).await;
    assert_eq!((line.order, line.loaded, line.documents), (again.order, again.accepted, again.documents));
}

/// A slice is replaced whole, also in tables that the new reading has nothing for.
pub async fn a_newer_reading_replaces_all_tables_of_its_slice<G, W: Warehouse>(
    fresh: impl AsyncFn() -> (G, W),
) {
    let (_kept, warehouse) = fresh().await;
    let part = ApiUsageExpense {
        expense_date: 20_731,
        cost_usd: 5,
        allocation: "exact".into(),
        ..Default::default()
    };
    let old = Reading::default().row(expense(5)).row(part).of(cost_slice(5), 10);
    load_one(&warehouse, old.clone()).await;
    let verdict = load_one(&warehouse, Reading::default().row(expense(7)).of(cost_slice(5), 11)).await;
    assert_eq!(verdict, Verdict { state: LoadState::Loaded, superseded: old.accepted });
    assert_eq!(costs(&warehouse).await, [7]);
    assert!(warehouse.snapshot(Table::ApiUsageExpenses).await.unwrap().is_empty());
}

/// Old news is harmless.
pub async fn an_older_reading_that_comes_late_changes_nothing<G, W: Warehouse>(
    fresh: impl AsyncFn() -> (G, W),
) {
    let (_kept, warehouse) = fresh().await;
    load_one(&warehouse, Reading::default().row(expense(7)).of(cost_slice(5), 11)).await;
    let verdict = load_one(&warehouse, Reading::default().row(expense(5)).of(cost_slice(5), 10)).await;
    assert_eq!(verdict, Verdict { state: LoadState::Superseded, superseded: TableSums::default() });
    assert_eq!(costs(&warehouse).await, [7]);
    assert_eq!(line(&warehouse).await.order.generation, Generation(11));
}

/// Order is the tuple, not the generation alone.
pub async fn a_revision_replaces_the_reading_it_reads_again<G, W: Warehouse>(
    fresh: impl AsyncFn() -> (G, W),
) {
    let (_kept, warehouse) = fresh().await;
    let reading = |nanos, revision, reader_version| {
        let mut load = Reading::default().row(expense(nanos)).of(cost_slice(5), 10);
        load.order = Order { revision, reader_version, ..load.order };
        load
    };
    for (load, state, costs_after) in [
        (reading(1, 0, 1), LoadState::Loaded, 1),
        (reading(2, 1, 1), LoadState::Loaded, 2),
        (reading(3, 0, 9), LoadState::Superseded, 2),
        (reading(4, 1, 2), LoadState::Loaded, 4),
    ] {
        assert_eq!(load_one(&warehouse, load).await.state, state);
        assert_eq!(costs(&warehouse).await, [costs_after]);
    }
}

/// Which endpoint a day came from is told by its rows.
pub async fn a_change_of_source_replaces_equal_rows<G, W: Warehouse>(fresh: impl AsyncFn() -> (G, W)) {
    let (_kept, warehouse) = fresh().await;
    load_one(&warehouse, Reading::default().row(expense(1)).of(cost_slice(5), 10)).await;
    let mut load = Reading::default().row(expense(1)).of(cost_slice(5), 11);
    load.source = "another".into();
    assert_eq!(load_one(&warehouse, load).await.state, LoadState::Loaded);
    assert_eq!(costs(&warehouse).await, [1]);
    assert_eq!(line(&warehouse).await.source, "another");
}

/// An empty reading replaces like any other.
pub async fn a_retired_slice_is_emptied<G, W: Warehouse>(fresh: impl AsyncFn() -> (G, W)) {
    let (_kept, warehouse) = fresh().await;
    load_one(&warehouse, Reading::default().row(expense(1)).of(cost_slice(5), 10)).await;
    let mut retired = Reading::default().of(cost_slice(5), 11);
    retired.outcome = SliceOutcome::Retired;
    assert_eq!(load_one(&warehouse, retired).await.superseded.rows(), 1);
    assert!(costs(&warehouse).await.is_empty());
    assert_eq!(line(&warehouse).await.outcome, SliceOutcome::Retired);
}

/// A note is no reading: it hides none, and a reading of any age replaces it.
pub async fn a_day_that_cannot_be_had_is_noted_and_its_rows_stay<G, W: Warehouse>(
    fresh: impl AsyncFn() -> (G, W),
) {
    let (_kept, warehouse) = fresh().await;
    let note = |day, generation| {
        let mut load = Reading::default().of(cost_slice(day), generation);
        load.outcome = SliceOutcome::Unavailable;
        load.outcome_reason = "too old".into();
        load
    };
    load_one(&warehouse, Reading::default().row(expense(1)).of(cost_slice(5), 10)).await;
    assert_eq!(load_one(&warehouse, note(5, 11)).await.state, LoadState::Unavailable);
    assert_eq!(costs(&warehouse).await, [1]);
    assert_eq!(line(&warehouse).await.outcome, SliceOutcome::Complete);

    let (_kept, warehouse) = fresh().await;
    for _ in 0..2 {
        assert_eq!(load_one(&warehouse, note(6, 12)).await.state, LoadState::Unavailable);
        assert_eq!(line(&warehouse).await.outcome, SliceOutcome::Unavailable);
    }
    let late = Reading::default().row(expense(2)).of(cost_slice(6), 9);
    assert_eq!(load_one(&warehouse, late).await.state, LoadState::Loaded);
    assert_eq!(line(&warehouse).await.outcome, SliceOutcome::Complete);
}

/// One call is as good as two.
pub async fn two_readings_in_one_call_count_in_their_order<G, W: Warehouse>(fresh: impl AsyncFn() -> (G, W)) {
    let (_kept, warehouse) = fresh().await;
    let old = Reading::default().row(expense(1)).of(cost_slice(5), 10);
    let new = Reading::default().row(expense(2)).of(cost_slice(5), 11);
    let verdicts = warehouse.load(vec![old.clone(), new.clone(), old.clone()]).await.unwrap();
    let states: Vec<LoadState> = verdicts.iter().map(|verdict| verdict.state).collect();
    assert_eq!(states, [LoadState::Loaded, LoadState::Loaded, LoadState::Superseded]);
    assert_eq!(verdicts.get(1).unwrap().superseded, old.accepted);
    assert_eq!(costs(&warehouse).await, [2]);
    assert_eq!(line(&warehouse).await.order, new.order);
}

/// One bad slice fails alone, and nothing of it is written.
pub async fn a_slice_that_contradicts_itself_is_refused_alone<G, W: Warehouse>(
    fresh: impl AsyncFn() -> (G, W),
) {
    let good = || Reading::default().row(expense(1)).of(cost_slice(5), 10);
    let other = || Reading::default().row(expense(2)).of(cost_slice(6), 10);
    let spoil: [fn(&mut SliceLoad); 6] = [
        |load| load.accepted.add(Table::ClaudeExpenses, 1, 0),
        |load| load.accepted.add(Table::ClaudeExpenses, 0, 1),
        |load| load.read.add(Table::ClaudeExpenses, 1, 0),
        |load| load.read.add(Table::CursorExpenses, 0, 1),
        |load| load.frames = load.frames.slice(..load.frames.len() - 1),
        |load| {
            // Both sides agree with each other, and not with the rows.
            load.accepted.add(Table::ClaudeExpenses, 1, 1);
            load.read.add(Table::ClaudeExpenses, 1, 1);
        },
    ];
    for spoil in spoil {
        let (_kept, warehouse) = fresh().await;
        let mut bad = good();
        spoil(&mut bad);
        let error = warehouse.load(vec![bad.clone(), other()]).await.unwrap_err();
        let WarehouseError::Refused { slice_key, .. } = error else { panic!("{error}") };
        assert_eq!(slice_key, bad.slice.key());
        assert_eq!(costs(&warehouse).await, [2]);
        assert_eq!(line(&warehouse).await.slice, cost_slice(6));
        // What was wrong comes right: nothing stands in its way.
        assert_eq!(load_one(&warehouse, good()).await.state, LoadState::Loaded);
        assert_eq!(costs(&warehouse).await, [1, 2]);
    }
}

/// A replacement that removes most of a slice can be told from what the verdict says.
pub async fn what_vanishes_is_told<G, W: Warehouse>(fresh: impl AsyncFn() -> (G, W)) {
    let (_kept, warehouse) = fresh().await;
    let before = (0..10).fold(Reading::default(), |reading, nanos| reading.row(expense(nanos)));
    load_one(&warehouse, before.of(cost_slice(5), 10)).await;
    let after = Reading::default().row(expense(1)).of(cost_slice(5), 11);
    let verdict = load_one(&warehouse, after.clone()).await;
    assert_eq!(verdict.superseded.of(Table::ClaudeExpenses), (10, 45));
    assert!(vanished(&verdict.superseded, &after.accepted));
}

/// In is loaded and rejected, exactly.
pub async fn rejected_records_are_conserved<G, W: Warehouse>(fresh: impl AsyncFn() -> (G, W)) {
    let (_kept, warehouse) = fresh().await;
    let mut load = Reading::default().row(expense(3)).of(cost_slice(5), 10);
    load.read.add(Table::ClaudeExpenses, 1, 4);
    load.rejected.push(Rejected {
        table: "claude_expenses".into(),
        field: "platform".into(),
        reason: "is empty".into(),
        place: "page 0, line 2".into(),
        record: "{}".into(),
        money: Money::from_nanos(4),
    });
    assert_eq!(load_one(&warehouse, load.clone()).await.state, LoadState::Loaded);
    assert_eq!(line(&warehouse).await.loaded, load.accepted);
    let mut lost = load.clone();
    lost.order.generation = Generation(11);
    lost.rejected.clear();
    assert!(matches!(warehouse.load(vec![lost]).await, Err(WarehouseError::Refused { .. })));
}

/// Per key the newest row that any snapshot had, whichever came first.
pub async fn a_merged_table_is_the_same_in_every_order<G, W: Warehouse>(fresh: impl AsyncFn() -> (G, W)) {
    let one = Reading::default()
        .row(key("a", "a1"))
        .row(key("b", "b1"))
        .row(UserSource { user_key: "u".into(), ..Default::default() })
        .of(directory(), 10);
    let two = Reading::default()
        .row(key("b", "b2"))
        .row(key("c", "c2"))
        .row(Workspace { workspace_id: "w".into(), ..Default::default() })
        .of(directory(), 20);
    let mut two_again = Reading::default().row(key("c", "c3")).of(directory(), 20);
    two_again.order.revision = 1;
    let readings = [one, two, two_again];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let (_kept, warehouse) = fresh().await;
        for place in order {
            load_one(&warehouse, readings.get(place).unwrap().clone()).await;
        }
        let expected =
            [("a", "a1"), ("b", "b2"), ("c", "c3")].map(|(id, name)| (id.to_owned(), name.to_owned()));
        assert_eq!(keys(&warehouse).await, expected, "{order:?}");
        assert_eq!(warehouse.snapshot(Table::UserSources).await.unwrap().len(), 1);
        assert_eq!(warehouse.snapshot(Table::DimWorkspaces).await.unwrap().len(), 1);
    }
}

/// Seen again is loaded again; gone is not deleted.
pub async fn a_merged_row_stays_when_its_slice_is_retired<G, W: Warehouse>(fresh: impl AsyncFn() -> (G, W)) {
    let (_kept, warehouse) = fresh().await;
    load_one(&warehouse, Reading::default().row(key("a", "a1")).of(directory(), 10)).await;
    let again = load_one(&warehouse, Reading::default().row(key("a", "a1")).of(directory(), 11)).await;
    assert_eq!((again.state, again.superseded.rows()), (LoadState::Loaded, 1));
    let mut retired = Reading::default().of(directory(), 12);
    retired.outcome = SliceOutcome::Retired;
    assert_eq!(load_one(&warehouse, retired).await.state, LoadState::Loaded);
    assert_eq!(keys(&warehouse).await.len(), 1);
}

/// The tables are a function of the set of messages.
pub async fn any_order_and_any_number_of_times_give_the_same_tables<G, W: Warehouse>(
    fresh: impl AsyncFn() -> (G, W),
) {
    let usage =
        |count| ClaudeUsage { activity_date: 20_731, message_count: Some(count), ..Default::default() };
    let chat = Slice::of_day(Feed::AnthropicClaudeAi, "org", parse_day("2026-10-05").unwrap());
    let mut gone = Reading::default().of(cost_slice(6), 30);
    gone.outcome = SliceOutcome::Retired;
    let mut note = Reading::default().of(cost_slice(5), 40);
    note.outcome = SliceOutcome::Unavailable;
    let messages = [
        Reading::default().row(expense(1)).row(expense(1)).of(cost_slice(5), 10),
        Reading::default().row(expense(2)).of(cost_slice(5), 20),
        Reading::default().row(expense(2)).of(cost_slice(5), 21),
        Reading::default().row(expense(3)).of(cost_slice(6), 10),
        gone,
        note,
        Reading::default().row(usage(1)).of(chat.clone(), 10),
        Reading::default().row(usage(1)).of(chat, 20),
        Reading::default().row(key("a", "a1")).of(directory(), 10),
        Reading::default().row(key("a", "a2")).row(key("b", "b2")).of(directory(), 20),
    ];
    let (_kept, warehouse) = fresh().await;
    warehouse.load(messages.to_vec()).await.unwrap();
    let expected = tables(&warehouse).await;
    // A small generator of numbers: each seed is another schedule.
    for seed in 1..6_u64 {
        let (_kept, warehouse) = fresh().await;
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut left: Vec<SliceLoad> = messages.iter().chain(&messages).cloned().collect();
        while !left.is_empty() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at_hand = 1 + (state >> 40) as usize % 3;
            let mut batch = Vec::new();
            for turn in 0..at_hand.min(left.len()) {
                batch.push(left.swap_remove((state >> (33 - turn)) as usize % left.len()));
            }
            warehouse.load(batch).await.unwrap();
        }
        assert_eq!(tables(&warehouse).await, expected, "seed {seed}");
    }
}

/// What `reprocess` needs.
pub async fn the_ledger_gives_back_what_a_slice_was_read_from<G, W: Warehouse>(
    fresh: impl AsyncFn() -> (G, W),
) {
    let (_kept, warehouse) = fresh().await;
    let mut load = Reading::default().row(expense(1)).of(cost_slice(5), 10);
    load.context = vec![ContextRef {
        feed: Feed::AnthropicDirectory.as_str().into(),
        org_id: "org".into(),
        generation: Generation(3),
        documents: vec![document(&directory(), 3)],
    }];
    load.context_digest = "digest".into();
    load_one(&warehouse, load.clone()).await;
    load_one(&warehouse, Reading::default().row(key("a", "a1")).of(directory(), 3)).await;
    let lines = warehouse.ledger(Some(Feed::AnthropicCost)).await.unwrap();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((&line.documents, &line.context), (&load.documents, &load.context));
    assert_eq!(line.context_digest, "digest");
    assert_eq!(warehouse.ledger(None).await.unwrap().len(), 2);
}

/// Deletes go by the slice alone.
pub async fn slices_of_other_days_and_organisations_stay<G, W: Warehouse>(fresh: impl AsyncFn() -> (G, W)) {
    let (_kept, warehouse) = fresh().await;
    let day = parse_day("2026-10-05").unwrap();
    let other_org = Slice::of_day(Feed::AnthropicCost, "org'2", day);
    let events = Slice::of_day(Feed::CursorUsageEvents, "cursor", day);
    let event = CursorUsageEvent { event_date: 20_731, event_at: 1, is_billed: true, ..Default::default() };
    let charge = CursorExpense { expense_date: 20_731, estimated_cost_usd: 9, ..Default::default() };
    let loads = vec![
        Reading::default().row(expense(1)).of(cost_slice(5), 10),
        Reading::default().row(expense(2)).of(cost_slice(6), 10),
        Reading::default().row(expense(3)).of(other_org.clone(), 10),
        Reading::default().row(event).row(charge).of(events, 10),
    ];
    warehouse.load(loads).await.unwrap();
    load_one(&warehouse, Reading::default().row(expense(4)).of(cost_slice(5), 11)).await;
    assert_eq!(costs(&warehouse).await, [2, 3, 4]);
    load_one(&warehouse, Reading::default().of(other_org, 11)).await;
    assert_eq!(costs(&warehouse).await, [2, 4]);
    assert_eq!(warehouse.snapshot(Table::CursorUsageEvents).await.unwrap().len(), 1);
    assert_eq!(warehouse.snapshot(Table::CursorExpenses).await.unwrap().len(), 1);
}

/// The last line of a run counts.
pub async fn a_run_is_recorded_twice_as_once<G, W: Warehouse>(fresh: impl AsyncFn() -> (G, W)) {
    let (_kept, warehouse) = fresh().await;
    let run = |state: &str| RunLine {
        run_id: "run".into(),
        trigger: "command".into(),
        started_at: moment_from_micros(1).unwrap().1,
        finished_at: None,
        state: state.into(),
        planned: 1,
        loaded: 0,
        skipped: 0,
        failed: 0,
        parked: 0,
        notes: String::new(),
    };
    for state in ["running", "running", "succeeded"] {
        warehouse.record_run(run(state)).await.unwrap();
    }
}
