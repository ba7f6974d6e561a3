//! The loader as a process.

use std::process::ExitCode;

use aispend_loader::process;

fn main() -> ExitCode {
    aispend_worker::main(process::SETTINGS, process::build)
}
