//! The bus: topics between the stages, at-least-once, in any order.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

/// A topic. Each has one subscription, `<topic>.<stage>`, and one dead-letter topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Scheduler, command line and the fetcher itself → fetcher.
    FetchRequests,
    /// Fetcher → normalizer.
    RawSlices,
    /// Normalizer → validator.
    RecordBatches,
    /// Validator → loader.
    ValidBatches,
    /// Every stage → alerter.
    SliceEvents,
}

impl Topic {
    /// Every topic, upstream first.
    pub const ALL: [Topic; 5] =
        [Self::FetchRequests, Self::RawSlices, Self::RecordBatches, Self::ValidBatches, Self::SliceEvents];

    /// The topic's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FetchRequests => "fetch-requests",
            Self::RawSlices => "raw-slices",
            Self::RecordBatches => "record-batches",
            Self::ValidBatches => "valid-batches",
            Self::SliceEvents => "slice-events",
        }
    }

    /// Deliveries before the bus itself sets a message aside: the net beneath our own parking.
    pub const fn max_attempts(self) -> u32 {
        match self {
            Self::FetchRequests => 100,
            Self::RawSlices | Self::RecordBatches | Self::ValidBatches | Self::SliceEvents => 20,
        }
    }
}

/// Why the bus did not answer. Always the world's fault.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The bus refused, or could not be reached.
    #[error("the bus did not take the call: {0}")]
    Unavailable(String),
    /// The message is larger than the bus carries.
    #[error("a message of {size_bytes} bytes is larger than the bus carries ({limit_bytes})")]
    TooLarge {
        /// The message.
        size_bytes: usize,
        /// What the bus carries.
        limit_bytes: usize,
    },
}

/// The attribute that says how many bytes a message names and does not carry.
pub const REFERENCED_BYTES: &str = "referenced_bytes";

/// A message on its way out.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Where to.
    pub topic: Topic,
    /// The encoded message.
    pub data: Bytes,
    /// Text beside it: trace context, content type.
    pub attributes: Vec<(String, String)>,
}

/// A message handed to a stage, once or again.
pub struct Delivery {
    /// The bus's own id.
    pub message_id: String,
    /// The encoded message.
    pub data: Bytes,
    /// Text beside it.
    pub attributes: Vec<(String, String)>,
    /// 1 for the first delivery.
    pub attempt: u32,
    /// When it was published.
    pub published_at: Timestamp,
    /// How it is settled. Dropped unsettled, it gives the message back.
    pub receipt: Box<dyn Receipt>,
}

/// Settles one delivery, once.
#[async_trait]
pub trait Receipt: Send {
    /// Done: everything that follows is stored or published.
    async fn ack(self: Box<Self>) -> Result<(), BusError>;
    /// Deliver it again, not before `after` where given.
    async fn give_back(self: Box<Self>, after: Option<Duration>);
}

/// The messages of one topic for one stage. Owned by one task.
#[async_trait]
pub trait Subscription: Send {
    /// Waits for a message; `None` once the subscription is closed.
    async fn next(&mut self) -> Option<Result<Delivery, BusError>>;
}

/// Publishes and subscribes.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Returns once the message is stored by the bus.
    async fn publish(&self, message: Outgoing) -> Result<(), BusError>;
    /// The topic's subscription.
    async fn subscribe(&self, topic: Topic) -> Result<Box<dyn Subscription>, BusError>;
}
