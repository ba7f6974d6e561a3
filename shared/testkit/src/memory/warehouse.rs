//! A warehouse in memory with snapshot isolation as BigQuery has it: plain inserts never conflict, only two updates of
//! the one row of `load_lock` do.

use std::sync::{Mutex, MutexGuard, PoisonError};

use aispend_model::{Feed, Slice};
use aispend_ports::{
    Decision, IncidentLine, LedgerLine, LoadState, RunLine, SliceLoad, SliceOutcome, Verdict, Warehouse,
    WarehouseError, decide,
};
use aispend_proto::v1::RecordSet;
use aispend_proto::{Table, TableSums};
use async_trait::async_trait;

use super::rows::{Brought, MERGED, StoredRow};
use super::transaction::{Entry, Seen, Transaction, Version, Written};
use crate::turn::next_turn;

/// How often a load that another one overtook starts again.
const TRIES: u32 = 200;

/// A rule of replacement.
pub type Rule = fn(Option<&LedgerLine>, &SliceLoad) -> Decision;

/// Promises that can be broken, to see that a test notices.
#[derive(Debug, Clone, Copy)]
pub struct WarehouseSwitches {
    /// Loads do not look whether another one committed in between.
    pub ignores_lock: bool,
    /// Merged tables are skipped and kept like all others.
    pub merges_like_the_rest: bool,
    /// What a load does with what is there.
    pub rule: Rule,
}

impl Default for WarehouseSwitches {
    fn default() -> Self {
        Self { ignores_lock: false, merges_like_the_rest: false, rule: decide }
    }
}

/// Both sides of a ledger line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Which slice.
    pub slice: Slice,
    /// What the normalizer read.
    pub read: TableSums,
    /// What was loaded.
    pub loaded: TableSums,
    /// What was refused.
    pub rejected: TableSums,
}

/// A warehouse in memory.
#[derive(Debug, Default)]
pub struct MemoryWarehouse {
    switches: WarehouseSwitches,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    version: Version,
    next_number: u64,
    runs: Vec<RunLine>,
    incidents: Vec<IncidentLine>,
    /// Every load that was committed, in order of commit.
    committed: Vec<SliceLoad>,
}

impl MemoryWarehouse {
    /// With promises kept or broken.
    pub fn new(switches: WarehouseSwitches) -> Self {
        Self { switches, state: Mutex::default() }
    }

    /// Every load that was committed, whatever became of it.
    pub fn committed(&self) -> Vec<SliceLoad> {
        self.lock().committed.clone()
    }

    /// Rows of a table with the slice they belong to; of merged tables only those that the newest reading has.
    pub fn active_rows(&self, table: Table) -> Vec<(Slice, StoredRow)> {
        let version = self.lock().version.clone();
        let mut rows = Vec::new();
        for (key, stored) in &version.slices {
            let Ok(slice) = key.parse::<Slice>() else { continue };
            let newest = stored.newest().map(|entry| entry.line.order);
            let plain = stored.written.values().flat_map(|written| &written.rows);
            let seen =
                stored.seen.values().filter(|seen| Some(seen.order) == newest).map(|seen| &seen.keyed.row);
            rows.extend(
                plain.chain(seen).filter(|row| row.table == table).map(|row| (slice.clone(), row.clone())),
            );
        }
        rows
    }

    /// Both sides of every line that counts.
    pub fn accounts(&self) -> Vec<Account> {
        let version = self.lock().version.clone();
        version
            .slices
            .values()
            .filter_map(|stored| stored.newest())
            .map(|entry| Account {
                slice: entry.line.slice.clone(),
                read: entry.read.clone(),
                loaded: entry.line.loaded.clone(),
                rejected: entry.rejected.clone(),
            })
            .collect()
    }

    /// Every run's last line.
    pub fn runs(&self) -> Vec<RunLine> {
        self.lock().runs.clone()
    }

