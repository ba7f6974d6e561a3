//! The time, as an argument.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;

/// Tells the time. Tests own it.
#[async_trait]
pub trait Clock: Send + Sync {
    /// This moment.
    fn now(&self) -> Timestamp;

    /// The UTC day of this moment.
    fn today(&self) -> Date {
        self.now().to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    /// Returns after that long.
    async fn sleep(&self, duration: Duration);
}

/// A clock made of two functions, so that this crate needs no runtime: the machine's time, and somebody's sleep.
pub struct SystemClock<S> {
    sleep: S,
}

impl<S> SystemClock<S> {
    /// The machine's clock; `sleep` is the runtime's.
    pub const fn new(sleep: S) -> Self {
        Self { sleep }
    }
}

#[async_trait]
impl<S, F> Clock for SystemClock<S>
where
    S: Fn(Duration) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    #[expect(clippy::disallowed_methods, reason = "this is the clock the others take")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep(&self, duration: Duration) {
        (self.sleep)(duration).await;
    }
}
