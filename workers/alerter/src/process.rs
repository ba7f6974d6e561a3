//! The alerter as a process. Beside its events it moves what Pub/Sub gave up on to the parked messages.

use std::sync::Arc;

use aispend_stage::{RunnerOptions, Stage};
use aispend_worker::{Built, StartError, World, drain_dead_letters};

use crate::Alerter;

/// Events taken in together: each batch is one change of a run's state.
const EVENTS: usize = 200;

/// Settings that this worker reads beside those of every worker.
pub const SETTINGS: &[&str] = &[];

/// The stage over a world.
///
/// # Errors
/// Without credentials.
pub async fn build(world: &World) -> Result<Built<Alerter>, StartError> {
    let warehouse = world.warehouse(Alerter::NAME).await?;
    let stage = Alerter::new(warehouse, Arc::clone(&world.archive), Arc::clone(&world.clock));
    let options = RunnerOptions { concurrency: 1, batch: EVENTS, ..RunnerOptions::default() };
    let beside = drain_dead_letters(world).await?;
    Ok(Built { options, beside: Some(beside), ..Built::of(stage, world) })
}
