//! The alerter as a process.

use std::process::ExitCode;

use aispend_alerter::process;

fn main() -> ExitCode {
    aispend_worker::main(process::SETTINGS, process::build)
}
