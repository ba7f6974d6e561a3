//! A bus that keeps its messages until a schedule picks one: in any order, late, more than once. Nothing is lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aispend_ports::{Bus, BusError, Delivery, Outgoing, Receipt, Subscription, Topic};
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use super::clock::Timeline;

/// Settled messages that can still come again; older ones are forgotten.
const REMEMBERED: usize = 400;
/// The longest wait of a message that was given back without saying when.
const LONGEST_BACKOFF_MICROS: i64 = 600_000_000;

/// A message that used up its deliveries: the net beneath our own parking.
#[derive(Debug, Clone)]
pub struct Dead {
    /// Where it was published.
    pub topic: Topic,
    /// The message.
    pub data: Bytes,
}

/// What became of all messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages published.
    pub published: u64,
    /// Messages settled at least once.
    pub settled: u64,
    /// Messages whose deliveries were used up.
    pub dead: u64,
    /// Messages that still wait, or are in somebody's hands.
    pub queued: u64,
}

impl Tally {
    /// True where every message is somewhere.
    pub const fn adds_up(&self) -> bool {
        self.published == self.settled + self.dead + self.queued
    }
}

#[derive(Debug, Clone)]
struct Stored {
    topic: Topic,
    data: Bytes,
    attributes: Vec<(String, String)>,
    published_at: Timestamp,
    attempts: u32,
    ready_at: i64,
    in_hand: u32,
    /// It was settled before, and comes again all the same.
    is_echo: bool,
}

#[derive(Debug, Default)]
struct State {
    messages: BTreeMap<u64, Stored>,
    settled: BTreeMap<u64, Stored>,
    dead: Vec<Dead>,
    next_number: u64,
    tally: Tally,
}

/// Topics in memory, delivered by a schedule.
#[derive(Debug)]
pub struct SimBus {
    timeline: Arc<Timeline>,
    state: Mutex<State>,
}

