//! Topics in memory: at-least-once, redelivery with backoff, acknowledge deadlines, attempts, dead letters.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aispend_ports::{
    Bus, BusError, Clock, Delivery, Outgoing, Parked, ParkedStore, REFERENCED_BYTES, Receipt, Subscription,
    Topic,
};
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::warn;

/// How the bus behaves.
#[derive(Debug, Clone)]
pub struct MemoryBusOptions {
    /// A delivery neither settled nor dropped for this long comes again.
    pub ack_deadline: Duration,
    /// The first pause before a redelivery; doubles with each attempt.
    pub min_backoff: Duration,
    /// The longest pause before a redelivery.
    pub max_backoff: Duration,
    /// `publish` waits while this many bytes are queued on the topic, or named by what is: memory is not endless, and a
    /// fast stage that runs ahead of a slow one takes its processor.
    pub queued_bytes: u64,
}

impl Default for MemoryBusOptions {
    fn default() -> Self {
        Self {
            ack_deadline: Duration::from_mins(10),
            min_backoff: Duration::from_secs(10),
            max_backoff: Duration::from_mins(10),
            queued_bytes: 24 << 20,
        }
    }
}

/// The bus of one process.
#[derive(Clone)]
pub struct MemoryBus {
    topics: Arc<HashMap<Topic, Arc<TopicQueue>>>,
    shared: Arc<Shared>,
}

struct Shared {
    options: MemoryBusOptions,
    clock: Arc<dyn Clock>,
    dead_letters: Arc<dyn ParkedStore>,
}

struct TopicQueue {
    topic: Topic,
    state: Mutex<QueueState>,
    /// A message became ready, or the queue was closed.
    arrived: Notify,
    /// Bytes left the queue.
    shrunk: Notify,
}

#[derive(Default)]
struct QueueState {
    ready: VecDeque<Stored>,
    delayed: BTreeMap<(Instant, u64), Stored>,
    leased: HashMap<u64, (Instant, Stored)>,
    queued_bytes: u64,
    next_number: u64,
    is_closed: bool,
}

/// Bytes of a message and of what it names.
fn weight(data: &Bytes, attributes: &[(String, String)]) -> u64 {
    let named = attributes.iter().find(|(name, _)| name == REFERENCED_BYTES);
    data.len() as u64 + named.and_then(|(_, bytes)| bytes.parse::<u64>().ok()).unwrap_or(0)
}

#[derive(Clone)]
struct Stored {
    number: u64,
    attempts: u32,
    data: Bytes,
    attributes: Vec<(String, String)>,
    published_at: Timestamp,
}

impl MemoryBus {
    /// An empty bus; messages that use up their attempts go to `dead_letters`.
    pub fn new(options: MemoryBusOptions, clock: Arc<dyn Clock>, dead_letters: Arc<dyn ParkedStore>) -> Self {
        let topics = Topic::ALL
            .into_iter()
            .map(|topic| {
                let queue = TopicQueue {
                    topic,
                    state: Mutex::default(),
                    arrived: Notify::new(),
                    shrunk: Notify::new(),
                };
                (topic, Arc::new(queue))
            })
            .collect();
        Self { topics: Arc::new(topics), shared: Arc::new(Shared { options, clock, dead_letters }) }
    }

    /// Ends every subscription after the message it is waiting for.
    pub fn close(&self) {
        for queue in self.topics.values() {
            queue.lock().is_closed = true;
            queue.arrived.notify_waiters();
            queue.arrived.notify_one();
        }
    }

    /// Messages of a topic that are not settled yet.
    pub fn unsettled(&self, topic: Topic) -> usize {
        self.topics.get(&topic).map_or(0, |queue| {
            let state = queue.lock();
            state.ready.len() + state.delayed.len() + state.leased.len()
        })
    }

    fn queue(&self, topic: Topic) -> Result<&Arc<TopicQueue>, BusError> {
        self.topics.get(&topic).ok_or_else(|| BusError::Unavailable(format!("no topic `{}`", topic.as_str())))
    }
}

impl TopicQueue {
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        // The state is consistent between any two statements that can panic: there are none.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle(&self, number: u64) {
        let mut state = self.lock();
        if let Some((_, stored)) = state.leased.remove(&number) {
            state.queued_bytes -= weight(&stored.data, &stored.attributes);
        }
        drop(state);
        self.shrunk.notify_waiters();
    }

    /// Puts a leased message back; its attempts stay.
    fn give_back(&self, number: u64, after: Duration) {
        let mut state = self.lock();
        if let Some((_, stored)) = state.leased.remove(&number) {
            if after.is_zero() {
                state.ready.push_back(stored);
            } else {
                state.delayed.insert((Instant::now() + after, number), stored);
            }
        }
        drop(state);
        self.arrived.notify_one();
    }

    fn forget(&self, number: u64) {
        self.settle(number);
    }
}

#[async_trait]
impl Bus for MemoryBus {
    async fn publish(&self, message: Outgoing) -> Result<(), BusError> {
        let queue = self.queue(message.topic)?;
        let weight = weight(&message.data, &message.attributes);
        loop {
            let shrunk = queue.shrunk.notified();
            {
                let mut state = queue.lock();
                // Nobody takes anything from a closed queue: there is nothing to wait for.
                let has_room = state.is_closed
                    || state.queued_bytes == 0
                    || state.queued_bytes + weight <= self.shared.options.queued_bytes;
                if has_room {
                    let number = state.next_number;
                    state.next_number += 1;
                    state.queued_bytes += weight;
                    state.ready.push_back(Stored {
                        number,
                        attempts: 0,
                        data: message.data,
                        attributes: message.attributes,
                        published_at: self.shared.clock.now(),
                    });
                    break;
                }
            }
            // A missed wake-up costs one short wait, never a hang.
            tokio::select! {
                () = shrunk => {}
                () = tokio::time::sleep(Duration::from_millis(50)) => {}
            }
        }
        queue.arrived.notify_one();
        Ok(())
    }

