//! Runs a program to its end and says what it used.

use std::{
    fs,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

/// How often the peak of memory is looked at. Linux keeps the peak itself; only the very end can be missed.
const LOOK: Duration = Duration::from_millis(10);
/// Linux counts processor time in hundredths of a second, whatever its own clock.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a program used.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    pub wall_seconds: f64,
    pub cpu_seconds: f64,
    pub peak_mebibytes: f64,
}

/// A program that ended well.
pub struct Ended {
    pub usage: Usage,
    pub stdout: String,
}

/// Runs a program; its errors go to this one's.
pub fn run(command: &mut Command) -> Result<Ended> {
    let name = command.get_program().to_string_lossy().into_owned();
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start `{name}`"))?;
    let mut stdout = child.stdout.take().context("a child has the output that it was given")?;
    let reader = thread::spawn(move || std::io::read_to_string(&mut stdout));
    let mut usage = watch(&child);
    usage.wall_seconds = started.elapsed().as_secs_f64();
    let status = child.wait()?;
    let stdout = reader.join().ok().context("the reader of an output panicked")??;
    ensure!(status.success(), "`{name}` failed ({status}): {stdout}");
    Ok(Ended { usage, stdout })
}

/// Looks until the program has ended but is not yet collected: until then Linux remembers what it used.
fn watch(child: &Child) -> Usage {
    let mut usage = Usage::default();
    loop {
        usage.peak_mebibytes = usage.peak_mebibytes.max(peak_mebibytes(child.id()).unwrap_or(0.0));
        let Some((state, cpu_seconds)) = times(child.id()) else { return usage };
        usage.cpu_seconds = cpu_seconds;
        if state == "Z" || state == "X" {
            return usage;
        }
        thread::sleep(LOOK);
    }
}

/// A process's state, and its processor time with that of the children it has collected.
pub fn times(id: u32) -> Option<(String, f64)> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name stands in brackets and may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: f64 = fields.get(11..15)?.iter().filter_map(|field| field.parse::<f64>().ok()).sum();
    Some(((*fields.first()?).to_owned(), ticks / TICKS_PER_SECOND))
}

/// The most memory a process ever had at once.
fn peak_mebibytes(id: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}