impl SimBus {
    /// Empty.
    pub fn new(timeline: Arc<Timeline>) -> Arc<Self> {
        Arc::new(Self { timeline, state: Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Publishes without a task: what a scheduler or a person sends.
    pub fn send(&self, topic: Topic, data: impl Into<Bytes>) {
        self.store(Outgoing { topic, data: data.into(), attributes: Vec::new() });
    }

    fn store(&self, message: Outgoing) {
        let (now, ready_at) = (self.timeline.now(), self.timeline.now_micros());
        let mut state = self.lock();
        state.next_number += 1;
        state.tally.published += 1;
        let number = state.next_number;
        state.messages.insert(
            number,
            Stored {
                topic: message.topic,
                data: message.data,
                attributes: message.attributes,
                published_at: now,
                attempts: 0,
                ready_at,
                in_hand: 0,
                is_echo: false,
            },
        );
    }

    /// Messages of a topic that may be delivered now.
    pub fn ready(&self, topic: Topic) -> Vec<u64> {
        let now = self.timeline.now_micros();
        let state = self.lock();
        let is_ready =
            |stored: &Stored| stored.topic == topic && stored.in_hand == 0 && stored.ready_at <= now;
        state.messages.iter().filter(|(_, stored)| is_ready(stored)).map(|(number, _)| *number).collect()
    }

    /// Messages of a topic that are in somebody's hands: one may come a second time.
    pub fn in_hand(&self, topic: Topic) -> Vec<u64> {
        let state = self.lock();
        let is_in_hand = |stored: &Stored| stored.topic == topic && stored.in_hand > 0;
        state.messages.iter().filter(|(_, stored)| is_in_hand(stored)).map(|(number, _)| *number).collect()
    }

    /// When the next message of a topic may be delivered.
    pub fn next_ready_at(&self, topic: Topic) -> Option<i64> {
        let is_waiting = |stored: &&Stored| stored.topic == topic && stored.in_hand == 0;
        self.lock().messages.values().filter(is_waiting).map(|stored| stored.ready_at).min()
    }

    /// Makes a settled message come again, the `place`-th of those remembered.
    pub fn echo(&self, place: usize) {
        let mut state = self.lock();
        let Some(number) = state.settled.keys().nth(place).copied() else { return };
        let Some(stored) = state.settled.get(&number).cloned() else { return };
        let ready_at = self.timeline.now_micros();
        state.messages.entry(number).or_insert(Stored { is_echo: true, ready_at, in_hand: 0, ..stored });
    }

    /// The settled messages of a topic that are still remembered, oldest first.
    pub fn settled(&self, topic: Topic) -> Vec<Bytes> {
        let state = self.lock();
        state
            .settled
            .values()
            .filter(|stored| stored.topic == topic)
            .map(|stored| stored.data.clone())
            .collect()
    }

    /// How many settled messages can still come again.
    pub fn remembered(&self) -> usize {
        self.lock().settled.len()
    }

    /// Hands a message out. `None`: it is gone, or its deliveries are used up.
    pub fn deliver(self: &Arc<Self>, number: u64) -> Option<Delivery> {
        let mut state = self.lock();
        let stored = state.messages.get_mut(&number)?;
        stored.attempts += 1;
        if stored.attempts > stored.topic.max_attempts() && !stored.is_echo {
            let dead = Dead { topic: stored.topic, data: stored.data.clone() };
            state.messages.remove(&number);
            state.dead.push(dead);
            state.tally.dead += 1;
            return None;
        }
        stored.in_hand += 1;
        Some(Delivery {
            message_id: format!("m-{number}"),
            data: stored.data.clone(),
            attributes: stored.attributes.clone(),
            attempt: stored.attempts,
            published_at: stored.published_at,
            receipt: Box::new(SimReceipt { bus: Arc::clone(self), number, is_settled: false }),
        })
    }

    /// Takes out the messages whose deliveries were used up.
    pub fn take_dead(&self) -> Vec<Dead> {
        std::mem::take(&mut self.lock().dead)
    }

    /// True with nothing left to deliver.
    pub fn is_quiet(&self) -> bool {
        self.lock().messages.is_empty()
    }

    /// What became of all messages.
    pub fn tally(&self) -> Tally {
        let state = self.lock();
        let queued = state.messages.values().filter(|stored| !stored.is_echo).count() as u64;
        Tally { queued, ..state.tally }
    }

    fn settle(&self, number: u64) {
        let mut state = self.lock();
        let Some(stored) = state.messages.remove(&number) else { return };
        if !stored.is_echo {
            state.tally.settled += 1;
        }
        state.settled.insert(number, stored);
        while state.settled.len() > REMEMBERED {
            state.settled.pop_first();
        }
    }

    fn give_back(&self, number: u64, after: Option<Duration>) {
        let now = self.timeline.now_micros();
        let mut state = self.lock();
        let Some(stored) = state.messages.get_mut(&number) else { return };
        stored.in_hand = stored.in_hand.saturating_sub(1);
        let backoff = (10_000_000 << stored.attempts.min(6)).min(LONGEST_BACKOFF_MICROS);
        let wait =
            after.map_or(backoff, |after| i64::try_from(after.as_micros()).unwrap_or(LONGEST_BACKOFF_MICROS));
        stored.ready_at = now.saturating_add(wait);
    }
}

#[async_trait]
impl Bus for SimBus {
    async fn publish(&self, message: Outgoing) -> Result<(), BusError> {
        self.store(message);
        Ok(())
    }

    async fn subscribe(&self, _topic: Topic) -> Result<Box<dyn Subscription>, BusError> {
        Err(BusError::Unavailable("this bus hands messages out by `deliver`".to_owned()))
    }
}

struct SimReceipt {
    bus: Arc<SimBus>,
    number: u64,
    is_settled: bool,
}

#[async_trait]
impl Receipt for SimReceipt {
    async fn ack(mut self: Box<Self>) -> Result<(), BusError> {
        self.is_settled = true;
        self.bus.settle(self.number);
        Ok(())
    }

    async fn give_back(mut self: Box<Self>, after: Option<Duration>) {
        self.is_settled = true;
        self.bus.give_back(self.number, after);
    }
}

impl Drop for SimReceipt {
    fn drop(&mut self) {
        if !self.is_settled {
            self.bus.give_back(self.number, None);
        }
    }
}
