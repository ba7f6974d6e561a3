//! Questions to the warehouse in its own SQL.

use async_trait::async_trait;

use crate::warehouse::WarehouseError;

/// An answer as text, exact: decimals as written, days as `2026-10-01`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Their names, in order.
    pub columns: Vec<String>,
    /// A value for each column; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
}

/// Reads the warehouse. The dataset is `ai_usage_analytics` in every question.
#[async_trait]
pub trait Questions: Send + Sync {
    /// Asks, and reads the whole answer.
    async fn ask(&self, sql: &str) -> Result<Answer, WarehouseError>;
}