    /// Every line of every incident, in order.
    pub fn incidents(&self) -> Vec<IncidentLine> {
        self.lock().incidents.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn number(&self) -> u64 {
        let mut state = self.lock();
        state.next_number += 1;
        state.next_number
    }

    /// True for slices whose rows outlive them: by their feed, so that an empty snapshot counts, or by what they bring.
    fn merges(&self, load: &SliceLoad) -> bool {
        let has_merged = load.accepted.iter().any(|(table, rows, _)| rows > 0 && MERGED.contains(&table));
        let is_of_feed =
            matches!(load.slice.feed, Feed::AnthropicDirectory | Feed::CursorMembers | Feed::SheetPeople);
        (is_of_feed || has_merged) && !self.switches.merges_like_the_rest
    }

    /// One attempt. `None`: another load committed in between.
    async fn attempt(&self, loads: &[(&SliceLoad, Brought)]) -> Option<Vec<Verdict>> {
        let snapshot = self.lock().version.clone();
        let lock_seen = snapshot.lock;
        next_turn().await;
        // The update of `load_lock`: it is part of what is committed.
        let mut transaction = Transaction::new(snapshot);
        next_turn().await;
        let mut verdicts = Vec::with_capacity(loads.len());
        for (load, brought) in loads {
            verdicts.push(self.load_one(&mut transaction, load, brought).await);
        }
        let mut state = self.lock();
        if state.version.lock != lock_seen && !self.switches.ignores_lock {
            return None;
        }
        transaction.apply_to(&mut state.version);
        state.version.lock += 1;
        state.committed.extend(loads.iter().map(|(load, _)| (*load).clone()));
        Some(verdicts)
    }

    async fn load_one(&self, transaction: &mut Transaction, load: &SliceLoad, brought: &Brought) -> Verdict {
        let key = load.slice.key();
        let current = transaction
            .view
            .slices
            .get(&key)
            .and_then(|slice| slice.newest())
            .map(|entry| entry.line.clone());
        let is_merging = self.merges(load);
        let decision = match (self.switches.rule)(current.as_ref(), load) {
            // Its rows were seen again: they say so.
            Decision::Keep if is_merging => Decision::Replace,
            decision => decision,
        };
        next_turn().await;
        let before = current.map(|line| line.loaded).unwrap_or_default();
        if decision == Decision::Replace {
            transaction.delete_written(&key);
            let rows = brought.plain.clone();
            if !rows.is_empty() {
                transaction.write(&key, self.number(), Written { rows });
            }
        }
        // An older snapshot may know what no newer one does.
        if decision == Decision::Replace || (decision == Decision::Skip && is_merging) {
            self.merge(transaction, &key, load, brought);
        }
        next_turn().await;
        let has_line = match decision {
            Decision::Replace | Decision::Keep => true,
            Decision::Skip => false,
            Decision::Note => !transaction.view.slices.get(&key).is_some_and(|slice| {
                let mut notes =
                    slice.entries.iter().filter(|entry| entry.line.outcome == SliceOutcome::Unavailable);
                notes.any(|entry| entry.line.order >= load.order)
            }),
        };
        if has_line {
            transaction.note(&key, entry_of(load));
        }
        let superseded = if decision == Decision::Replace { before } else { TableSums::default() };
        Verdict { state: state_of(decision), superseded }
    }

    fn merge(&self, transaction: &mut Transaction, key: &str, load: &SliceLoad, brought: &Brought) {
        for keyed in &brought.merged {
            let there = transaction.view.slices.get(key).and_then(|slice| {
                let same =
                    |seen: &Seen| seen.keyed.row.table == keyed.row.table && seen.keyed.key == keyed.key;
                slice.seen.iter().find(|(_, seen)| same(seen)).map(|(number, seen)| (*number, seen.order))
            });
            match there {
                Some((_, order)) if order >= load.order => continue,
                Some((number, _)) => transaction.delete_seen(key, number),
                None => {}
            }
            transaction.see(key, self.number(), Seen { keyed: keyed.clone(), order: load.order });
        }
    }
}

const fn state_of(decision: Decision) -> LoadState {
    match decision {
        Decision::Skip => LoadState::Superseded,
        Decision::Keep => LoadState::Unchanged,
        Decision::Replace => LoadState::Loaded,
        Decision::Note => LoadState::Unavailable,
    }
}

fn rejected_of(load: &SliceLoad) -> Result<TableSums, String> {
    let mut sums = TableSums::default();
    for rejected in &load.rejected {
        let table = Table::ALL
            .iter()
            .find(|table| table.name() == rejected.table)
            .ok_or_else(|| format!("there is no table `{}`", rejected.table))?;
        sums.add(*table, 1, rejected.money.nanos());
    }
    Ok(sums)
}

fn entry_of(load: &SliceLoad) -> Entry {
    let line = LedgerLine {
        slice: load.slice.clone(),
        order: load.order,
        run_id: load.run_id.clone(),
        source: load.source.clone(),
        outcome: load.outcome,
        loaded: load.accepted.clone(),
        content_hash: load.content_hash.clone(),
        documents: load.documents.clone(),
        context: load.context.clone(),
        context_digest: load.context_digest.clone(),
        loaded_at: load.loaded_at,
    };
    Entry { line, read: load.read.clone(), rejected: rejected_of(load).unwrap_or_default() }
}

/// In is loaded and rejected, exactly; and the rows are what was stated.
fn checked(load: &SliceLoad) -> Result<Brought, String> {
    let brought = Brought::read(load)?;
    if brought.sums != load.accepted {
        return Err("the rows are not what was stated".to_owned());
    }
    let mut both = rejected_of(load)?;
    for (table, rows, money) in load.accepted.iter() {
        both.add(table, rows, money);
    }
    if both != load.read {
        return Err("read is not accepted and rejected".to_owned());
    }
    Ok(brought)
}

#[async_trait]
impl Warehouse for MemoryWarehouse {
    async fn load(&self, slices: Vec<SliceLoad>) -> Result<Vec<Verdict>, WarehouseError> {
        let mut refused = None;
        let mut good = Vec::with_capacity(slices.len());
        for load in &slices {
            match checked(load) {
                Ok(brought) => good.push((load, brought)),
                Err(detail) if refused.is_none() => {
                    refused = Some(WarehouseError::Refused { slice_key: load.slice.key(), detail });
                }
                Err(_) => {}
            }
        }
        for _ in 0..TRIES {
            let verdicts = self.attempt(&good).await;
            match (verdicts, refused.take()) {
                (Some(_), Some(refused)) => return Err(refused),
                (Some(verdicts), None) => return Ok(verdicts),
                (None, still) => refused = still,
            }
            next_turn().await;
        }
        Err(WarehouseError::Unavailable("another load won every time".to_owned()))
    }

