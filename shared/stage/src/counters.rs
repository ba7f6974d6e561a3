//! What came in and what became of it, so that nothing in minus out is unexplained.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use aispend_telemetry::Meter;

/// Counts of one stage since it started.
#[derive(Debug, Default)]
pub struct Counters {
    received: AtomicU64,
    settled: AtomicU64,
    published: AtomicU64,
    given_back: AtomicU64,
    parked: AtomicU64,
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
