//! The end-to-end benchmark: aispend, a bare loop and a `dlt` pipeline, one after the other against the same simulated
//! vendors. A contestant whose rows or money are not the simulator's truth ends it.
//!
//! `cargo xtask bench` builds everything and starts this.

#![expect(clippy::float_arithmetic, reason = "speeds and shares for people; money is counted in integers")]

mod contest;
mod dlt;
mod machine;
mod process;
mod report;
mod vendors;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use clap::Parser;
use jiff::{Timestamp, ToSpan, tz::TimeZone};

use crate::{
    contest::{Aispend, Period},
    report::Report,
    vendors::Vendors,
};

/// Measures aispend against a bare loop and a dlt pipeline.
#[derive(Parser)]
#[command(name = "cargo xtask bench")]
struct Arguments {
    /// Cursor events.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// Anthropic cost rows, about.
    #[arg(long, default_value_t = 100_000)]
    anthropic_rows: u32,
    /// Events for dlt, which is slow: its speed is what is compared.
    #[arg(long, default_value_t = 200_000)]
    dlt_events: u64,
    /// Every contestant so often, in turn; the fastest speed counts, and the largest memory.
    #[arg(long, default_value_t = 1)]
    runs: u32,
    /// Leave dlt out.
    #[arg(long)]
    without_dlt: bool,
    /// Where `aispend`, `simulator` and `bare` are.
    #[arg(long, hide = true)]
    programs: PathBuf,
    /// Where Python's packages may be kept.
    #[arg(long, hide = true)]
    cache: PathBuf,
}

/// Days that the events are spread over, and how long ago they end: long enough for every feed to be final.
const DAYS: i64 = 31;
const AGO: i64 = 10;

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the program is where the clock comes from")]
    let now = Timestamp::now();
    let to = now.to_zoned(TimeZone::UTC).date().checked_sub(AGO.days())?;
    let period = Period { from: to.checked_sub((DAYS - 1).days())?, to };
    let quarter = Period { to: period.from.checked_add((DAYS / 4).days())?, ..period };
    let work = tempfile::tempdir().context("create a folder to work in")?;

    eprintln!("simulating {} events and {} cost rows", arguments.events, arguments.anthropic_rows);
    let vendors =
        Vendors::start(&arguments.programs, arguments.events, arguments.anthropic_rows, period, work.path())?;
    let mut report = Report::new(now, arguments.events);
    for turn in 1..=arguments.runs.max(1) {
        let folder = work.path().join(turn.to_string());
        std::fs::create_dir_all(&folder).context("create a folder for this turn")?;
        let aispend = Aispend { programs: &arguments.programs, vendors: &vendors, folder: &folder };

        eprintln!("turn {turn}: the bare loop");
        report.bare(contest::bare(&arguments.programs, &vendors, period, &folder)?);
        eprintln!("turn {turn}: aispend, a quarter of the days");
        report.quarter(aispend.events("quarter", quarter)?);
        eprintln!("turn {turn}: aispend, all days");
        report.events(aispend.events("events", period)?);
        if arguments.anthropic_rows > 0 {
            eprintln!("turn {turn}: aispend, Anthropic's costs");
            report.costs(aispend.costs("costs", period)?);
        }
        if !arguments.without_dlt {
            eprintln!("turn {turn}: dlt");
            let events = arguments.dlt_events.min(arguments.events);
            let python = dlt::environment(&arguments.cache).context("`--without-dlt` leaves dlt out")?;
            report.dlt(dlt::run(&python, &vendors, period, events, &folder)?);
        }
        std::fs::remove_dir_all(&folder).context("clear this turn's folder")?;
    }
    report.print();
    Ok(())
}
