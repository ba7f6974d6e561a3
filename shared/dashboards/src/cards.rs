//! The door to a warehouse: the newest snapshot, and questions to it.

use std::sync::Arc;

use aispend_tables::QueryResult;
use aispend_warehouse::Engine;
use async_trait::async_trait;

/// Why nothing could be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// There is nothing to read yet; says what makes it.
    #[error("{0}")]
    NoData(String),
    /// It did not answer, or refused the question.
    #[error("{0}")]
    Failed(String),
}

/// Something that has snapshots of a warehouse.
#[async_trait]
pub trait Cards: Send + Sync {
    /// The newest one. Questions of one page go to one snapshot, so that its figures agree.
    async fn newest(&self) -> Result<Arc<dyn Snapshot>, ReadError>;
}

/// A warehouse as it was at one moment.
#[async_trait]
pub trait Snapshot: Send + Sync {
    /// Changes whenever an answer might.
    fn version(&self) -> &str;
    /// Whose SQL it understands.
    fn engine(&self) -> Engine;
    /// True for a demo.
    fn is_simulated(&self) -> bool;
    /// Asks one question.
    async fn query(&self, sql: &str) -> Result<QueryResult, ReadError>;
}
