//! Stops asking a vendor that is down, so that one outage costs one wait, however many slices are queued.
//!
//! Down is who refuses or swallows every request, or fails different requests in a row. One request that fails while
//! others are answered is that request's own trouble.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aispend_ports::Clock;
use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

use crate::retry::Fault;

/// From the doubt to the request that settles it.
const PAUSE: Duration = Duration::from_secs(10);
/// How long a vendor that failed its probe is left alone.
const COOL_DOWN: Duration = Duration::from_mins(1);
/// So many different requests given up in a row, with errors for answers, make a vendor that is down.
const GIVEN_UP: usize = 2;

/// One vendor's circuit.
#[derive(Debug, Default)]
pub struct Breaker {
    state: Mutex<State>,
    /// Held by the one request that finds out.
    probe: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    answers: u64,
    /// Requests given up since the last answer.
    given_up: BTreeSet<String>,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Closed,
    /// In doubt: one request finds out, the others wait for it.
    Open {
        probe_at: Instant,
    },
    Down {
        until: Instant,
        detail: String,
    },
}

/// What a request may do.
#[derive(Debug)]
pub enum Pass {
    /// Ask.
    Free,
    /// Ask, shortly, for all that wait. Dropped without a verdict, the next one finds out.
    Probe(OwnedMutexGuard<()>),
    /// Do not ask.
    Down {
        /// What was wrong.
        detail: String,
        /// When it may be asked again.
        remaining: Duration,
    },
}

impl Breaker {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while another request finds out whether the vendor is back.
    pub async fn pass(&self, clock: &dyn Clock) -> Pass {
        if let Some(pass) = self.settled() {
            return pass;
        }
        let turn = Arc::clone(&self.probe).lock_owned().await;
        // The one before may have found out.
        if let Some(pass) = self.settled() {
            return pass;
        }
        let pause = match &self.lock().phase {
            Phase::Open { probe_at } => probe_at.saturating_duration_since(Instant::now()),
            Phase::Closed | Phase::Down { .. } => Duration::ZERO,
        };
        clock.sleep(pause).await;
        Pass::Probe(turn)
    }

    fn settled(&self) -> Option<Pass> {
        match &self.lock().phase {
            Phase::Closed => Some(Pass::Free),
            Phase::Open { .. } => None,
            Phase::Down { until, detail } => {
                let remaining = until.saturating_duration_since(Instant::now());
                (!remaining.is_zero()).then(|| Pass::Down { detail: detail.clone(), remaining })
            }
        }
    }

    /// True where nothing is in doubt.
    pub fn is_closed(&self) -> bool {
        matches!(self.lock().phase, Phase::Closed)
    }

    /// How many answers there were.
    pub fn answers(&self) -> u64 {
        self.lock().answers
    }

    /// The vendor answered.
    pub fn answered(&self) {
        let mut state = self.lock();
        state.phase = Phase::Closed;
        state.answers += 1;
        state.given_up.clear();
    }

    /// A request got nothing in all its tries. `answers` as of its first fault.
    pub fn gave_up(&self, request: String, fault: Fault, answers: u64) {
        let mut state = self.lock();
        state.given_up.insert(request);
        let is_down = match fault {
            Fault::Silent => state.answers == answers,
            Fault::Broken | Fault::Busy => state.given_up.len() >= GIVEN_UP,
        };
        if is_down && matches!(state.phase, Phase::Closed) {
            state.phase = Phase::Open { probe_at: Instant::now() + PAUSE };
        }
    }

    /// The probe got nothing. `answers` as of its start: an answer to another request since then counts for more.
    pub fn probe_failed(&self, detail: String, answers: u64) {
        let mut state = self.lock();
        if state.answers == answers {
            state.phase = Phase::Down { until: Instant::now() + COOL_DOWN, detail };
        }
    }
}

#[cfg(test)]
mod tests {
    use aispend_ports::SystemClock;

    use super::*;

    fn clock() -> impl Clock {
        SystemClock::new(tokio::time::sleep)
    }

    #[tokio::test(start_paused = true)]
    async fn one_request_that_fails_among_others_that_are_answered_stops_nobody() {
        let breaker = Breaker::default();
        for fault in [Fault::Silent, Fault::Broken, Fault::Busy] {
            let answers = breaker.answers();
            breaker.answered();
            breaker.gave_up("bad day".to_owned(), fault, answers);
            breaker.gave_up("bad day".to_owned(), fault, answers);
            assert!(matches!(breaker.pass(&clock()).await, Pass::Free), "{fault:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_vendor_that_answers_nobody_is_down() {
        let breaker = Breaker::default();
        breaker.gave_up("one".to_owned(), Fault::Broken, 0);
        assert!(breaker.is_closed());
        breaker.gave_up("another".to_owned(), Fault::Busy, 0);
        assert!(!breaker.is_closed());
        let breaker = Breaker::default();
        breaker.gave_up("one".to_owned(), Fault::Silent, 0);
        assert!(!breaker.is_closed());
    }

    #[tokio::test(start_paused = true)]
    async fn all_wait_for_one_probe_and_share_what_it_found() {
        for is_back in [true, false] {
            let breaker = Arc::new(Breaker::default());
            breaker.gave_up("one".to_owned(), Fault::Silent, 0);
            let begun = Instant::now();
            let waiting = (0..300).map(|_| {
                let breaker = Arc::clone(&breaker);
                tokio::spawn(async move {
                    match breaker.pass(&clock()).await {
                        Pass::Free => "free",
                        Pass::Down { .. } => "down",
                        Pass::Probe(_turn) if is_back => {
                            breaker.answered();
                            "probe"
                        }
                        Pass::Probe(_turn) => {
                            breaker.probe_failed("refused".to_owned(), breaker.answers());
                            "probe"
                        }
                    }
                })
            });
            let mut heard: Vec<&str> = Vec::new();
            for task in waiting.collect::<Vec<_>>() {
                heard.push(task.await.unwrap());
            }
            let count = |word: &str| heard.iter().filter(|one| **one == word).count();
            assert_eq!(count("probe"), 1);
            assert_eq!(count(if is_back { "free" } else { "down" }), 299);
            assert!(begun.elapsed() <= PAUSE + Duration::from_secs(1), "{:?}", begun.elapsed());
        }
    }
}
