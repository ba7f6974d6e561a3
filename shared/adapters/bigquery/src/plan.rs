//! What a load is to do with its slices, decided before anything is written.
//!
//! Slices count in their order: what one does is known to the next. So the script that follows needs each table once,
//! however often a slice stands among them.

use std::collections::{BTreeMap, HashMap};

use aispend_model::Order;
use aispend_ports::{Decision, SliceLoad, Verdict};
use aispend_proto::Table;
use aispend_tables::{Known, Step, Stored, Which, known_by_slice, merges};

/// The steps, and the ledger they were decided by.
pub struct Plan {
    pub steps: Vec<Step>,
    /// How many lines the ledger has of these slices. Lines are only ever added.
    pub lines_known: usize,
}

/// What a slice wants to have staged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Need {
    /// Which of its rows.
    pub rows: Option<Which>,
    /// Its line in the ledger, with its documents and rejected records.
    pub line: bool,
}

impl Need {
    /// True where what is staged is enough.
    pub fn is_met_by(self, staged: Self) -> bool {
        let rows = match (self.rows, staged.rows) {
            (None, _) | (Some(_), Some(Which::All)) | (Some(Which::Merged), Some(Which::Merged)) => true,
            (Some(_), None) | (Some(Which::All), Some(Which::Merged)) => false,
        };
        rows && (!self.line || staged.line)
    }
}

impl Plan {
    /// Decides for the slices at hand, by their places.
    pub fn new(slices: &[SliceLoad], at_hand: &[usize], lines: Vec<Stored>) -> Self {
        let lines_known = lines.len();
        let mut known: HashMap<String, Known> = known_by_slice(lines);
        let mut steps = Vec::with_capacity(at_hand.len());
        for (place, load) in at_hand.iter().filter_map(|place| Some((*place, slices.get(*place)?))) {
            let known = known.entry(load.slice.key()).or_default();
            let step = Step::new(place, load, known.clone());
            known.after(&step, load);
            steps.push(step);
        }
        Self { steps, lines_known }
    }

    /// What each slice needs to have staged; those that need nothing are left out.
    pub fn needs(&self, slices: &[SliceLoad]) -> BTreeMap<usize, Need> {
        let need = |step: &Step| {
            let load = slices.get(step.place)?;
            let need = Need { rows: step.rows_to_write(load), line: step.writes_line(load) };
            (need != Need::default()).then_some((step.place, need))
        };
        self.steps.iter().filter_map(need).collect()
    }

    /// The answers, in the order of the slices.
    pub fn verdicts(&self) -> Vec<Verdict> {
        self.steps.iter().map(Step::verdict).collect()
    }

    /// Every key, once.
    pub fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.steps.iter().map(|step| step.key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Slices whose rows in a table are replaced, where the ledger says that there are any.
    pub fn replaced_in(&self, table: Table) -> Vec<&str> {
        self.first_steps()
            .filter(|(first, all)| {
                first.has_rows_in(table) && all.iter().any(|step| step.decision == Decision::Replace)
            })
            .map(|(first, _)| first.key.as_str())
            .collect()
    }

    /// Slices whose rejected records are replaced, where the ledger says that there are any.
    pub fn rejected_replaced(&self) -> Vec<&str> {
        self.first_steps()
            .filter(|(first, all)| first.known.rejected > 0 && all.iter().any(|step| step.records_anew()))
            .map(|(first, _)| first.key.as_str())
            .collect()
    }

    /// Readings whose rows stand in the end: of each slice the last that replaces.
    pub fn standing(&self) -> Vec<usize> {
        self.last_places(|step| step.decision == Decision::Replace)
    }

    /// Readings whose rejected records stand in the end.
    pub fn standing_rejected(&self) -> Vec<usize> {
        self.last_places(Step::records_anew)
    }

    /// Readings whose rows are merged, and per slice the order of its newest reading.
    pub fn merging(&self, slices: &[SliceLoad]) -> (Vec<usize>, BTreeMap<&str, Order>) {
        let (mut places, mut newest) = (Vec::new(), BTreeMap::new());
        for (step, load) in self.steps.iter().filter_map(|step| Some((step, slices.get(step.place)?))) {
            if !merges(load) || step.rows_to_write(load).is_none() {
                continue;
            }
            places.push(step.place);
            let order = step.known.line.as_ref().map_or(load.order, |line| line.order.max(load.order));
            let known = newest.entry(step.key.as_str()).or_insert(order);
            *known = order.max(*known);
        }
        (places, newest)
    }

    /// The first step of each slice, and all of them.
    fn first_steps(&self) -> impl Iterator<Item = (&Step, Vec<&Step>)> {
        self.keys().into_iter().filter_map(|key| {
            let all: Vec<&Step> = self.steps.iter().filter(|step| step.key == key).collect();
            Some((*all.first()?, all))
        })
    }

    fn last_places(&self, which: impl Fn(&Step) -> bool) -> Vec<usize> {
        let mut last: BTreeMap<&str, usize> = BTreeMap::new();
        for step in self.steps.iter().filter(|step| which(step)) {
            last.insert(&step.key, step.place);
        }
        last.into_values().collect()
    }
}
