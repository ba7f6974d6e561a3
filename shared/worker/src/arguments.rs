//! Flags of a worker, and the page that documents its settings.

use std::fmt::Write as _;
use std::path::PathBuf;

use aispend_config::DECLARED;
use clap::{Command, CommandFactory, Parser, ValueEnum};

/// How messages reach a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// It keeps a stream to Pub/Sub open: for worker pools and virtual machines.
    Pull,
    /// Pub/Sub sends each message as an HTTP request: for Cloud Run, which scales to zero.
    Push,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Logs {
    /// For a person.
    Text,
    /// For Cloud Logging, one JSON object a line.
    Json,
}

/// One stage of aispend as a process: takes messages of its topic, publishes what follows, and settles last.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Arguments {
    /// How messages reach this worker.
    #[arg(long, value_enum, env = "AISPEND_MODE", default_value_t = Mode::Pull)]
    pub mode: Mode,
    /// Settings file [default: aispend.toml, where there is one].
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// The port of /healthz, /readyz and pushed messages.
    #[arg(long)]
    pub port: Option<u16>,
    /// How log lines look.
    #[arg(long, value_enum, default_value_t = Logs::Json)]
    pub log_format: Logs,
    /// Say what happens, message by message.
    #[arg(long, short)]
    pub verbose: bool,
}

/// Settings that every worker reads.
pub const SETTINGS_OF_ALL: &[&str] = &["google.", "worker.", "telemetry."];

/// The command line of a worker. `settings`: names, or beginnings of names, of the settings that its stage reads.
pub fn command(stage: &'static str, settings: &[&str]) -> Command {
    Arguments::command().name(stage).after_help(settings_help(&with_those_of_all(settings)))
}

/// What `--help` of a worker says.
pub fn help(stage: &'static str, settings: &[&str]) -> String {
    command(stage, settings).render_long_help().to_string()
}

/// The settings of a stage, and those of every worker.
pub fn with_those_of_all<'a>(settings: &[&'a str]) -> Vec<&'a str> {
    settings.iter().chain(SETTINGS_OF_ALL).copied().collect()
}

/// What `--help` says below the flags: each setting whose name begins with one of these.
fn settings_help(prefixes: &[&str]) -> String {
    let mut text =
        "Settings, from the environment or aispend.toml (any text may be secret://NAME of Secret Manager):\n"
            .to_owned();
    for declared in
        DECLARED.iter().filter(|declared| prefixes.iter().any(|prefix| declared.name.starts_with(prefix)))
    {
        let default = match declared.default {
            "" => String::new(),
            default => format!(" [default: {default}]"),
        };
        // Writing to a String cannot fail.
        writeln!(text, "  {:<50} {}{default}", declared.variable, declared.sentence).unwrap_or_default();
    }
    text.push_str("\nSIGTERM: takes no more messages, finishes what it has, and ends. Exit codes: 0 ended in order; 1 the world is in the way; 2 wrong usage or settings.");
    text
}
