//! What came in and what became of it, so that nothing in minus out is unexplained.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aispend_telemetry::Meter;
use jiff::Timestamp;

/// One batch at work.
pub(crate) struct Work(Timestamp, u64);

fn tell_oldest(stage: &'static str, now: Timestamp, at_work: &BTreeSet<(Timestamp, u64)>) {
    let age = at_work.first().map(|(oldest, _)| now.duration_since(*oldest));
    let age = age.and_then(|age| Duration::try_from(age).ok()).unwrap_or_default();
    aispend_telemetry::oldest_unsettled(stage, age);
}

/// Counts of one stage since it started.
#[derive(Debug, Default)]
pub struct Counters {
    received: AtomicU64,
    settled: AtomicU64,
    published: AtomicU64,
    given_back: AtomicU64,
    parked: AtomicU64,
    /// Batches at work, by when their oldest message was published.
    at_work: Mutex<BTreeSet<(Timestamp, u64)>>,
    begun: AtomicU64,
    /// Of the handlers.
    pub(crate) processor: Meter,
}

/// A reading of `Counters`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Deliveries taken.
    pub received: u64,
    /// Acknowledged after their outputs were published.
    pub settled: u64,
    /// Messages published.
    pub published: u64,
    /// Deliveries given back.
    pub given_back: u64,
    /// Messages parked.
    pub parked: u64,
    /// Processor time of the handlers.
    pub processor: Duration,
}

impl Counters {
    /// The counts now.
    pub fn read(&self) -> Counts {
        Counts {
            received: self.received.load(Relaxed),
            settled: self.settled.load(Relaxed),
            published: self.published.load(Relaxed),
            given_back: self.given_back.load(Relaxed),
            parked: self.parked.load(Relaxed),
            processor: self.processor.total(),
        }
    }

    /// A batch is at work, the oldest of its messages published then.
    pub(crate) fn begin(&self, stage: &'static str, now: Timestamp, oldest: Timestamp) -> Work {
        let work = Work(oldest, self.begun.fetch_add(1, Relaxed));
        let mut at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        at_work.insert((work.0, work.1));
        tell_oldest(stage, now, &at_work);
        work
    }

    /// A batch has its fate.
    pub(crate) fn end(&self, stage: &'static str, now: Timestamp, work: &Work) {
        let mut at_work = self.at_work.lock().unwrap_or_else(PoisonError::into_inner);
        at_work.remove(&(work.0, work.1));
        tell_oldest(stage, now, &at_work);
    }

    pub(crate) fn receive(&self) {
        self.received.fetch_add(1, Relaxed);
    }
    pub(crate) fn settle(&self) {
        self.settled.fetch_add(1, Relaxed);
    }
    pub(crate) fn publish(&self, messages: usize) {
        self.published.fetch_add(messages as u64, Relaxed);
    }
    pub(crate) fn give_back(&self) {
        self.given_back.fetch_add(1, Relaxed);
    }
    pub(crate) fn park(&self) {
        self.parked.fetch_add(1, Relaxed);
    }
}
