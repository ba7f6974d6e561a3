//! The alerter as a process. Beside its events it moves what Pub/Sub gave up on to the parked messages.

use std::process::ExitCode;
use std::sync::Arc;

use aispend_alerter::Alerter;
use aispend_stage::{RunnerOptions, Stage};
use aispend_worker::{Built, drain_dead_letters};

/// Events taken in together: each batch is one change of a run's state.
const EVENTS: usize = 200;

fn main() -> ExitCode {
    aispend_worker::main(&[], async |world| {
        let warehouse = world.warehouse(Alerter::NAME).await?;
        let stage = Alerter::new(warehouse, Arc::clone(&world.archive), Arc::clone(&world.clock));
        let options = RunnerOptions { concurrency: 1, batch: EVENTS, ..RunnerOptions::default() };
        let beside = drain_dead_letters(world).await?;
        Ok(Built { options, beside: Some(beside), ..Built::of(stage, world) })
    })
}
