//! The normalizer as a process.

use std::sync::Arc;

use aispend_worker::{Built, StartError, World};

use crate::Normalizer;

/// Settings that this worker reads beside those of every worker.
pub const SETTINGS: &[&str] = &[];

/// The stage over a world.
///
/// # Errors
/// None: as every worker's.
#[expect(clippy::unused_async, reason = "made as every stage is")]
pub async fn build(world: &World) -> Result<Built<Normalizer>, StartError> {
    let stage = Normalizer::new(Arc::clone(&world.archive), Arc::clone(&world.clock));
    Ok(Built::of(stage, world))
}
