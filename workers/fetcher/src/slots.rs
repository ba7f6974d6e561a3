//! How many slices of a vendor are read at once.
//!
//! Each vendor has slots of its own, so that one that is slow or down delays nobody else's slices. They are few: a vendor's
//! rate limit is used up by few, and many slices read in lockstep would all hold their pages and all end at the end.

use std::time::Duration;

use aispend_model::Vendor;
use aispend_ports::Clock;
use tokio::sync::{Semaphore, SemaphorePermit};

/// The slots of all vendors, first come first served.
pub struct Slots {
    anthropic: Doors,
    cursor: Doors,
    sheets: Doors,
}

/// A vendor's slots: one door for slices that begin, one for those that come back from a pause. Behind all that wait to
/// begin, a slice that paused would stay open to the end of the run.
struct Doors {
    first: Semaphore,
    back: Semaphore,
}

impl Doors {
    fn new(slots: usize) -> Self {
        Self { first: Semaphore::new(slots), back: Semaphore::new(slots) }
    }
}

impl Default for Slots {
    fn default() -> Self {
        Self { anthropic: Doors::new(3), cursor: Doors::new(3), sheets: Doors::new(2) }
    }
}

impl Slots {
    /// Waits for a slot of this vendor.
    pub async fn begin(&self, vendor: Vendor) -> Slot<'_> {
        let doors = match vendor {
            Vendor::Anthropic => &self.anthropic,
            Vendor::Cursor => &self.cursor,
            Vendor::Sheets => &self.sheets,
        };
        // The semaphores are never closed.
        Slot { doors, permit: doors.first.acquire().await.ok() }
    }
}

/// A slot, given back when dropped.
pub struct Slot<'a> {
    doors: &'a Doors,
    permit: Option<SemaphorePermit<'a>>,
}

impl Slot<'_> {
    /// Pauses; others have the slot meanwhile.
    pub async fn pause(&mut self, clock: &dyn Clock, pause: Duration) {
        self.permit = None;
        clock.sleep(pause).await;
        self.permit = self.doors.back.acquire().await.ok();
    }
}

#[cfg(test)]
mod tests {
    use aispend_ports::SystemClock;
    use futures::FutureExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_vendor_that_holds_its_slots_delays_no_other_and_a_pause_gives_one_up() {
        let slots = Slots::default();
        let clock = SystemClock::new(tokio::time::sleep);
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(slots.begin(Vendor::Anthropic).await);
        }
        assert!(slots.begin(Vendor::Anthropic).now_or_never().is_none());
        assert!(slots.begin(Vendor::Cursor).now_or_never().is_some());
        let mut paused = held.pop().unwrap();
        let ((), next) =
            tokio::join!(paused.pause(&clock, Duration::from_secs(1)), slots.begin(Vendor::Anthropic));
        // Another one has its slot; the pause ended all the same.
        assert!(next.permit.is_some() && paused.permit.is_some());
    }
}
