//! One transaction under snapshot isolation: inserts never conflict, deletes touch only what the snapshot showed.

use std::collections::BTreeMap;
use std::sync::Arc;

use aispend_model::Order;
use aispend_ports::{LedgerLine, SliceOutcome};
use aispend_proto::TableSums;

use super::rows::{KeyedRow, StoredRow};

/// Rows that one load wrote, replaced together.
#[derive(Debug)]
pub struct Written {
    /// The rows of plain tables.
    pub rows: Vec<StoredRow>,
}

/// A merged row and the reading it was last seen in.
#[derive(Debug)]
pub struct Seen {
    /// The row.
    pub keyed: KeyedRow,
    /// When it was last seen.
    pub order: Order,
}

/// A line of the ledger with both sides of its account.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What readers of the ledger get.
    pub line: LedgerLine,
    /// What the normalizer read.
    pub read: TableSums,
    /// What was refused.
    pub rejected: TableSums,
}

/// What is stored of one slice. The number is the row's own, given when it was written.
#[derive(Debug, Clone, Default)]
pub struct SliceRows {
    /// Rows of plain tables.
    pub written: BTreeMap<u64, Arc<Written>>,
    /// Rows of merged tables.
    pub seen: BTreeMap<u64, Arc<Seen>>,
    /// Append-only.
    pub entries: Vec<Arc<Entry>>,
}

impl SliceRows {
    /// The newest reading; a note that a day cannot be had is none.
    pub fn newest(&self) -> Option<&Arc<Entry>> {
        self.entries
            .iter()
            .filter(|entry| entry.line.outcome != SliceOutcome::Unavailable)
            .max_by_key(|entry| entry.line.order)
    }

    /// The newest reading, or else the newest note.
    pub fn known(&self) -> Option<&Arc<Entry>> {
        self.newest().or_else(|| self.entries.iter().max_by_key(|entry| entry.line.order))
    }
}

/// Everything, as of one commit.
#[derive(Debug, Clone, Default)]
pub struct Version {
    /// Changes with every commit of a load: the one row of `load_lock`.
    pub lock: u64,
    /// By slice key.
    pub slices: BTreeMap<String, Arc<SliceRows>>,
}

impl Version {
    fn slice(&mut self, key: &str) -> &mut SliceRows {
        Arc::make_mut(self.slices.entry(key.to_owned()).or_default())
    }
}

/// One statement's effect.
#[derive(Debug, Clone)]
enum Change {
    DeleteWritten(u64),
    DeleteSeen(u64),
    Write(u64, Arc<Written>),
    See(u64, Arc<Seen>),
    Note(Arc<Entry>),
}

/// A transaction: its own view, and what it will change.
#[derive(Debug)]
pub struct Transaction {
    /// What it sees: the snapshot, and its own changes.
    pub view: Version,
    changes: Vec<(String, Change)>,
}

impl Transaction {
    /// Over a snapshot.
    pub const fn new(view: Version) -> Self {
        Self { view, changes: Vec::new() }
    }

    /// Deletes what the view has of a slice in plain tables.
    pub fn delete_written(&mut self, key: &str) {
        let numbers: Vec<u64> = self.view.slice(key).written.keys().copied().collect();
        for number in numbers {
            self.change(key, Change::DeleteWritten(number));
        }
    }

    /// Deletes one merged row.
    pub fn delete_seen(&mut self, key: &str, number: u64) {
        self.change(key, Change::DeleteSeen(number));
    }

    /// Inserts rows of plain tables.
    pub fn write(&mut self, key: &str, number: u64, written: Written) {
        self.change(key, Change::Write(number, Arc::new(written)));
    }

    /// Inserts a merged row.
    pub fn see(&mut self, key: &str, number: u64, seen: Seen) {
        self.change(key, Change::See(number, Arc::new(seen)));
    }

    /// Adds a ledger line.
    pub fn note(&mut self, key: &str, entry: Entry) {
        self.change(key, Change::Note(Arc::new(entry)));
    }

    /// Applies every change to what is there by now.
    pub fn apply_to(self, version: &mut Version) {
        for (key, change) in self.changes {
            apply(version.slice(&key), change);
        }
    }

    fn change(&mut self, key: &str, change: Change) {
        apply(self.view.slice(key), change.clone());
        self.changes.push((key.to_owned(), change));
    }
}

fn apply(slice: &mut SliceRows, change: Change) {
    match change {
        Change::DeleteWritten(number) => {
            slice.written.remove(&number);
        }
        Change::DeleteSeen(number) => {
            slice.seen.remove(&number);
        }
        Change::Write(number, written) => {
            slice.written.insert(number, written);
        }
        Change::See(number, seen) => {
            slice.seen.insert(number, seen);
        }
        Change::Note(entry) => slice.entries.push(entry),
    }
}
