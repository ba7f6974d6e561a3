//! Messages set aside for a person.

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use crate::bus::Topic;

/// Why a parked message could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum ParkedError {
    /// The store did not answer.
    #[error("the parked store did not take the call: {0}")]
    Unavailable(String),
    /// There is no parked message of that id.
    #[error("there is no parked message `{0}`; `aispend dead-letters list` shows what there is")]
    Missing(String),
}

/// One message set aside whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// Derived from topic and content: the same message parked twice is one.
    pub id: String,
    /// Which stage set it aside.
    pub stage: String,
    /// Where it came from.
    pub topic: Topic,
    /// From a short fixed list: `unreadable`, `rejected`, `panic` …
    pub reason: String,
    /// The error and its causes, one line.
    pub detail: String,
    /// The slice's key, empty where the message could not be read that far.
    pub slice_key: String,
    /// The run it belonged to.
    pub run_id: String,
    /// Deliveries so far.
    pub attempts: u32,
    /// When.
    pub parked_at: Timestamp,
    /// Text beside the message.
    pub attributes: Vec<(String, String)>,
    /// The message's bytes as delivered.
    pub message: Bytes,
    /// The slice's `SliceFetched` envelope, where the failing message had one: what replay sends.
    pub fetched: Option<Bytes>,
}

/// Keeps parked messages until a person decides.
#[async_trait]
pub trait ParkedStore: Send + Sync {
    /// Stores one; twice is the same as once.
    async fn park(&self, message: Parked) -> Result<(), ParkedError>;
    /// All of them, oldest first.
    async fn list(&self) -> Result<Vec<Parked>, ParkedError>;
    /// Takes one out, after it was replayed or dropped.
    async fn remove(&self, id: &str) -> Result<(), ParkedError>;
}