    async fn ledger(&self, feed: Option<Feed>) -> Result<Vec<LedgerLine>, WarehouseError> {
        let version = self.lock().version.clone();
        let lines = version.slices.values().filter_map(|slice| slice.known()).map(|entry| entry.line.clone());
        Ok(lines.filter(|line| feed.is_none_or(|feed| line.slice.feed == feed)).collect())
    }

    async fn record_run(&self, run: RunLine) -> Result<(), WarehouseError> {
        let mut state = self.lock();
        state.runs.retain(|known| known.run_id != run.run_id);
        state.runs.push(run);
        Ok(())
    }

    async fn record_incident(&self, incident: IncidentLine) -> Result<(), WarehouseError> {
        self.lock().incidents.push(incident);
        Ok(())
    }

    async fn snapshot(&self, table: Table) -> Result<RecordSet, WarehouseError> {
        let version = self.lock().version.clone();
        let mut rows: Vec<&StoredRow> = Vec::new();
        for stored in version.slices.values() {
            rows.extend(
                stored.written.values().flat_map(|written| &written.rows).filter(|row| row.table == table),
            );
            rows.extend(stored.seen.values().map(|seen| &seen.keyed.row).filter(|row| row.table == table));
        }
        rows.sort();
        let mut set = RecordSet::default();
        for row in rows {
            row.add_to(&mut set);
        }
        Ok(set)
    }
}
