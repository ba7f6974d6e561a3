//! Pub/Sub under simulated time: the memory bus keeps its rules, and is pulled from, or pushes, as Pub/Sub is and does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aispend_memory::MemoryBus;
use aispend_ports::{Bus, BusError, Delivery, Outgoing, Receipt, Subscription, Topic};
use aispend_worker::{Inlet, Settled};
use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Pub/Sub's client renews a message's lease for so long.
const LONGEST_LEASE: Duration = Duration::from_mins(10);
/// Requests on their way to one worker. More than any stage has room for.
const PUSHED_AT_ONCE: usize = 200;

/// What was seen of the messages.
#[derive(Default)]
pub struct Notes {
    pub published: u64,
    /// By the bus's own id: a message that is settled twice is settled.
    pub settled: BTreeSet<String>,
    /// The attempts of the message that needed most.
    pub attempts: BTreeMap<Topic, u32>,
    /// What the stages said, and when.
    pub events: Vec<(Instant, Bytes)>,
}

/// A bus and what was seen of its messages.
#[derive(Clone)]
pub struct PubSub {
    pub memory: MemoryBus,
    notes: Arc<Mutex<Notes>>,
}

impl PubSub {
    pub fn new(memory: MemoryBus) -> Self {
        Self { memory, notes: Arc::default() }
    }

    pub fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap()
    }

    /// Messages that are not settled.
    pub fn unsettled(&self) -> usize {
        Topic::ALL.into_iter().map(|topic| self.memory.unsettled(topic)).sum()
    }

    /// Pushes the messages of a topic, many at a time. Whatever is not done goes back and comes after its backoff.
    pub async fn push(self, topic: Topic, inlet: Inlet) {
        let hands = Arc::new(Semaphore::new(PUSHED_AT_ONCE));
        let mut subscription = self.subscribe(topic).await.unwrap();
        loop {
            let hand = Arc::clone(&hands).acquire_owned().await.unwrap();
            let Some(Ok(delivery)) = subscription.next().await else { break };
            let inlet = inlet.clone();
            tokio::spawn(async move {
                let Delivery { message_id, data, attributes, attempt, published_at, receipt: ours } =
                    delivery;
                let handed = inlet.hand(|receipt| Delivery {
                    message_id,
                    data,
                    attributes,
                    attempt,
                    published_at,
                    receipt,
                });
                match handed.await {
                    Settled::Done => ours.ack().await.unwrap(),
                    Settled::GivenBack | Settled::Busy | Settled::AtWork => ours.give_back(None).await,
                }
                drop(hand);
            });
        }
    }
}

#[async_trait]
impl Bus for PubSub {
    async fn publish(&self, message: Outgoing) -> Result<(), BusError> {
        {
            let mut notes = self.notes();
            notes.published += 1;
            if message.topic == Topic::SliceEvents {
                notes.events.push((Instant::now(), message.data.clone()));
            }
        }
        self.memory.publish(message).await
    }

    async fn subscribe(&self, topic: Topic) -> Result<Box<dyn Subscription>, BusError> {
        let inner = self.memory.subscribe(topic).await?;
        Ok(Box::new(Watched { inner, topic, pubsub: self.clone() }))
    }
}

struct Watched {
    inner: Box<dyn Subscription>,
    topic: Topic,
    pubsub: PubSub,
}

#[async_trait]
impl Subscription for Watched {
    async fn next(&mut self) -> Option<Result<Delivery, BusError>> {
        let delivery = match self.inner.next().await? {
            Ok(delivery) => delivery,
            Err(error) => return Some(Err(error)),
        };
        let mut notes = self.pubsub.notes();
        let most = notes.attempts.entry(self.topic).or_default();
        *most = delivery.attempt.max(*most);
        let receipt = WatchedReceipt {
            inner: delivery.receipt,
            message_id: delivery.message_id.clone(),
            pubsub: self.pubsub.clone(),
        };
        Some(Ok(Delivery { receipt: Box::new(receipt), ..delivery }))
    }
}

struct WatchedReceipt {
    inner: Box<dyn Receipt>,
    message_id: String,
    pubsub: PubSub,
}

#[async_trait]
impl Receipt for WatchedReceipt {
    async fn ack(self: Box<Self>) -> Result<(), BusError> {
        self.inner.ack().await?;
        self.pubsub.notes().settled.insert(self.message_id);
        Ok(())
    }

    /// As the adapter: Pub/Sub cannot be told when. The message is kept for so long, and its backoff comes on top.
    async fn give_back(self: Box<Self>, after: Option<Duration>) {
        tokio::spawn(async move {
            tokio::time::sleep(after.unwrap_or_default().min(LONGEST_LEASE)).await;
            self.inner.give_back(None).await;
        });
    }
}
