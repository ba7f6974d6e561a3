//! The shape of a stage, and the one loop that runs any of them: settle last, three fates, one message's panic is one
//! message's trouble.
//!
//! A stage decides; it never acknowledges, parks or retries. It cannot tell which bus it is on.

mod convert;
mod counters;
mod disposition;
mod message;
mod plain;
mod runner;
mod used_up;

pub use convert::{
    batch_frames, context_from_wire, context_to_wire, documents_from_wire, documents_to_wire,
    rejected_from_wire, rejected_to_wire, store_batch, sums_from_wire, sums_to_wire,
};
pub use counters::{Counters, Counts};
pub use disposition::{Classify, Disposition, error_chain};
pub use message::{Header, MessageError, Output, content_id, read_envelope, slice_from_wire, slice_to_wire};
pub use runner::{Doors, Runner, RunnerOptions};
pub use used_up::{as_read, attempts_used_up, parked_event};

use aispend_ports::Topic;
use aispend_proto::v1::Envelope;

/// A message as a stage sees it.
#[derive(Debug, Clone)]
pub struct Message {
    /// Run, slice, order, trace.
    pub header: Header,
    /// The whole message.
    pub envelope: Envelope,
    /// 1 for the first delivery.
    pub attempt: u32,
    /// When it was published: "today" of a trigger comes from here.
    pub published_at: jiff::Timestamp,
}

/// One step of the pipeline: turns a message into the messages that follow from it.
pub trait Stage: Send + Sync + 'static {
    /// Names the stage in topics, metrics, logs and parked messages.
    const NAME: &'static str;
    /// Where its messages come from.
    const INPUT: Topic;
    /// What can go wrong, and what becomes of the message then.
    type Error: Classify;

    /// Handles one message. Runs again after a crash, so the same input must be safe twice.
    fn handle(&self, message: Message) -> impl Future<Output = Result<Vec<Output>, Self::Error>> + Send;

    /// Handles several messages at once and answers for each, in order. Without an override: one after the other.
    fn handle_batch(
        &self,
        messages: Vec<Message>,
    ) -> impl Future<Output = Vec<Result<Vec<Output>, Self::Error>>> + Send {
        async move {
            let mut verdicts = Vec::with_capacity(messages.len());
            for message in messages {
                verdicts.push(self.handle(message).await);
            }
            verdicts
        }
    }
}
