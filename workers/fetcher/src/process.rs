//! The fetcher as a process. One instance: the vendors' limits are per key.

use std::sync::Arc;

use aispend_stage::{RunnerOptions, Stage};
use aispend_worker::{Built, Pace, SheetsReader, StartError, World, http};

use crate::{Fetcher, FetcherDoors, FetcherSettings};

/// Slices at a time: more than the vendors have slots, so that one vendor's pause does not keep the other's away.
const SLICES: usize = 64;

/// Settings that this worker reads beside those of every worker.
pub const SETTINGS: &[&str] = &["data_dir", "anthropic.", "cursor.", "sheets.", "fetch.", "run."];

/// The stage over a world.
///
/// # Errors
/// Without credentials, or with a key that cannot be read.
pub async fn build(world: &World) -> Result<Built<Fetcher>, StartError> {
    let pace = Pace { is_limited: true };
    let fetch = http(&world.settings, pace, SheetsReader::Ambient, Arc::clone(&world.clock)).await?;
    let doors = FetcherDoors {
        fetch: Arc::new(fetch),
        archive: Arc::clone(&world.archive),
        warehouse: world.warehouse(Fetcher::NAME).await?,
        clock: Arc::clone(&world.clock),
    };
    let told = FetcherSettings::of(&world.settings, false);
    let settings = FetcherSettings {
        // A run goes on without a person: a vendor that is down is asked again until the run's deadline.
        patience: world.settings.seconds("run.deadline_seconds"),
        // A message that is kept long is sent to another.
        sittings: told.sittings.clone().with_short_waits(),
        ..told
    };
    // Outages are each vendor's own: one that is down must not stop the other.
    let options =
        RunnerOptions { concurrency: SLICES, batch: 1, outage_after: 0, ..RunnerOptions::default() };
    Ok(Built { options, ..Built::of(Fetcher::new(settings, doors), world) })
}
