//! The `Warehouse` port.

use std::sync::Arc;

use aispend_model::Feed;
use aispend_ports::{
    Answer, IncidentLine, LedgerLine, Questions, RunLine, SliceLoad, Verdict, Warehouse, WarehouseError,
};
use aispend_proto::{Table, v1::RecordSet};
use async_trait::async_trait;
use duckdb::params;
use jiff::Timestamp;

use crate::{DuckDb, DuckDbError, Reader, ledger, load, open::Writer, query::query, schema, snapshot};

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

    async fn record_incident(&self, incident: IncidentLine) -> Result<(), WarehouseError> {
        self.blocking_port(move |writer| {
            let written = add_incident(&writer.connection, &incident);
            Ok(written.map_err(DuckDbError::engine("record an incident"))?)
        })
        .await
    }

    async fn snapshot(&self, table: Table) -> Result<RecordSet, WarehouseError> {
        self.blocking_port(move |writer| Ok(snapshot::read(&writer.connection, table)?)).await
    }
}

/// Asks the writer's own file: what was loaded last counts, published or not.
#[async_trait]
impl Questions for DuckDb {
    async fn ask(&self, sql: &str) -> Result<Answer, WarehouseError> {
        let sql = sql.to_owned();
        let asked = move |writer: &mut Writer| writer.with_room(|connection| query(connection, &sql));
        self.blocking_port(move |writer| Ok(asked(writer)?.into_texts())).await
    }
}

/// The published snapshot, as a port.
pub struct Published(Arc<Reader>);

impl From<Reader> for Published {
    fn from(reader: Reader) -> Self {
        Self(Arc::new(reader))
    }
}

#[async_trait]
impl Questions for Published {
    async fn ask(&self, sql: &str) -> Result<Answer, WarehouseError> {
        let (reader, sql) = (Arc::clone(&self.0), sql.to_owned());
        let asked = tokio::task::spawn_blocking(move || reader.query(&sql)).await;
        let failed = |error: tokio::task::JoinError| WarehouseError::Unavailable(error.to_string());
        Ok(asked.map_err(failed)??.into_texts())
    }
}

fn add_incident(connection: &duckdb::Connection, incident: &IncidentLine) -> duckdb::Result<()> {
    connection.execute(
        "INSERT INTO ai_usage_analytics.alert_incidents
         (incident_id, rule, subject, period, state, severity, measured, limit_value, summary, opened_at, changed_at,
          notified_at, changed_by)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, make_timestamp(?), make_timestamp(?), make_timestamp(?), ?)",
        params![
            incident.incident_id,
            incident.rule,
            incident.subject,
            incident.period,
            incident.state,
            incident.severity,
            incident.measured,
            incident.limit_value,
            incident.summary,
            incident.opened_at.as_microsecond(),
            incident.changed_at.as_microsecond(),
            incident.notified_at.map(Timestamp::as_microsecond),
            incident.changed_by,
        ],
    )?;
    Ok(())
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
