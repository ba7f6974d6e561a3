//! Time that passes only when a schedule says so.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use aispend_ports::Clock;
use async_trait::async_trait;
use jiff::Timestamp;

/// No moment: nobody is waiting.
const NEVER: i64 = i64::MAX;

/// The one time that all clocks tell, right or wrong.
#[derive(Debug)]
pub struct Timeline {
    now_micros: AtomicI64,
    /// Until when the task that was polled last sleeps.
    asleep_until: AtomicI64,
}

impl Timeline {
    /// Starts at a moment.
    pub fn new(now: Timestamp) -> Arc<Self> {
        Arc::new(Self {
            now_micros: AtomicI64::new(now.as_microsecond()),
            asleep_until: AtomicI64::new(NEVER),
        })
    }

    /// Now, in microseconds since 1970.
    pub fn now_micros(&self) -> i64 {
        self.now_micros.load(Relaxed)
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        moment(self.now_micros())
    }

    /// Lets time pass.
    pub fn advance(&self, micros: i64) {
        self.now_micros.fetch_add(micros.max(0), Relaxed);
    }

    /// Lets time pass until a moment; never goes back.
    pub fn advance_to(&self, micros: i64) {
        self.now_micros.fetch_max(micros, Relaxed);
    }

    /// Until when the task sleeps that was polled since the last call, if it does.
    pub fn take_sleep(&self) -> Option<i64> {
        let until = self.asleep_until.swap(NEVER, Relaxed);
        (until != NEVER).then_some(until)
    }

    fn sleeps_until(&self, micros: i64) {
        self.asleep_until.fetch_min(micros, Relaxed);
    }
}

fn moment(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

/// A stage's clock: the timeline, ahead or behind by its skew.
#[derive(Debug, Clone)]
pub struct SimClock {
    timeline: Arc<Timeline>,
    skew_micros: Arc<AtomicI64>,
}

impl SimClock {
    /// A clock that is right.
    pub fn new(timeline: Arc<Timeline>) -> Self {
        Self { timeline, skew_micros: Arc::default() }
    }

    /// Sets it wrong, or right again.
    pub fn set_skew(&self, micros: i64) {
        self.skew_micros.store(micros, Relaxed);
    }
}

#[async_trait]
impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        moment(self.timeline.now_micros().saturating_add(self.skew_micros.load(Relaxed)))
    }

    async fn sleep(&self, duration: Duration) {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(NEVER - 1);
        let until = self.timeline.now_micros().saturating_add(micros);
        Sleep { timeline: &self.timeline, until }.await;
    }
}

struct Sleep<'a> {
    timeline: &'a Timeline,
    until: i64,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<()> {
        if self.timeline.now_micros() >= self.until {
            return Poll::Ready(());
        }
        self.timeline.sleeps_until(self.until);
        Poll::Pending
    }
}
