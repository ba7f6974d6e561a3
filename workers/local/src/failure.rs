//! What ends a command early, and the exit code it ends with.

use std::process::ExitCode;

use aispend_bigquery::BigQueryError;
use aispend_duckdb::DuckDbError;
use aispend_worker::StartError;

/// Something failed, was parked or rejected.
pub const INCOMPLETE: u8 = 1;
/// Wrong usage or settings.
pub const USAGE: u8 = 2;

/// A message for a person, and an exit code.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// What is said of it.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Wrong usage or settings.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: USAGE }
    }

    /// The world is in the way.
    pub fn world(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: INCOMPLETE }
    }

    /// The same, as what the person asked for.
    #[must_use]
    pub fn into_usage(self) -> Self {
        Self { code: USAGE, ..self }
    }

    /// Says it on standard error.
    pub fn report(&self) -> ExitCode {
        eprintln!("{}", self.message);
        ExitCode::from(self.code)
    }
}

impl From<DuckDbError> for Failure {
    fn from(error: DuckDbError) -> Self {
        let code = match &error {
            DuckDbError::OtherKind { .. }
            | DuckDbError::NewerSchema { .. }
            | DuckDbError::Missing { .. }
            | DuckDbError::NotMigrated(_) => USAGE,
            DuckDbError::File { .. } | DuckDbError::Engine { .. } | DuckDbError::Ledger { .. } => INCOMPLETE,
        };
        Self { message: aispend_stage::error_chain(&error), code }
    }
}

impl From<BigQueryError> for Failure {
    fn from(error: BigQueryError) -> Self {
        Self::world(aispend_stage::error_chain(&error))
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let code = if error.is_usage() { USAGE } else { INCOMPLETE };
        Self { message: error.to_string(), code }
    }
}

/// Errors of the machine itself: files, sockets, threads.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::world(format!("{error:#}"))
    }
}
