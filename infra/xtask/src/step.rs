//! Runs the steps of a test run one by one, shows their time, and counts what they tested.

use std::{
    io::{self, BufRead, BufReader, IsTerminal, Read, Write},
    process::{Command, Stdio},
    thread,
    time::Instant,
};

use anyhow::{Context, Result, anyhow, bail};

use crate::tally::Tally;

/// What a step has to show besides success.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// It tests nothing, or maybe nothing.
    Success,
    /// It runs tests. Success without any is a failure: something skipped them silently.
    Tests,
}

#[derive(Default)]
pub struct Steps {
    pub tally: Tally,
    /// What could not be tested here, and why.
    pub skipped: Vec<String>,
}

impl Steps {
    /// Runs a check of our own. It is no test, but its failure counts.
    pub fn check(&mut self, name: &str, check: impl FnOnce() -> Result<()>) -> Result<()> {
        self.timed(name, || check().map(|()| Tally::default()).map_err(|error| (Tally::FAILED, error)))
    }

    /// Runs a command, and reads its tests from what it prints.
    pub fn command(&mut self, name: &str, expect: Expect, command: &mut Command) -> Result<()> {
        self.timed(name, || {
            let (tally, success) = watch(command).map_err(|error| (Tally::FAILED, error))?;
            if success && tally.failed == 0 && (expect == Expect::Success || !tally.is_empty()) {
                return Ok(tally);
            }
            let failed = if tally.failed == 0 { Tally { failed: 1, ..tally } } else { tally };
            let reason = if success && tally.failed == 0 { "ran no tests" } else { "failed" };
            Err((failed, anyhow!("`{}` {reason}", shown(command))))
        })
    }

    /// Leaves a part out that cannot run on this machine. It counts as one test, since nobody knows how many it has.
    pub fn skip(&mut self, name: &str, reason: &anyhow::Error) {
        self.tally += Tally { skipped: 1, ..Tally::default() };
        eprintln!("\n=== {name}: SKIPPED");
        self.skipped.push(format!("{name}: {reason:#}"));
    }

    fn timed(
        &mut self,
        name: &str,
        work: impl FnOnce() -> Result<Tally, (Tally, anyhow::Error)>,
    ) -> Result<()> {
        eprintln!("\n=== {name}");
        let started = Instant::now();
        let outcome = work();
        let elapsed = started.elapsed();
        match outcome {
            Ok(tally) => {
                self.tally += tally;
                eprintln!("--- {name}: ok, {elapsed:.1?}");
                Ok(())
            }
            Err((tally, error)) => {
                self.tally += tally;
                eprintln!("--- {name}: FAILED, {elapsed:.1?}");
                Err(error.context(name.to_owned()))
            }
        }
    }
}

/// Runs a command without input, passing on its output while counting what it says about tests.
fn watch(command: &mut Command) -> Result<(Tally, bool)> {
    if io::stderr().is_terminal() {
        // Its output goes through a pipe, so it would not think of colours itself.
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start `{}`", shown(command)))?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        bail!("`{}` has no output", shown(command));
    };
    let mut tally = thread::scope(|scope| {
        let other = scope.spawn(|| pass_on(stdout, io::stdout()));
        let mut tally = pass_on(stderr, io::stderr())?;
        tally += other.join().map_err(|_| io::Error::other("a thread panicked"))??;
        io::Result::Ok(tally)
    })
    .with_context(|| format!("could not read from `{}`", shown(command)))?;
    let status = child.wait().with_context(|| format!("could not wait for `{}`", shown(command)))?;
    if status.code().is_none() {
        eprintln!("`{}` was ended by a signal: {status}", shown(command));
        tally.failed = tally.failed.max(1);
    }
    Ok((tally, status.success()))
}

fn pass_on(from: impl Read, mut to: impl Write) -> io::Result<Tally> {
    let mut from = BufReader::new(from);
    let mut tally = Tally::default();
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        to.write_all(&line)?;
        tally += Tally::read(&String::from_utf8_lossy(&line));
        line.clear();
    }
    to.flush()?;
    Ok(tally)
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let arguments = command.get_args().map(|argument| format!(" {}", argument.to_string_lossy()));
    let program = command.get_program().to_string_lossy();
    let program = program.rsplit('/').next().unwrap_or_default();
    format!("{program}{}", arguments.collect::<String>())
}
