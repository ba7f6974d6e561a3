//! The `Warehouse` port.

use aispend_model::Feed;
use aispend_ports::{
    Answer, IncidentLine, LedgerLine, Questions, RunLine, SliceLoad, Verdict, Warehouse, WarehouseError,
};
use aispend_proto::{Table, v1::RecordSet};
use aispend_warehouse::in_dataset;
use async_trait::async_trait;

use crate::BigQuery;

#[async_trait]
impl Warehouse for BigQuery {
    async fn load(&self, slices: Vec<SliceLoad>) -> Result<Vec<Verdict>, WarehouseError> {
        self.load_slices(&slices).await
    }

    async fn ledger(&self, feed: Option<Feed>) -> Result<Vec<LedgerLine>, WarehouseError> {
        self.ready().await?;
        Ok(self.newest(feed).await?)
    }

    async fn record_run(&self, run: RunLine) -> Result<(), WarehouseError> {
        self.ready().await?;
        Ok(self.write_run(&run).await?)
    }

    async fn record_incident(&self, incident: IncidentLine) -> Result<(), WarehouseError> {
        self.ready().await?;
        Ok(self.add_incident(&incident).await?)
    }

    async fn snapshot(&self, table: Table) -> Result<RecordSet, WarehouseError> {
        self.ready().await?;
        Ok(self.rows_of(table).await?)
    }
}

#[async_trait]
impl Questions for BigQuery {
    async fn ask(&self, sql: &str) -> Result<Answer, WarehouseError> {
        self.ready().await?;
        Ok(self.query(&in_dataset(sql, self.dataset()), None).await?.into_texts())
    }
}
