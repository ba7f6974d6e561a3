//! The ledger: which reading of each slice is the newest, and the lines that say so.

use std::{collections::HashMap, fmt::Write as _};

use aispend_model::{Feed, Generation, Money, Order, Slice, day_number};
use aispend_ports::{LedgerLine, LoadState, SliceLoad, SliceOutcome};
use aispend_proto::{RowSink, TableSums};
use duckdb::{Connection, Row, params_from_iter};
use jiff::Timestamp;

use crate::{DuckDbError, batch::Batch, ledger_json as json};

/// What the ledger knows of a slice before a load.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The newest reading whose rows are there.
    pub line: Option<LedgerLine>,
    /// How many of its records were rejected.
    pub rejected: u64,
    /// The newest note that the day cannot be had.
    pub noted: Option<Order>,
}

const COLUMNS: &str = "slice_key, generation, revision, reader_version, run_id, source, outcome, totals, content_hash, \
                       documents, context, context_digest, epoch_us(loaded_at), rows_rejected, state";

/// What the ledger knows of these slices, without their documents.
pub fn known(connection: &Connection, keys: &[String]) -> Result<HashMap<String, Known>, DuckDbError> {
    let columns = COLUMNS.replace("documents, context,", "'[]', '[]',");
    let marks = vec!["?"; keys.len()].join(", ");
    let lines = read(
        connection,
        &format!("SELECT {columns} FROM ai_usage_analytics.slice_loads WHERE slice_key IN ({marks})"),
        keys,
    )?;
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
    Ok(known)
}

/// The newest reading of every slice; a note that a day cannot be had stands only where there is no reading.
pub fn newest(connection: &Connection, feed: Option<Feed>) -> Result<Vec<LedgerLine>, DuckDbError> {
    let (filter, values) = match feed {
        Some(feed) => ("WHERE feed = ?", vec![feed.as_str().to_owned()]),
        None => ("", Vec::new()),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM (
             SELECT *, ROW_NUMBER() OVER (
                 PARTITION BY slice_key
                 ORDER BY state = 'unavailable', generation DESC, revision DESC, reader_version DESC
             ) AS place
             FROM ai_usage_analytics.slice_loads {filter}
         ) AS lines WHERE place = 1 ORDER BY slice_key"
    );
    Ok(read(connection, &sql, &values)?.into_iter().map(|stored| stored.line).collect())
}

struct Stored {
    line: LedgerLine,
    rejected: u64,
    is_note: bool,
}

fn read(connection: &Connection, sql: &str, values: &[String]) -> Result<Vec<Stored>, DuckDbError> {
    let failed = || DuckDbError::engine("read the ledger");
    let mut statement = connection.prepare(sql).map_err(failed())?;
    let mut rows = statement.query(params_from_iter(values)).map_err(failed())?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next().map_err(failed())? {
        let key: String = row.get(0).map_err(failed())?;
        lines.push(line(row, &key).map_err(|detail| DuckDbError::Ledger { slice_key: key, detail })?);
    }
    Ok(lines)
}

fn line(row: &Row, key: &str) -> Result<Stored, String> {
    fn get<T: duckdb::types::FromSql>(row: &Row, place: usize) -> Result<T, String> {
        row.get(place).map_err(|error| error.to_string())
    }
    let slice: Slice = key.parse().map_err(|error: aispend_model::SliceError| error.to_string())?;
    let order =
        Order { generation: Generation(get(row, 1)?), revision: get(row, 2)?, reader_version: get(row, 3)? };
    let outcome = match get::<String>(row, 6)?.as_str() {
        "complete" => SliceOutcome::Complete,
        "unavailable" => SliceOutcome::Unavailable,
        "retired" => SliceOutcome::Retired,
        other => return Err(format!("`{other}` is no outcome")),
    };
    let line = LedgerLine {
        slice,
        order,
        run_id: get(row, 4)?,
        source: get(row, 5)?,
        outcome,
        loaded: json::read_loaded(&get::<String>(row, 7)?)?,
        content_hash: from_hex(&get::<String>(row, 8)?)?,
        documents: json::read_documents(&get::<String>(row, 9)?)?,
        context: json::read_context(&get::<String>(row, 10)?)?,
        context_digest: get(row, 11)?,
        loaded_at: Timestamp::from_microsecond(get(row, 12)?).map_err(|error| error.to_string())?,
    };
    let state: String = get(row, 14)?;
    Ok(Stored { line, rejected: get(row, 13)?, is_note: state == LoadState::Unavailable.as_str() })
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

fn count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// An amount for a person.
pub fn dollars(nanos: i128) -> Money {
    Money::from_nanos(nanos)
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
