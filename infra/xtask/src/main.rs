//! The workspace's own commands: `cargo xtask …`.
//!
//! Fetches what a fresh machine lacks, then calls cargo. It never links the workspace's other crates, so it builds in
//! seconds and works while they do not compile.

mod bench;
mod deny;
mod duckdb;
mod emulators;
mod licence;
mod snapshots;
mod step;
mod tally;
mod test;
mod web;
mod workspace;

use std::{ffi::OsString, os::unix::process::CommandExt, process::ExitCode};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use crate::workspace::{Profile, TargetDir, Workspace};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The workspace's own commands")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds `aispend` and runs `aispend demo`, passing every argument on.
    #[command(disable_help_flag = true)]
    Demo {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Runs everything CI runs, or the parts named.
    Test {
        /// Runs this part only; may be given several times.
        #[arg(long, value_enum, value_delimiter = ',')]
        only: Vec<test::Part>,
    },
    /// Builds every binary into cargo's target directory, with the DuckDB library beside them.
    Build {
        /// Optimises fully, as for a release.
        #[arg(long)]
        release: bool,
    },
    /// Measures aispend against a bare loop and a dlt pipeline, on simulated vendors.
    #[command(disable_help_flag = true)]
    Bench {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Runs a command among emulators of Google's services: `exec COMMAND…`; or keeps them running: `serve`.
    #[command(disable_help_flag = true)]
    Emulators {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Fetches the DuckDB library, so that plain `cargo build` and `cargo test` work as well, and the emulators.
    Fetch,
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Demo { arguments } => demo(&arguments),
        Command::Test { only } => Ok(test::run(&only)),
        Command::Build { release } => build(release),
        Command::Bench { arguments } => bench::run(&arguments),
        Command::Emulators { arguments } => emulators::become_command(&arguments),
        Command::Fetch => fetch(),
    }
}

/// Becomes the demo: cargo and then `aispend` take this process's place, with its streams, signals and exit code.
fn demo(arguments: &[OsString]) -> Result<ExitCode> {
    let workspace = Workspace::open(TargetDir::Shared)?;
    duckdb::prepare(&workspace, &[Profile::Dev])?;
    let error = workspace
        .cargo()
        .args(["run", "--profile", Profile::Dev.name(), "--package", "aispend-local", "--bin", "aispend"])
        .args(["--", "demo"])
        .args(arguments)
        .exec();
    Err(error).context("could not start cargo")
}

fn build(release: bool) -> Result<ExitCode> {
    let profile = if release { Profile::Release } else { Profile::Dev };
    let workspace = Workspace::open(TargetDir::Cargos)?;
    workspace::require_rpath()?;
    duckdb::prepare(&workspace, &[profile])?;
    let status = workspace
        .cargo()
        .args(["build", "--workspace", "--bins", "--profile", profile.name()])
        .status()
        .context("could not start cargo")?;
    if status.success() {
        println!("built into {}", workspace.profile_dir(profile).display());
    }
    Ok(workspace::exit_code(status))
}

fn fetch() -> Result<ExitCode> {
    let workspace = Workspace::open(TargetDir::Cargos)?;
    let library = duckdb::prepare(&workspace, &Profile::ALL)?;
    println!("DuckDB {} is at {}", duckdb::VERSION, library.display());
    let environment = emulators::prepare(&workspace)?;
    println!("the emulators are at {}", environment.display());
    Ok(ExitCode::SUCCESS)
}
