//! The normalizer as a process.

use std::process::ExitCode;
use std::sync::Arc;

use aispend_normalizer::Normalizer;
use aispend_worker::Built;

fn main() -> ExitCode {
    aispend_worker::main(&[], async |world| {
        let stage = Normalizer::new(Arc::clone(&world.archive), Arc::clone(&world.clock));
        Ok(Built::of(stage, world))
    })
}
