//! The fetcher as a process.

use std::process::ExitCode;

use aispend_fetcher::process;

fn main() -> ExitCode {
    aispend_worker::main(process::SETTINGS, process::build)
}