    async fn subscribe(&self, topic: Topic) -> Result<Box<dyn Subscription>, BusError> {
        Ok(Box::new(MemorySubscription {
            queue: Arc::clone(self.queue(topic)?),
            shared: Arc::clone(&self.shared),
        }))
    }
}

struct MemorySubscription {
    queue: Arc<TopicQueue>,
    shared: Arc<Shared>,
}

enum Step {
    Deliver(Stored),
    DeadLetter(Stored),
    Wait(Option<Instant>),
    Closed,
}

impl MemorySubscription {
    fn step(&self) -> Step {
        let now = Instant::now();
        let mut state = self.queue.lock();
        if state.is_closed {
            return Step::Closed;
        }
        while let Some(entry) = state.delayed.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let stored = entry.remove();
            state.ready.push_back(stored);
        }
        let overdue: Vec<u64> = state
            .leased
            .iter()
            .filter(|(_, (deadline, _))| *deadline <= now)
            .map(|(number, _)| *number)
            .collect();
        for number in overdue {
            if let Some((_, stored)) = state.leased.remove(&number) {
                state.ready.push_back(stored);
            }
        }
        let Some(mut stored) = state.ready.pop_front() else {
            let next_delayed = state.delayed.keys().next().map(|(at, _)| *at);
            let next_lease = state.leased.values().map(|(deadline, _)| *deadline).min();
            return Step::Wait(next_delayed.into_iter().chain(next_lease).min());
        };
        stored.attempts += 1;
        state.leased.insert(stored.number, (now + self.shared.options.ack_deadline, stored.clone()));
        drop(state);
        if stored.attempts > self.queue.topic.max_attempts() {
            Step::DeadLetter(stored)
        } else {
            Step::Deliver(stored)
        }
    }

    async fn set_aside(&self, stored: &Stored) {
        let number = stored.number;
        let parked = Parked {
            id: crate::files::hex(&Sha256::digest(&stored.data)).chars().take(32).collect(),
            stage: String::new(),
            topic: self.queue.topic,
            reason: "attempts_used_up".to_owned(),
            detail: format!("the bus delivered it {} times and nobody settled it", stored.attempts - 1),
            slice_key: String::new(),
            run_id: String::new(),
            attempts: stored.attempts - 1,
            parked_at: self.shared.clock.now(),
            attributes: stored.attributes.clone(),
            message: stored.data.clone(),
            fetched: None,
        };
        match self.shared.dead_letters.park(parked).await {
            Ok(()) => self.queue.forget(number),
            Err(error) => {
                warn!(topic = self.queue.topic.as_str(), %error, "dead letter not stored, kept on the topic");
                self.queue.give_back(number, self.shared.options.max_backoff);
            }
        }
    }
}

#[async_trait]
impl Subscription for MemorySubscription {
    async fn next(&mut self) -> Option<Result<Delivery, BusError>> {
        loop {
            let queue = Arc::clone(&self.queue);
            let arrived = queue.arrived.notified();
            match self.step() {
                Step::Closed => return None,
                Step::DeadLetter(stored) => self.set_aside(&stored).await,
                Step::Deliver(stored) => {
                    let receipt = MemoryReceipt {
                        queue: Arc::clone(&self.queue),
                        shared: Arc::clone(&self.shared),
                        number: stored.number,
                        attempts: stored.attempts,
                        is_settled: false,
                    };
                    return Some(Ok(Delivery {
                        message_id: format!("{}-{}", self.queue.topic.as_str(), stored.number),
                        data: stored.data,
                        attributes: stored.attributes,
                        attempt: stored.attempts,
                        published_at: stored.published_at,
                        receipt: Box::new(receipt),
                    }));
                }
                Step::Wait(None) => arrived.await,
                Step::Wait(Some(until)) => {
                    tokio::select! {
                        () = arrived => {}
                        () = tokio::time::sleep_until(until) => {}
                    }
                }
            }
        }
    }
}

struct MemoryReceipt {
    queue: Arc<TopicQueue>,
    shared: Arc<Shared>,
    number: u64,
    attempts: u32,
    is_settled: bool,
}

impl MemoryReceipt {
    fn backoff(&self) -> Duration {
        let doublings = self.attempts.saturating_sub(1).min(16);
        self.shared.options.min_backoff.saturating_mul(1 << doublings).min(self.shared.options.max_backoff)
    }
}

#[async_trait]
impl Receipt for MemoryReceipt {
    async fn ack(mut self: Box<Self>) -> Result<(), BusError> {
        self.is_settled = true;
        self.queue.settle(self.number);
        Ok(())
    }

    async fn give_back(mut self: Box<Self>, after: Option<Duration>) {
        self.is_settled = true;
        self.queue.give_back(self.number, after.unwrap_or_else(|| self.backoff()));
    }
}

impl Drop for MemoryReceipt {
    fn drop(&mut self) {
        if !self.is_settled {
            self.queue.give_back(self.number, self.backoff());
        }
    }
}
