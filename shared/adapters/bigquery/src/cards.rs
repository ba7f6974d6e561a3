//! What dashboards read, on BigQuery: the views themselves, under a version that changes with every load.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use aispend_dashboards::{Cards, ReadError, Snapshot};
use aispend_tables::{Cell, QueryResult};
use aispend_warehouse::{DATASET, Engine, in_dataset};
use async_trait::async_trait;
use tokio::sync::Mutex;

use crate::{BigQuery, BigQueryError};

/// How often it is asked whether something was loaded: every page would be one more job.
const LOOKED_AT: Duration = Duration::from_mins(1);

/// Ages in hours grow without a load.
const KEPT: Duration = Duration::from_mins(30);

/// Rows of one card at most.
const MOST_ROWS: usize = 1_000_000;

/// The dataset, for dashboards.
pub struct CloudCards {
    bigquery: Arc<BigQuery>,
    held: Mutex<Option<Held>>,
}

struct Held {
    looked: Instant,
    since: Instant,
    snapshot: Arc<CloudSnapshot>,
}

/// The dataset after one load. BigQuery answers from what is there: figures of a page that straddles a load agree when
/// it is read again, which it does by itself once the version is another.
struct CloudSnapshot {
    bigquery: Arc<BigQuery>,
    version: String,
    is_simulated: bool,
}

impl CloudCards {
    /// Over this dataset.
    pub fn new(bigquery: Arc<BigQuery>) -> Self {
        Self { bigquery, held: Mutex::default() }
    }

    async fn version(&self) -> Result<String, ReadError> {
        let sql = format!(
            "SELECT MAX(l.loaded_at) AS loaded_at, COUNT(*) AS loads FROM {DATASET}.slice_loads AS l"
        );
        let answer = ask(&self.bigquery, &sql).await?;
        let cells: Vec<String> =
            answer.rows.into_iter().flatten().map(|cell: Cell| cell.to_string()).collect();
        Ok(cells.join("-"))
    }
}

#[async_trait]
impl Cards for CloudCards {
    async fn newest(&self) -> Result<Arc<dyn Snapshot>, ReadError> {
        let mut held = self.held.lock().await;
        if let Some(known) = held.as_ref()
            && known.looked.elapsed() < LOOKED_AT
        {
            return Ok(Arc::clone(&known.snapshot) as Arc<dyn Snapshot>);
        }
        let info = self.bigquery.info().await.map_err(|error| failed(&error))?;
        let info = info
            .ok_or_else(|| ReadError::NoData("it has no tables: `aispend migrate` makes them".to_owned()))?;
        let version = format!("{}-{}", self.version().await?, info.schema_version);
        if let Some(known) = held.as_mut()
            && known.snapshot.version == version
            && known.since.elapsed() < KEPT
        {
            known.looked = Instant::now();
            return Ok(Arc::clone(&known.snapshot) as Arc<dyn Snapshot>);
        }
        let bigquery = Arc::clone(&self.bigquery);
        let snapshot = Arc::new(CloudSnapshot { bigquery, version, is_simulated: info.is_simulated });
        let now = Instant::now();
        *held = Some(Held { looked: now, since: now, snapshot: Arc::clone(&snapshot) });
        Ok(snapshot)
    }
}

#[async_trait]
impl Snapshot for CloudSnapshot {
    fn version(&self) -> &str {
        &self.version
    }

    fn engine(&self) -> Engine {
        Engine::BigQuery
    }

    fn is_simulated(&self) -> bool {
        self.is_simulated
    }

    async fn query(&self, sql: &str) -> Result<QueryResult, ReadError> {
        ask(&self.bigquery, sql).await
    }
}

async fn ask(bigquery: &BigQuery, sql: &str) -> Result<QueryResult, ReadError> {
    let sql = in_dataset(sql, bigquery.dataset());
    bigquery.query(&sql, Some(MOST_ROWS)).await.map_err(|error| failed(&error))
}

fn failed(error: &BigQueryError) -> ReadError {
    ReadError::Failed(error.to_string())
}
