//! Stops asking a vendor that does not answer, so that one outage costs one wait.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long an open circuit stays open.
const COOL_DOWN: Duration = Duration::from_mins(1);

/// One vendor's circuit.
#[derive(Debug, Default)]
pub struct Breaker {
    open_until: Mutex<Option<Instant>>,
}

impl Breaker {
    /// How long to stay away, if the circuit is open.
    pub fn remaining(&self) -> Option<Duration> {
        let mut open_until = self.open_until.lock().unwrap_or_else(PoisonError::into_inner);
        let until = (*open_until)?;
        let remaining = until.saturating_duration_since(Instant::now());
        if remaining.is_zero() {
            *open_until = None;
            return None;
        }
        Some(remaining)
    }

    /// A whole series of tries got nothing: stay away for a while.
    pub fn open(&self) {
        *self.open_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + COOL_DOWN);
    }

    /// The vendor answered.
    pub fn close(&self) {
        *self.open_until.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
