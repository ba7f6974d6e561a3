//! Processor time of one piece of work, whichever threads it runs on.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

tokio::task_local! {
    static METER: Meter;
}

/// Adds up processor time.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<AtomicU64>);

impl Meter {
    /// What was measured so far.
    pub fn total(&self) -> Duration {
        Duration::from_nanos(self.0.load(Relaxed))
    }

    /// Runs a future and measures every poll of it, and what it hands to `blocking`.
    pub async fn measure<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(METER.scope(self.clone(), work));
        std::future::poll_fn(|context| self.count(|| work.as_mut().poll(context))).await
    }

    fn count<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = thread_nanos();
        let result = work();
        self.0.fetch_add(thread_nanos().saturating_sub(before), Relaxed);
        result
    }
}

/// Runs work on a thread that may wait, on the account of whoever is being measured.
///
/// # Errors
/// When the work panics, or the runtime shuts down.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, tokio::task::JoinError> {
    let meter = METER.try_with(Meter::clone).unwrap_or_default();
    tokio::task::spawn_blocking(move || meter.count(work)).await
}

fn thread_nanos() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    (time.tv_sec as u64) * 1_000_000_000 + time.tv_nsec as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work() {
        let before = thread_nanos();
        while thread_nanos() < before + 3_000_000 {
            std::hint::black_box(before);
        }
    }

    #[tokio::test]
    async fn work_counts_on_any_thread_and_waiting_does_not() {
        let meter = Meter::default();
        meter
            .measure(async {
                work();
                blocking(work).await.unwrap();
                let so_far = meter.total();
                tokio::time::sleep(Duration::from_millis(50)).await;
                // Only what is behind this poll of the future is counted, not the pause.
                assert!(meter.total().saturating_sub(so_far) < Duration::from_millis(45));
            })
            .await;
        assert!(meter.total() >= Duration::from_millis(6), "{:?}", meter.total());
        let before = meter.total();
        blocking(work).await.unwrap();
        assert_eq!(meter.total(), before, "nobody is measured here");
    }
}
