//! `emulators`: Google's services on this machine, for as long as a command runs or until Ctrl-C.

use std::{
    ffi::OsString,
    os::unix::process::ExitStatusExt,
    process::{ExitCode, ExitStatus},
};

use aispend_emulators::{Addresses, Emulators, Service, missing};
use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
};

/// The project that commands work in unless they name their own.
const PROJECT: &str = "demo-project";

#[derive(Parser)]
#[command(about = "Google's services on this machine: Pub/Sub, BigQuery, Cloud Storage, Secret Manager")]
struct Cli {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Starts them, runs a command that finds them in its environment, stops them, and ends as the command did.
    Exec {
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
    /// Starts them, prints the variables for a shell, and stays until Ctrl-C.
    Serve,
    /// Says what is missing here. Fails where anything is.
    Check,
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Cli::parse().action {
        Action::Exec { command } => exec(&command).await,
        Action::Serve => serve().await,
        Action::Check => Ok(check()),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

async fn exec(command: &[OsString]) -> Result<ExitCode> {
    let mut stop = Stop::listen()?;
    let mut emulators = tokio::select! {
        emulators = Emulators::start(&Service::ALL) => emulators?,
        _ = stop.next() => return Ok(ExitCode::FAILURE),
    };
    let (program, arguments) = command.split_first().context("there is no command")?;
    let mut child = Command::new(program)
        .args(arguments)
        .envs(environment(&emulators.addresses()))
        .spawn()
        .with_context(|| format!("could not start `{}`", program.to_string_lossy()))?;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.context("could not wait for the command")?,
            signal = stop.next() => pass_on(signal, &child)?,
        }
    };
    if !status.success() {
        eprintln!("the emulators' logs are in {}", emulators.keep_logs().display());
    }
    Ok(exit_code(status))
}

async fn serve() -> Result<ExitCode> {
    let mut stop = Stop::listen()?;
    let emulators = tokio::select! {
        emulators = Emulators::start(&Service::ALL) => emulators?,
        _ = stop.next() => return Ok(ExitCode::FAILURE),
    };
    for (name, value) in environment(&emulators.addresses()) {
        println!("export {name}={value}");
    }
    stop.next().await;
    Ok(ExitCode::SUCCESS)
}

fn check() -> ExitCode {
    let missing = missing(&Service::ALL);
    for line in &missing {
        eprintln!("{line}");
    }
    if missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn environment(addresses: &Addresses) -> impl Iterator<Item = (&'static str, String)> {
    let own = [("GOOGLE_CLOUD_PROJECT", PROJECT.to_owned()), ("AISPEND_EMULATORS", "1".to_owned())];
    addresses.clone().into_iter().chain(own)
}

/// Gives a signal to the command. Ctrl-C reaches it by itself: the terminal tells everyone in the foreground.
fn pass_on(signal: Signal, child: &Child) -> Result<()> {
    let process = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    match process {
        Some(process) if signal != Signal::INT => {
            kill_process(process, signal).context("could not stop the command")
        }
        _ => Ok(()),
    }
}

/// As a shell would say it.
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// The signals that ask us to stop.
struct Stop([(Signal, tokio::signal::unix::Signal); 3]);

impl Stop {
    fn listen() -> Result<Self> {
        let listen = |kind, signal_| {
            signal(kind).map(|stream| (signal_, stream)).context("could not listen for signals")
        };
        Ok(Self([
            listen(SignalKind::interrupt(), Signal::INT)?,
            listen(SignalKind::terminate(), Signal::TERM)?,
            listen(SignalKind::hangup(), Signal::HUP)?,
        ]))
    }

    async fn next(&mut self) -> Signal {
        let Self([(interrupt, one), (terminate, two), (hangup, three)]) = self;
        tokio::select! {
            _ = one.recv() => *interrupt,
            _ = two.recv() => *terminate,
            _ = three.recv() => *hangup,
        }
    }
}
