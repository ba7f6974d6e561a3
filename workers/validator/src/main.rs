//! The validator as a process.

use std::process::ExitCode;
use std::sync::Arc;

use aispend_validator::{Limits, Validator};
use aispend_worker::Built;

fn main() -> ExitCode {
    aispend_worker::main(&["checks."], async |world| {
        let limits = Limits {
            rejected_percent: u64::from(world.settings.count("checks.rejected_percent")),
            ..Limits::default()
        };
        let stage = Validator::new(Arc::clone(&world.archive), Arc::clone(&world.clock), limits);
        Ok(Built::of(stage, world))
    })
}
