//! Builds the benchmark and what it measures, then becomes it.

use std::{ffi::OsString, os::unix::process::CommandExt, process::ExitCode};

use anyhow::{Context, Result};

use crate::{
    duckdb,
    workspace::{self, Profile, TargetDir, Workspace},
};

const PACKAGES: [&str; 3] = ["aispend-local", "aispend-simulator", "aispend-bench"];

/// Passes every argument on.
pub fn run(arguments: &[OsString]) -> Result<ExitCode> {
    let workspace = Workspace::open(TargetDir::Shared)?;
    workspace::require_rpath()?;
    duckdb::prepare(&workspace, &[Profile::Quick])?;
    let status = workspace
        .cargo()
        .args(["build", "--bins", "--profile", Profile::Quick.name()])
        .args(PACKAGES.iter().flat_map(|package| ["--package", package]))
        .status()
        .context("could not start cargo")?;
    if !status.success() {
        return Ok(workspace::exit_code(status));
    }
    let programs = workspace.profile_dir(Profile::Quick);
    let error = std::process::Command::new(programs.join("bench"))
        .arg("--programs")
        .arg(&programs)
        .arg("--cache")
        .arg(workspace.cache())
        .args(arguments)
        .exec();
    Err(error).context("could not start the benchmark")
}
