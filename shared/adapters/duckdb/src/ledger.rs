//! The ledger: which reading of each slice is the newest.

use std::collections::HashMap;

use aispend_model::Feed;
use aispend_ports::LedgerLine;
use aispend_tables::{Known, LineFields, Stored, known_by_slice};
use duckdb::{Connection, Row, params_from_iter};

use crate::DuckDbError;

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
    Ok(known_by_slice(lines))
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

fn read(connection: &Connection, sql: &str, values: &[String]) -> Result<Vec<Stored>, DuckDbError> {
    let failed = || DuckDbError::engine("read the ledger");
    let mut statement = connection.prepare(sql).map_err(failed())?;
    let mut rows = statement.query(params_from_iter(values)).map_err(failed())?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next().map_err(failed())? {
        let fields = fields(row).map_err(failed())?;
        let slice_key = fields.slice_key.clone();
        lines.push(fields.read().map_err(|detail| DuckDbError::Ledger { slice_key, detail })?);
    }
    Ok(lines)
}

fn fields(row: &Row) -> duckdb::Result<LineFields> {
    Ok(LineFields {
        slice_key: row.get(0)?,
        generation: row.get(1)?,
        revision: row.get(2)?,
        reader_version: row.get(3)?,
        run_id: row.get(4)?,
        source: row.get(5)?,
        outcome: row.get(6)?,
        totals: row.get(7)?,
        content_hash: row.get(8)?,
        documents: row.get(9)?,
        context: row.get(10)?,
        context_digest: row.get(11)?,
        loaded_at: row.get(12)?,
        rows_rejected: row.get(13)?,
        state: row.get(14)?,
    })
}
