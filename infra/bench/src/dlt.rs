//! The dlt pipeline: a virtual environment with pinned packages, and a run in it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::{
    contest::{Period, Run},
    process,
    vendors::Vendors,
};

const REQUIREMENTS: &str = include_str!("../requirements.txt");
const PIPELINE: &str = include_str!("../dlt_pipeline.py");

#[derive(Deserialize)]
struct Told {
    rows: u64,
    seconds: f64,
}

/// The Python of an environment with what the pipeline needs. Made where it is not there yet, or holds other versions.
pub fn environment(cache: &Path) -> Result<PathBuf> {
    let folder = cache.join("bench-venv");
    let python = folder.join("bin").join("python");
    let installed = folder.join("requirements.txt");
    if fs::read_to_string(&installed).is_ok_and(|known| known == REQUIREMENTS) {
        return Ok(python);
    }
    eprintln!("installing dlt into {}", folder.display());
    fs::create_dir_all(cache).with_context(|| format!("create {}", cache.display()))?;
    let wanted = cache.join("bench-requirements.txt");
    fs::write(&wanted, REQUIREMENTS).with_context(|| format!("write {}", wanted.display()))?;
    quiet(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    quiet(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&wanted))?;
    fs::rename(&wanted, &installed).with_context(|| format!("write {}", installed.display()))?;
    Ok(python)
}

fn quiet(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("could not start `{name}`"))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    let last = complaint.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    ensure!(output.status.success(), "`{name}` failed: {last}");
    Ok(())
}

/// Runs the pipeline until it has so many events.
pub fn run(python: &Path, vendors: &Vendors, period: Period, events: u64, folder: &Path) -> Result<Run> {
    let script = folder.join("dlt_pipeline.py");
    fs::write(&script, PIPELINE).context("write the dlt pipeline")?;
    let midnight = |day: jiff::civil::Date| -> Result<i64> {
        Ok(day.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp().as_millisecond())
    };
    let mut command = Command::new(python);
    command
        .arg(&script)
        .args([
            "--base-url",
            vendors.setting("CURSOR_BASE_URL")?,
            "--key",
            vendors.setting("CURSOR_ADMIN_KEY")?,
        ])
        .args(["--start", &midnight(period.from)?.to_string()])
        .args(["--end", &(midnight(period.to.tomorrow()?)? - 1).to_string()])
        .args(["--events", &events.to_string()])
        .arg("--database")
        .arg(folder.join("dlt.duckdb"))
        .arg("--working-dir")
        .arg(folder.join("dlt"))
        .env("RUNTIME__DLTHUB_TELEMETRY", "false")
        .current_dir(folder);
    let before = vendors.cpu_seconds();
    let ended = process::run(&mut command)?;
    let vendors_cpu_seconds = vendors.cpu_seconds() - before;
    let line =
        ended.stdout.lines().rfind(|line| line.starts_with('{')).context("the dlt pipeline said nothing")?;
    let told: Told = serde_json::from_str(line).context("read what the dlt pipeline said")?;
    ensure!(told.rows == events, "dlt is wrong: {} rows, {events} were asked for", told.rows);
    let usage = process::Usage { wall_seconds: told.seconds, ..ended.usage };
    Ok(Run { rows: told.rows, usage, vendors_cpu_seconds, stages: Vec::new() })
}
