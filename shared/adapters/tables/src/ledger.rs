//! The ledger's lines, column by column.

use std::fmt::Write as _;

use aispend_model::{Generation, Order, Slice, day_number};
use aispend_ports::{DocumentRef, LedgerLine, LoadState, SliceLoad, SliceOutcome};
use aispend_proto::{RowSink, TableSums};
use jiff::Timestamp;

use crate::{Batch, ledger_json as json};

/// A line, and what a load needs to know beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The line.
    pub line: LedgerLine,
    /// How many records were rejected.
    pub rejected: u64,
    /// True for a note that a day cannot be had.
    pub is_note: bool,
}

/// A line as an engine gives it back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the columns of `tables/slice_loads.sql`
pub struct LineFields {
    pub slice_key: String,
    pub generation: i64,
    pub revision: u32,
    pub reader_version: u32,
    pub run_id: String,
    pub source: String,
    pub outcome: String,
    pub totals: String,
    pub content_hash: String,
    pub documents: String,
    pub context: String,
    pub context_digest: String,
    /// Microseconds.
    pub loaded_at: i64,
    pub rows_rejected: u64,
    pub state: String,
}

impl LineFields {
    /// The line.
    ///
    /// # Errors
    /// Says what cannot be read.
    pub fn read(self) -> Result<Stored, String> {
        let slice: Slice =
            self.slice_key.parse().map_err(|error: aispend_model::SliceError| error.to_string())?;
        let outcome = match self.outcome.as_str() {
            "complete" => SliceOutcome::Complete,
            "unavailable" => SliceOutcome::Unavailable,
            "retired" => SliceOutcome::Retired,
            other => return Err(format!("`{other}` is no outcome")),
        };
        let line = LedgerLine {
            slice,
            order: Order {
                generation: Generation(self.generation),
                revision: self.revision,
                reader_version: self.reader_version,
            },
            run_id: self.run_id,
            source: self.source,
            outcome,
            loaded: json::read_loaded(&self.totals)?,
            content_hash: from_hex(&self.content_hash)?,
            documents: json::read_documents(&self.documents)?,
            context: json::read_context(&self.context)?,
            context_digest: self.context_digest,
            loaded_at: Timestamp::from_microsecond(self.loaded_at).map_err(|error| error.to_string())?,
        };
        let is_note = self.state == LoadState::Unavailable.as_str();
        Ok(Stored { line, rejected: self.rows_rejected, is_note })
    }
}

/// Writes a line, column by column in the order of `tables/slice_loads.sql`.
pub fn write_line(batch: &mut Batch, load: &SliceLoad, state: LoadState, superseded: &TableSums) {
    // A note that a day cannot be had loads nothing, whatever its message carries.
    let nothing = TableSums::default();
    let is_note = state == LoadState::Unavailable;
    let (read, accepted) = if is_note { (&nothing, &nothing) } else { (&load.read, &load.accepted) };
    let rejected: &[_] = if is_note { &[] } else { &load.rejected };
    let generation = load.order.generation.0;
    batch.text(Some(&load.slice.key()));
    batch.text(Some(load.slice.feed.as_str()));
    batch.text(Some(&load.slice.org_id));
    batch.date(load.slice.day.map(day_number));
    batch.integer(Some(generation));
    batch.moment(Some(generation));
    batch.integer(Some(i64::from(load.order.revision)));
    batch.integer(Some(i64::from(load.order.reader_version)));
    batch.text(Some(&load.run_id));
    batch.text(Some(state.as_str()));
    batch.text(Some(&load.source));
    batch.text(Some(load.outcome.as_str()));
    batch.text(Some(&load.outcome_reason));
    batch.integer(Some(count(read.rows())));
    batch.integer(Some(count(accepted.rows())));
    batch.integer(Some(count(rejected.len() as u64)));
    batch.total(read.money());
    batch.total(accepted.money());
    // The difference, not the sum of the records: `api_usage_expenses` repeats a part of `claude_expenses`.
    batch.total(read.money() - accepted.money());
    batch.integer(Some(count(superseded.rows())));
    batch.total(superseded.money());
    batch.integer(Some(count(load.rounded_amounts)));
    batch.text(Some(&load.rounded_lost_usd));
    batch.text(Some(&to_hex(&load.content_hash)));
    batch.text(Some(&load.context_digest));
    batch.text(Some(&json::write_totals(accepted, read)));
    batch.text(Some(&json::write_documents(&load.documents)));
    batch.text(Some(&json::write_context(&load.context)));
    batch.text(Some(&json::write_lines(&load.findings)));
    batch.integer(load.claude_code_tokens);
    batch.moment(Some(load.loaded_at.as_microsecond()));
    batch.end_row();
}

/// Writes the rejected records of a load, in the order of `tables/rejected_records.sql`.
pub fn write_rejected(batch: &mut Batch, load: &SliceLoad) {
    let key = load.slice.key();
    for record in &load.rejected {
        batch.text(Some(&key));
        batch.text(Some(load.slice.feed.as_str()));
        batch.text(Some(&load.slice.org_id));
        batch.date(load.slice.day.map(day_number));
        batch.text(Some(&record.table));
        batch.text(Some(&record.field));
        batch.text(Some(&record.reason));
        batch.text(Some(&record.place));
        batch.text(Some(&record.record));
        batch.total(record.money.nanos());
        batch.text(Some(&load.source));
        batch.text(Some(&load.run_id));
        batch.moment(Some(load.order.generation.0));
        batch.end_row();
    }
}

/// Writes a line of the index of documents, in the order of `tables/raw_documents.sql`.
pub fn write_document(batch: &mut Batch, load: &SliceLoad, key: &str, document: &DocumentRef) {
    batch.text(Some(&document.sha256));
    batch.text(Some(load.slice.feed.as_str()));
    batch.text(Some(&load.slice.org_id));
    batch.text(Some(key));
    batch.text(Some(&document.role));
    batch.text(Some(&document.request));
    batch.integer(Some(i64::from(document.page)));
    batch.integer(Some(count(document.size_bytes)));
    batch.moment(Some(document.fetched_at));
    batch.text(Some(&document.request_id));
    batch.text(Some(&load.run_id));
    batch.end_row();
}

fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String grows");
        text
    })
}

fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let pair =
        |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    text.as_bytes().chunks(2).map(pair).collect::<Option<_>>().ok_or_else(|| format!("`{text}` is not hex"))
}
