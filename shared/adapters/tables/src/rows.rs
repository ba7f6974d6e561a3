//! A slice's rows on their way from its frames to the tables, counted as they pass.

use aispend_model::Money;
use aispend_ports::SliceLoad;
use aispend_proto::{Row, RowSink, RowVisitor, Table, TableSums, v1::RecordSet};

use crate::{Batch, is_merged};

/// Which rows of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// Those of merged tables: an older snapshot still knows things.
    Merged,
}

/// Where rows go, by table.
pub trait Sinks {
    /// The batch that a table's rows go into.
    fn of(&mut self, table: Table) -> &mut Batch;
}

/// Writes a slice's rows frame by frame, and checks that they are what the slice announces.
pub struct RowWriter<'a> {
    load: &'a SliceLoad,
    key: String,
    which: Which,
    sums: TableSums,
    missing: Option<u32>,
}

impl<'a> RowWriter<'a> {
    /// For one slice.
    pub fn new(load: &'a SliceLoad, which: Which) -> Self {
        Self { load, key: load.slice.key(), which, sums: TableSums::default(), missing: None }
    }

    /// Writes the rows of a frame, with their lineage.
    pub fn frame(&mut self, frame: &RecordSet, sinks: &mut impl Sinks) {
        frame.visit(&mut Visit { writer: self, sinks });
    }

    /// Checks the rows that passed.
    ///
    /// # Errors
    /// Says in what the slice contradicts itself.
    pub fn finish(self) -> Result<(), String> {
        if let Some(place) = self.missing {
            return Err(format!("a row names document {place} of {}", self.load.documents.len()));
        }
        difference("the rows are", &self.sums, "announced are", &self.load.accepted).map_or(Ok(()), Err)
    }
}

struct Visit<'w, 'a, S> {
    writer: &'w mut RowWriter<'a>,
    sinks: &'w mut S,
}

impl<S: Sinks> RowVisitor for Visit<'_, '_, S> {
    fn row<R: Row>(&mut self, row: &R) {
        let RowWriter { load, key, which, sums, missing } = self.writer;
        sums.add(R::TABLE, 1, i128::from(row.money().unwrap_or(0)));
        if *which == Which::Merged && !is_merged(R::TABLE) {
            return;
        }
        let document = load.documents.get(row.document() as usize);
        if document.is_none() && !load.documents.is_empty() {
            *missing = Some(row.document());
        }
        let generation = load.order.generation.0;
        let batch = self.sinks.of(R::TABLE);
        // The one moment that a row may leave to us: when the vendor was asked.
        batch.fill_moments_with((R::TABLE == Table::ClaudeUsageStats).then_some(generation));
        row.write(batch);
        batch.text(Some(&load.slice.org_id));
        batch.text(Some(key));
        batch.text(Some(&load.source));
        batch.text(Some(&load.run_id));
        batch.moment(Some(generation));
        batch.text(document.map(|document| document.sha256.as_str()));
        if is_merged(R::TABLE) {
            batch.flag(Some(true));
            batch.moment(Some(generation));
            batch.integer(Some(i64::from(load.order.revision)));
            batch.integer(Some(i64::from(load.order.reader_version)));
        }
        batch.end_row();
    }
}

/// Checks that what was read is what was accepted and what was rejected.
///
/// # Errors
/// Says by how much it is not.
pub fn check_conservation(load: &SliceLoad) -> Result<(), String> {
    let mut judged = load.accepted.clone();
    for record in &load.rejected {
        let table = Table::ALL.iter().find(|table| table.name() == record.table);
        let table = table.ok_or_else(|| format!("a rejected record names the table `{}`", record.table))?;
        judged.add(*table, 1, record.money.nanos());
    }
    difference("read are", &load.read, "accepted and rejected are", &judged).map_or(Ok(()), Err)
}

fn difference(one: &str, left: &TableSums, other: &str, right: &TableSums) -> Option<String> {
    Table::ALL.iter().find(|table| left.of(**table) != right.of(**table)).map(|table| {
        let ((rows, money), (other_rows, other_money)) = (left.of(*table), right.of(*table));
        let (money, other_money) = (Money::from_nanos(money), Money::from_nanos(other_money));
        format!(
            "`{}`: {one} {rows} with {money} USD, {other} {other_rows} with {other_money} USD",
            table.name()
        )
    })
}
