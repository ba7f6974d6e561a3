//! What goes wrong at a door: it lets others go first, and may answer that it did not take the call.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use crate::dice::Dice;
use crate::turn::next_turn;

/// How rough it is.
#[derive(Debug)]
pub struct Weather {
    dice: Mutex<Dice>,
    failures_per_mille: AtomicU64,
    calls: AtomicU64,
    failures: AtomicU64,
}

impl Weather {
    /// Calm, until it is made rough.
    pub fn new(dice: Dice) -> Arc<Self> {
        Arc::new(Self {
            dice: Mutex::new(dice),
            failures_per_mille: AtomicU64::new(0),
            calls: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        })
    }

    /// So many of a thousand calls fail, half of them after they took effect.
    pub fn set_failures(&self, per_mille: u64) {
        self.failures_per_mille.store(per_mille, Relaxed);
    }

    /// Calls so far: whoever waits for another task's call sees that there was one.
    pub fn calls(&self) -> u64 {
        self.calls.load(Relaxed)
    }

    /// Failures so far.
    pub fn failures(&self) -> u64 {
        self.failures.load(Relaxed)
    }

    /// A turn of others, and whether this side of the call fails. A process may die while it waits here: before the
    /// call, or after it took effect.
    pub async fn fails(&self) -> bool {
        self.calls.fetch_add(1, Relaxed);
        next_turn().await;
        let limit = self.failures_per_mille.load(Relaxed);
        if limit == 0 {
            return false;
        }
        // Each call passes here twice.
        let fails = self.dice.lock().unwrap_or_else(PoisonError::into_inner).below(2000) < limit;
        if fails {
            self.failures.fetch_add(1, Relaxed);
        }
        fails
    }
}
