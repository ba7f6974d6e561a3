//! The validator as a process.

use std::sync::Arc;

use aispend_worker::{Built, StartError, World};

use crate::{Limits, Validator};

/// Settings that this worker reads beside those of every worker.
pub const SETTINGS: &[&str] = &["checks."];

/// The stage over a world.
///
/// # Errors
/// None: as every worker's.
#[expect(clippy::unused_async, reason = "made as every stage is")]
pub async fn build(world: &World) -> Result<Built<Validator>, StartError> {
    let limits = Limits::of(&world.settings);
    let stage = Validator::new(Arc::clone(&world.archive), Arc::clone(&world.clock), limits);
    Ok(Built::of(stage, world))
}
