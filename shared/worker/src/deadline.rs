//! The time between SIGTERM and the end, shared by all that has to be done in it.

use std::time::Duration;

use tokio::time::Instant;

/// What the steps after the stage's may need: acknowledgements on their way, answers of the server, telemetry. A quarter of
/// the time, and no more than this.
const LAST_STEPS: Duration = Duration::from_secs(2);

/// When the process has to be over.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    at: Instant,
    last_steps: Duration,
}

impl Deadline {
    /// So long from now.
    pub fn within(time: Duration) -> Self {
        Self { at: Instant::now() + time, last_steps: (time / 4).min(LAST_STEPS) }
    }

    /// For the stage: leaves the last steps their time.
    pub fn for_the_stage(&self) -> Duration {
        self.left().saturating_sub(self.last_steps)
    }

    /// For bus and server: leaves telemetry half of that.
    pub fn for_the_doors(&self) -> Duration {
        self.left().saturating_sub(self.last_steps / 2)
    }

    /// All that is left.
    pub fn left(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }
}
