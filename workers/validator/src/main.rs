//! The validator as a process.

use std::process::ExitCode;

use aispend_validator::process;

fn main() -> ExitCode {
    aispend_worker::main(process::SETTINGS, process::build)
}
