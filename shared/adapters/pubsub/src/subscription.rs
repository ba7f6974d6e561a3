//! Streaming pull: one task owns the stream and reads ahead, within bounds; the subscription hands on what it read.

use std::sync::Arc;
use std::time::Duration;

use aispend_ports::{BusError, Delivery, Receipt, Subscription};
use async_trait::async_trait;
use google_cloud_pubsub::model::Message;
use google_cloud_pubsub::subscriber::MessageStream;
use google_cloud_pubsub::subscriber::handler::Handler;
use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use crate::PubSubOptions;
use crate::error::{detail, is_missing, make_it};

/// What one subscription may hold, and when it lets go.
#[derive(Clone)]
pub(crate) struct Held {
    messages: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    bytes_limit: u32,
    max_lease: Duration,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Room for one message, until it is settled.
struct Room {
    _message: OwnedSemaphorePermit,
    _bytes: OwnedSemaphorePermit,
}

impl Held {
    pub(crate) fn new(options: &PubSubOptions, stop: CancellationToken, tasks: TaskTracker) -> Self {
        let bytes_limit = options.outstanding_bytes.max(1);
        Self {
            messages: Arc::new(Semaphore::new(options.outstanding_messages.max(1) as usize)),
            bytes: Arc::new(Semaphore::new(bytes_limit as usize)),
            bytes_limit,
            max_lease: options.max_lease,
            stop,
            tasks,
        }
    }

    /// Waits for room. A message larger than the limit takes all of it. `None` once the subscription ends.
    async fn room(&self, size_bytes: usize) -> Option<Room> {
        let size = u32::try_from(size_bytes).unwrap_or(u32::MAX).min(self.bytes_limit);
        let room = async {
            let message = Arc::clone(&self.messages).acquire_owned().await.ok()?;
            let bytes = Arc::clone(&self.bytes).acquire_many_owned(size).await.ok()?;
            Some(Room { _message: message, _bytes: bytes })
        };
        self.stop.run_until_cancelled(room).await.flatten()
    }
}

/// Starts the task that owns the stream, and the one that ends it.
pub(crate) fn open(name: String, stream: MessageStream, held: Held) -> PubSubSubscription {
    let (sender, receiver) = unbounded_channel();
    let shutdown = stream.shutdown_token();
    let stop = held.stop.clone();
    let guard = stop.clone().drop_guard();
    let ended = stop.clone();
    let tasks = held.tasks.clone();
    tasks.spawn(read(name, stream, held, sender));
    // Waits until every delivery is settled and Pub/Sub has heard of it.
    tasks.spawn(async move {
        ended.cancelled().await;
        shutdown.shutdown().await;
    });
    PubSubSubscription { receiver, stop, _guard: guard }
}

/// Reads the stream to its end, also when nobody waits for its messages any more: each is given back as it comes. `next` is
/// never cancelled: a stream dropped half-open takes messages with it until their leases end. Pub/Sub keeps to the same
/// bounds, so what is not read here is not on its way either; an emulator that sends more has to wait.
async fn read(
    name: String,
    mut stream: MessageStream,
    held: Held,
    sender: UnboundedSender<Result<Delivery, BusError>>,
) {
    while let Some(next) = stream.next().await {
        // Dropped, because the subscription ends or nobody takes it, a handler gives its message back.
        match next {
            Ok((message, handler)) => {
                let Some(room) = held.room(message.data.len()).await else { continue };
                if let Some(delivery) = delivery(message, handler, room, &held) {
                    drop(sender.send(Ok(delivery)));
                }
            }
            Err(error) => {
                let detail = if is_missing(&error) {
                    make_it("subscription", &name)
                } else {
                    format!("subscription `{name}`: {}", detail(&error))
                };
                if sender.send(Err(BusError::Unavailable(detail))).is_err() {
                    return;
                }
            }
        }
    }
}

fn delivery(message: Message, handler: Handler, room: Room, held: &Held) -> Option<Delivery> {
    let published_at = message.publish_time.and_then(|at| Timestamp::new(at.seconds(), at.nanos()).ok());
    let Some(published_at) = published_at else {
        warn!(message_id = message.message_id, "message without a publish time given back");
        return None;
    };
    let mut attributes: Vec<(String, String)> = message.attributes.into_iter().collect();
    attributes.sort_unstable();
    let attempt = handler.delivery_attempt().and_then(|attempt| u32::try_from(attempt).ok());
    let receipt = PubSubReceipt { handler, room, held: held.clone() };
    Some(Delivery {
        message_id: message.message_id,
        data: message.data,
        attributes,
        attempt: attempt.unwrap_or(1).max(1),
        published_at,
        receipt: Box::new(receipt),
    })
}

/// One subscription of this process.
pub(crate) struct PubSubSubscription {
    receiver: UnboundedReceiver<Result<Delivery, BusError>>,
    stop: CancellationToken,
    /// Whoever drops the subscription ends its stream.
    _guard: DropGuard,
}

#[async_trait]
impl Subscription for PubSubSubscription {
    async fn next(&mut self) -> Option<Result<Delivery, BusError>> {
        let next = tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            next = self.receiver.recv() => next,
        };
        if next.is_none() {
            self.receiver.close();
            // Dropped unsettled, they are given back.
            while let Ok(waiting) = self.receiver.try_recv() {
                drop(waiting);
            }
        }
        next
    }
}

/// The client gives the message back where `handler` is dropped unsettled.
struct PubSubReceipt {
    handler: Handler,
    room: Room,
    held: Held,
}

#[async_trait]
impl Receipt for PubSubReceipt {
    /// Best effort, as at-least-once allows: the acknowledgement goes out with the next batch of them, 0.1 s later at most.
    async fn ack(self: Box<Self>) -> Result<(), BusError> {
        self.handler.ack();
        Ok(())
    }

    /// Pub/Sub cannot be told when: the message is kept here for so long, and no longer than its lease. The
    /// subscription's own backoff comes on top.
    async fn give_back(self: Box<Self>, after: Option<Duration>) {
        let Self { handler, room, held } = *self;
        let after = after.unwrap_or_default().min(held.max_lease);
        if after.is_zero() {
            return handler.nack();
        }
        let tasks = held.tasks.clone();
        tasks.spawn(async move {
            if held.stop.run_until_cancelled(tokio::time::sleep(after)).await.is_none() {
                debug!("kept message given back early: the subscription ends");
            }
            handler.nack();
            drop(room);
        });
    }
}
