//! The normalizer as a process.

use std::process::ExitCode;

use aispend_normalizer::process;

fn main() -> ExitCode {
    aispend_worker::main(process::SETTINGS, process::build)
}
