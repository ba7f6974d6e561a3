//! When to ask again. The only module that knows the crate `backoff`; its tests describe the behaviour, so that the
//! crate can be swapped (it is no longer maintained).

use std::time::Duration;

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff as _;

/// How long to go on asking.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// Tries before giving up for any reason.
    pub min_attempts: u32,
    /// For a vendor that answers, but busy or broken.
    pub answering_budget: Duration,
    /// For a vendor that does not answer at all.
    pub silent_budget: Duration,
    /// The first wait after a fault without a hint.
    pub base: Duration,
    /// The first wait after "too many requests" without a hint.
    pub busy_base: Duration,
    /// The longest wait.
    pub cap: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            min_attempts: 8,
            answering_budget: Duration::from_mins(7),
            silent_budget: Duration::from_secs(45),
            base: Duration::from_millis(500),
            busy_base: Duration::from_secs(2),
            cap: Duration::from_mins(2),
        }
    }
}

/// The shortest wait, whatever anybody says.
const SHORTEST: Duration = Duration::from_millis(50);

/// What went wrong with one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No answer: refused, reset, cut off, timed out.
    Silent,
    /// 408, 409, 5xx.
    Broken,
    /// 429.
    Busy,
}

/// A vendor that takes connections and never answers makes each try long: this many must do.
const FEWEST_SILENT: u32 = 3;

/// One request's tries.
pub struct Tries {
    policy: RetryPolicy,
    attempts: u32,
    /// Waits of our own.
    waited: Duration,
    /// Waits the vendor asked for.
    hinted: Duration,
    waits: ExponentialBackoff,
    busy_waits: ExponentialBackoff,
}

impl Tries {
    /// None yet.
    pub fn new(policy: RetryPolicy) -> Self {
        Self {
            policy,
            attempts: 0,
            waited: Duration::ZERO,
            hinted: Duration::ZERO,
            waits: full_jitter(policy.base, policy.cap),
            busy_waits: full_jitter(policy.busy_base, policy.cap),
        }
    }

    /// How long to wait before the next try; `None` to give up. `hint` is the vendor's own `Retry-After`, which wins.
    /// `asking` is the time that all tries took; waiting for a turn is not the vendor's fault, and no part of it.
    pub fn next(&mut self, fault: Fault, hint: Option<Duration>, asking: Duration) -> Option<Duration> {
        self.attempts += 1;
        let own = match fault {
            Fault::Busy => self.busy_waits.next_backoff(),
            Fault::Broken | Fault::Silent => self.waits.next_backoff(),
        };
        // "At once" from a vendor that is busy is still not a loop.
        let wait = hint.or(own).unwrap_or(self.policy.cap).max(SHORTEST);
        let waits = if hint.is_some() { &mut self.hinted } else { &mut self.waited };
        *waits += wait;
        let budget =
            if fault == Fault::Silent { self.policy.silent_budget } else { self.policy.answering_budget };
        let spent = asking + self.waited;
        // Whoever waits as told uses up no patience, but does not do so for ever.
        let is_over = spent > budget || self.hinted > self.policy.answering_budget;
        let is_hopeless = wait > self.policy.answering_budget
            || (fault == Fault::Silent && spent > budget * 4 && self.attempts >= FEWEST_SILENT);
        if (is_over && self.attempts >= self.policy.min_attempts) || is_hopeless {
            return None;
        }
        Some(wait)
    }
}

/// Waits drawn from zero to the interval, which doubles up to the cap.
fn full_jitter(base: Duration, cap: Duration) -> ExponentialBackoff {
    ExponentialBackoff {
        current_interval: base / 2,
        initial_interval: base / 2,
        randomization_factor: 1.0,
        multiplier: 2.0,
        max_interval: cap / 2,
        max_elapsed_time: None,
        ..ExponentialBackoff::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> RetryPolicy {
        RetryPolicy {
            min_attempts: 3,
            answering_budget: Duration::from_mins(1),
            silent_budget: Duration::from_secs(5),
            base: Duration::from_secs(1),
            busy_base: Duration::from_secs(2),
            cap: Duration::from_secs(8),
        }
    }

    #[test]
    fn the_vendors_own_hint_wins() {
        let mut tries = Tries::new(policy());
        assert_eq!(
            tries.next(Fault::Busy, Some(Duration::from_secs(7)), Duration::ZERO),
            Some(Duration::from_secs(7))
        );
    }

    #[test]
    fn waits_stay_under_the_doubling_interval_and_the_cap() {
        let mut tries = Tries::new(RetryPolicy { answering_budget: Duration::MAX / 4, ..policy() });
        for round in 0..10 {
            let wait = tries.next(Fault::Broken, None, Duration::ZERO).unwrap();
            let ceiling = Duration::from_secs(1 << round.min(3)).min(Duration::from_secs(8));
            assert!(wait <= ceiling + Duration::from_millis(10), "{round}: {wait:?}");
        }
    }

    #[test]
    fn it_gives_up_after_enough_tries_once_the_budget_is_spent() {
        let mut tries = Tries::new(policy());
        let spent = Duration::from_secs(10);
        assert!(tries.next(Fault::Silent, None, spent).is_some());
        assert!(tries.next(Fault::Silent, None, spent).is_some());
        assert!(tries.next(Fault::Silent, None, spent).is_none());
    }

    #[test]
    fn a_vendor_that_takes_connections_and_never_answers_gets_fewer_tries() {
        let policy = RetryPolicy { min_attempts: 8, ..policy() };
        let tries = |fault: Fault| {
            let mut tries = Tries::new(policy);
            (1..=8)
                .take_while(|attempt| tries.next(fault, None, Duration::from_mins(2) * *attempt).is_some())
                .count()
        };
        assert_eq!(tries(Fault::Silent), 2);
        assert_eq!(tries(Fault::Broken), 7);
    }

    #[test]
    fn waits_the_vendor_asked_for_use_up_no_patience() {
        let mut tries = Tries::new(policy());
        let hint = Some(Duration::from_secs(10));
        // As long as the budget in all, so that no vendor can hold a request for ever.
        for _ in 0..6 {
            assert_eq!(tries.next(Fault::Busy, hint, Duration::ZERO), hint);
        }
        assert!(tries.next(Fault::Busy, hint, Duration::ZERO).is_none());
        let mut tries = Tries::new(policy());
        for _ in 0..5 {
            assert!(tries.next(Fault::Silent, hint, Duration::ZERO).is_some(), "the silent budget is 5 s");
        }
    }

    #[test]
    fn a_vendor_that_says_come_back_tomorrow_is_left_alone() {
        let mut tries = Tries::new(policy());
        assert!(tries.next(Fault::Busy, Some(Duration::from_hours(24)), Duration::ZERO).is_none());
    }
}
