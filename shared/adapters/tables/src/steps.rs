//! What a load does with a slice, given what the ledger knows of it.

use std::collections::HashMap;

use aispend_model::Order;
use aispend_ports::{Decision, LedgerLine, LoadState, SliceLoad, Verdict, decide};
use aispend_proto::{Table, TableSums};

use crate::{Stored, Which, merges};

/// What the ledger knows of a slice before a load.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// The newest reading whose rows are there.
    pub line: Option<LedgerLine>,
    /// How many of its records were rejected.
    pub rejected: u64,
    /// The newest note that the day cannot be had.
    pub noted: Option<Order>,
}

/// What the ledger knows, by slice key.
pub fn known_by_slice(lines: impl IntoIterator<Item = Stored>) -> HashMap<String, Known> {
    let mut known: HashMap<String, Known> = HashMap::new();
    for Stored { line, rejected, is_note } in lines {
        let slice = known.entry(line.slice.key()).or_default();
        if is_note {
            slice.noted = slice.noted.max(Some(line.order));
        } else if slice.line.as_ref().is_none_or(|newest| newest.order < line.order) {
            slice.rejected = rejected;
            slice.line = Some(line);
        }
    }
    known
}

impl Known {
    /// What it knows once a step is done.
    pub fn after(&mut self, step: &Step, load: &SliceLoad) {
        match step.decision {
            Decision::Skip => {}
            Decision::Note => self.noted = self.noted.max(Some(load.order)),
            Decision::Keep | Decision::Replace => {
                self.rejected = load.rejected.len() as u64;
                self.line = Some(LedgerLine {
                    slice: load.slice.clone(),
                    order: load.order,
                    run_id: load.run_id.clone(),
                    source: load.source.clone(),
                    outcome: load.outcome,
                    loaded: load.accepted.clone(),
                    content_hash: load.content_hash.clone(),
                    documents: Vec::new(),
                    context: Vec::new(),
                    context_digest: load.context_digest.clone(),
                    loaded_at: load.loaded_at,
                });
            }
        }
    }
}

/// What is to be done with one slice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which of the slices at hand.
    pub place: usize,
    /// Its key.
    pub key: String,
    /// What to do.
    pub decision: Decision,
    /// What the ledger knew of it.
    pub known: Known,
}

impl Step {
    /// Decides.
    pub fn new(place: usize, load: &SliceLoad, known: Known) -> Self {
        let decision = match decide(known.line.as_ref(), load) {
            // Its rows were seen again: they say so.
            Decision::Keep if merges(load) => Decision::Replace,
            decision => decision,
        };
        Self { place, key: load.slice.key(), decision, known }
    }

    /// True where the slice has rows in a table.
    pub fn has_rows_in(&self, table: Table) -> bool {
        self.known.line.as_ref().is_some_and(|line| line.loaded.of(table).0 > 0)
    }

    /// True where rejected records are those of this reading from now on.
    pub const fn records_anew(&self) -> bool {
        matches!(self.decision, Decision::Replace | Decision::Keep)
    }

    /// Which of its rows are written.
    pub fn rows_to_write(&self, load: &SliceLoad) -> Option<Which> {
        match self.decision {
            Decision::Replace => Some(Which::All),
            // An older snapshot may know what no newer one does; the same one again does not.
            Decision::Skip => {
                let is_older = self.known.line.as_ref().is_some_and(|line| load.order < line.order);
                (is_older && merges(load)).then_some(Which::Merged)
            }
            Decision::Keep | Decision::Note => None,
        }
    }

    /// True where the ledger gets a line. A note that was made already is not made again.
    pub fn writes_line(&self, load: &SliceLoad) -> bool {
        match self.decision {
            Decision::Replace | Decision::Keep => true,
            Decision::Skip => false,
            Decision::Note => self.known.noted.is_none_or(|noted| noted < load.order),
        }
    }

    /// What was there before, where it is replaced.
    pub fn superseded(&self) -> TableSums {
        match (self.decision, &self.known.line) {
            (Decision::Replace, Some(line)) => line.loaded.clone(),
            _ => TableSums::default(),
        }
    }

    /// The answer.
    pub fn verdict(&self) -> Verdict {
        Verdict { state: state_of(self.decision), superseded: self.superseded() }
    }
}

/// What a decision makes of a slice.
pub const fn state_of(decision: Decision) -> LoadState {
    match decision {
        Decision::Skip => LoadState::Superseded,
        Decision::Keep => LoadState::Unchanged,
        Decision::Replace => LoadState::Loaded,
        Decision::Note => LoadState::Unavailable,
    }
}
