//! The `Warehouse` port.

use aispend_model::Feed;
use aispend_ports::{LedgerLine, RunLine, SliceLoad, Verdict, Warehouse, WarehouseError};
use aispend_proto::{Table, v1::RecordSet};
use async_trait::async_trait;
use duckdb::params;
use jiff::Timestamp;

use crate::{DuckDb, DuckDbError, ledger, load, schema, snapshot};

#[async_trait]
impl Warehouse for DuckDb {
    async fn load(&self, slices: Vec<SliceLoad>) -> Result<Vec<Verdict>, WarehouseError> {
        self.blocking_port(move |writer| {
            let verdicts = load::load(&writer.connection, &writer.tables, &slices)?;
            drop(slices);
            writer.publish_if_due();
            Ok(verdicts)
        })
        .await
    }

    async fn ledger(&self, feed: Option<Feed>) -> Result<Vec<LedgerLine>, WarehouseError> {
        self.blocking_port(move |writer| Ok(ledger::newest(&writer.connection, feed)?)).await
    }

    async fn record_run(&self, run: RunLine) -> Result<(), WarehouseError> {
        self.blocking_port(move |writer| {
            let connection = &writer.connection;
            let written = connection
                .execute_batch("BEGIN TRANSACTION")
                .and_then(|()| replace_run(connection, &run))
                .and_then(|()| connection.execute_batch("COMMIT"));
            if written.is_err() {
                schema::roll_back(connection);
            }
            Ok(written.map_err(DuckDbError::engine("record a run"))?)
        })
        .await
    }

    async fn snapshot(&self, table: Table) -> Result<RecordSet, WarehouseError> {
        self.blocking_port(move |writer| Ok(snapshot::read(&writer.connection, table)?)).await
    }
}

fn replace_run(connection: &duckdb::Connection, run: &RunLine) -> duckdb::Result<()> {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    connection.execute("DELETE FROM ai_usage_analytics.runs WHERE run_id = ?", [&run.run_id])?;
    connection.execute(
        "INSERT INTO ai_usage_analytics.runs
         (run_id, trigger, started_at, finished_at, state, planned, loaded, skipped, failed, parked, notes)
         VALUES (?, ?, make_timestamp(?), make_timestamp(?), ?, ?, ?, ?, ?, ?, ?)",
        params![
            run.run_id,
            run.trigger,
            run.started_at.as_microsecond(),
            run.finished_at.map(Timestamp::as_microsecond),
            run.state,
            count(run.planned),
            count(run.loaded),
            count(run.skipped),
            count(run.failed),
            count(run.parked),
            run.notes
        ],
    )?;
    Ok(())
}
