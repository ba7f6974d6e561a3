//! A slice's rows on their way from its frames to the tables, counted as they pass.

use aispend_ports::{Frames, SliceLoad};
use aispend_proto::{Row, RowSink, RowVisitor, Table, TableSums};
use duckdb::Connection;

use crate::{
    DuckDbError,
    ledger::dollars,
    tables::{RowAppends, is_merged},
};

/// Why a slice's rows are not taken.
pub enum AppendError {
    /// The slice contradicts itself.
    Refused(String),
    /// DuckDB failed.
    Engine(DuckDbError),
}

impl From<DuckDbError> for AppendError {
    fn from(error: DuckDbError) -> Self {
        Self::Engine(error)
    }
}

/// Which rows of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// Those of merged tables: an older snapshot still knows things.
    Merged,
}

/// Appends a slice's rows and checks that they are what the slice announces.
pub fn append_rows(
    connection: &Connection,
    appends: &mut RowAppends,
    load: &SliceLoad,
    which: Which,
) -> Result<(), AppendError> {
    let mut writer =
        Writer { appends, load, key: load.slice.key(), which, sums: TableSums::default(), missing: None };
    for frame in Frames::new(load.frames.clone()) {
        let frame = frame.map_err(|error| AppendError::Refused(error.to_string()))?;
        frame.visit(&mut writer);
        writer.appends.flush_full(connection)?;
    }
    if let Some(place) = writer.missing {
        let documents = load.documents.len();
        return Err(AppendError::Refused(format!("a row names document {place} of {documents}")));
    }
    match difference("the rows are", &writer.sums, "announced are", &load.accepted) {
        Some(detail) => Err(AppendError::Refused(detail)),
        None => Ok(()),
    }
}

/// Checks that what was read is what was accepted and what was rejected.
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
        let (money, other_money) = (dollars(money), dollars(other_money));
        format!(
            "`{}`: {one} {rows} with {money} USD, {other} {other_rows} with {other_money} USD",
            table.name()
        )
    })
}

struct Writer<'a, 'b> {
    appends: &'a mut RowAppends<'b>,
    load: &'a SliceLoad,
    key: String,
    which: Which,
    sums: TableSums,
    missing: Option<u32>,
}

impl RowVisitor for Writer<'_, '_> {
    fn row<R: Row>(&mut self, row: &R) {
        self.sums.add(R::TABLE, 1, i128::from(row.money().unwrap_or(0)));
        if self.which == Which::Merged && !is_merged(R::TABLE) {
            return;
        }
        let load = self.load;
        let document = load.documents.get(row.document() as usize);
        if document.is_none() && !load.documents.is_empty() {
            self.missing = Some(row.document());
        }
        let generation = load.order.generation.0;
        let batch = self.appends.of(R::TABLE).batch();
        // The one moment that a row may leave to us: when the vendor was asked.
        batch.fill_moments_with((R::TABLE == Table::ClaudeUsageStats).then_some(generation));
        row.write(batch);
        batch.text(Some(&load.slice.org_id));
        batch.text(Some(&self.key));
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
