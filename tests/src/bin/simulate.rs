//! Lives through many seeds on all cores and says how many held.

use std::io::Write as _;
use std::panic::catch_unwind;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use aispend_tests::simulation::{Mutant, Sat, simulate_with};

const USAGE: &str = "simulate [--seeds N] [--from N] [--seed N] [--trace] [--mutant NAME]";

/// What was asked for.
struct Wanted {
    from: u64,
    seeds: u64,
    trace: bool,
    mutant: Option<Mutant>,
}

fn wanted() -> Result<Wanted, String> {
    let mut wanted = Wanted { from: 0, seeds: 1000, trace: false, mutant: None };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("`{argument}` needs a value; {USAGE}"));
        let number =
            |text: String| text.parse::<u64>().map_err(|_| format!("`{text}` is no number; {USAGE}"));
        match argument.as_str() {
            "--seeds" => wanted.seeds = number(value()?)?,
            "--from" => wanted.from = number(value()?)?,
            "--seed" => (wanted.from, wanted.seeds) = (number(value()?)?, 1),
            "--trace" => wanted.trace = true,
            "--mutant" => {
                let name = value()?;
                let known = Mutant::ALL.into_iter().find(|mutant| format!("{mutant:?}") == name);
                wanted.mutant = Some(known.ok_or_else(|| format!("mutants are {:?}", Mutant::ALL))?);
            }
            _ => return Err(format!("`{argument}` is unknown; {USAGE}")),
        }
    }
    Ok(wanted)
}

fn main() -> ExitCode {
    if std::env::args().any(|argument| ["--help", "-h"].contains(&argument.as_str())) {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let wanted = match wanted() {
        Ok(wanted) => wanted,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::from(2);
        }
    };
    let next = AtomicU64::new(0);
    let failed = AtomicU64::new(0);
    let sat = Mutex::new(Sat::default());
    let out = Mutex::new(std::io::stdout());
    let say = |text: String| {
        let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody reads any more: the exit code still tells.
        writeln!(out, "{text}").unwrap_or_default();
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Relaxed);
                    if place >= wanted.seeds {
                        return;
                    }
                    let seed = wanted.from + place;
                    let problem = match catch_unwind(|| simulate_with(seed, wanted.mutant, wanted.trace)) {
                        Ok(Ok(lived)) => {
                            sat.lock().unwrap_or_else(PoisonError::into_inner).add(lived);
                            None
                        }
                        Ok(Err(divergence)) => Some(divergence.to_string()),
                        Err(_) => Some(format!("seed {seed}: panicked")),
                    };
                    if let Some(problem) = problem {
                        failed.fetch_add(1, Relaxed);
                        say(problem);
                    }
                    if (place + 1).is_multiple_of(250) {
                        say(format!(
                            "{} of {} seeds begun, {} failed",
                            place + 1,
                            wanted.seeds,
                            failed.load(Relaxed)
                        ));
                    }
                }
            });
        }
    });
    let failed = failed.load(Relaxed);
    let Sat { continued, repeated, abandoned, given_back } =
        *sat.lock().unwrap_or_else(PoisonError::into_inner);
    say(format!(
        "attempts at a slice: {continued} continued, {repeated} repeated, {abandoned} found of no use, {given_back} stopped"
    ));
    say(format!("simulate: {} passed, {failed} failed", wanted.seeds - failed));
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
