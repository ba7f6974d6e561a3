//! Logging (text for people, JSON for machines, always to standard error), and what each stage costs.

mod cpu;

pub use cpu::{Meter, blocking};

use tracing_subscriber::EnvFilter;

/// How log lines look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For a person.
    #[default]
    Text,
    /// For a machine.
    Json,
}

/// Starts logging. `RUST_LOG` chooses what; otherwise `default_level` of our own crates and warnings of the others.
pub fn start(format: LogFormat, default_level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        EnvFilter::new(format!(
            "warn,aispend_fetcher={default_level},aispend_normalizer={default_level},aispend_validator={default_level},\
             aispend_loader={default_level},aispend_alerter={default_level},aispend_stage={default_level},\
             aispend_http={default_level},aispend_duckdb={default_level},aispend_local={default_level}"
        ))
    });
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process keeps the first: tests do that.
    drop(match format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    });
}
