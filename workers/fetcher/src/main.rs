//! The fetcher as a process. One instance: the vendors' limits are per key.

use std::process::ExitCode;
use std::sync::Arc;

use aispend_fetcher::{Fetcher, FetcherDoors, FetcherSettings};
use aispend_stage::{RunnerOptions, Stage};
use aispend_worker::{Built, Pace, SheetsReader, http};

/// Slices at a time: as many as the vendors have slots, and as many again that wait. More would only be held.
const SLICES: usize = 16;

fn main() -> ExitCode {
    let settings = ["anthropic.", "cursor.", "sheets.", "fetch.", "run."];
    aispend_worker::main(&settings, async |world| {
        let pace = Pace { is_limited: true };
        let fetch = http(&world.settings, pace, SheetsReader::Ambient, Arc::clone(&world.clock)).await?;
        let doors = FetcherDoors {
            fetch: Arc::new(fetch),
            archive: Arc::clone(&world.archive),
            warehouse: world.warehouse(Fetcher::NAME).await?,
            clock: Arc::clone(&world.clock),
        };
        let settings = FetcherSettings {
            // A run goes on without a person: a vendor that is down is asked again until the run's deadline.
            patience: world.settings.seconds("run.deadline_seconds"),
            ..FetcherSettings::of(&world.settings, false)
        };
        // Outages are each vendor's own: one that is down must not stop the other.
        let options = RunnerOptions { concurrency: SLICES, batch: 1, outage_after: 0 };
        Ok(Built { options, ..Built::of(Fetcher::new(settings, doors), world) })
    })
}
