//! The loader as a process.

use std::sync::Arc;

use aispend_stage::{RunnerOptions, Stage};
use aispend_worker::{Built, StartError, World};

use crate::Loader;

/// Slices in one transaction. Loads conflict with one another: few large ones are faster than many small ones.
const SLICES: usize = 50;

/// Settings that this worker reads beside those of every worker.
pub const SETTINGS: &[&str] = &[];

/// The stage over a world.
///
/// # Errors
/// Without credentials.
pub async fn build(world: &World) -> Result<Built<Loader>, StartError> {
    let warehouse = world.warehouse(Loader::NAME).await?;
    let stage = Loader::new(warehouse, Arc::clone(&world.archive), Arc::clone(&world.clock));
    let options = RunnerOptions { concurrency: 1, batch: SLICES, ..RunnerOptions::default() };
    Ok(Built { options, ..Built::of(stage, world) })
}
