//! The loader as a process.

use std::process::ExitCode;
use std::sync::Arc;

use aispend_loader::Loader;
use aispend_stage::{RunnerOptions, Stage};
use aispend_worker::Built;

/// Slices in one transaction. Loads conflict with one another: few large ones are faster than many small ones.
const SLICES: usize = 50;

fn main() -> ExitCode {
    aispend_worker::main(&[], async |world| {
        let warehouse = world.warehouse(Loader::NAME).await?;
        let stage = Loader::new(warehouse, Arc::clone(&world.archive), Arc::clone(&world.clock));
        let options = RunnerOptions { concurrency: 1, batch: SLICES, ..RunnerOptions::default() };
        Ok(Built { options, ..Built::of(stage, world) })
    })
}
