//! What can go wrong with the file, in words for the person in front of it.

use std::{io, path::PathBuf};

use aispend_ports::WarehouseError;

/// Why the warehouse file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DuckDbError {
    /// The operating system said no.
    #[error("could not {doing} `{}`", path.display())]
    File {
        /// What we were doing.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// DuckDB said no.
    #[error("could not {doing}")]
    Engine {
        /// What we were doing.
        doing: &'static str,
        /// What it said.
        source: duckdb::Error,
    },
    /// A demo meets real data, or the other way round. Wrong usage: exit code 2.
    #[error(
        "`{}` holds {} data, and this command works on {} data: choose another data folder",
        path.display(), kind(*is_simulated), kind(!*is_simulated)
    )]
    OtherKind {
        /// Which warehouse.
        path: PathBuf,
        /// What it holds.
        is_simulated: bool,
    },
    /// A newer build made this file.
    #[error("the warehouse has schema version {found}, this build knows {known}: use a newer aispend")]
    NewerSchema {
        /// In the file.
        found: i64,
        /// In this build.
        known: i64,
    },
    /// There is nothing to read yet.
    #[error("there is no warehouse at `{}` yet: `aispend run` or `aispend demo` makes one", path.display())]
    Missing {
        /// Where it would be.
        path: PathBuf,
    },
    /// The tables are not there, or not as this build needs them.
    #[error("the warehouse is not ready: {0}; `aispend migrate` creates and upgrades it")]
    NotMigrated(String),
    /// What the ledger holds cannot be read.
    #[error("the ledger line of `{slice_key}` cannot be read: {detail}")]
    Ledger {
        /// Whose line.
        slice_key: String,
        /// Why.
        detail: String,
    },
}

const fn kind(is_simulated: bool) -> &'static str {
    if is_simulated { "simulated" } else { "real" }
}

impl DuckDbError {
    pub(crate) fn file(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { doing, path, source }
    }

    pub(crate) fn engine(doing: &'static str) -> impl FnOnce(duckdb::Error) -> Self {
        move |source| Self::Engine { doing, source }
    }

    /// The whole chain on one line.
    pub(crate) fn chain(&self) -> String {
        match self {
            Self::File { source, .. } => format!("{self}: {source}"),
            Self::Engine { source, .. } => format!("{self}: {source}"),
            Self::OtherKind { .. }
            | Self::NewerSchema { .. }
            | Self::Missing { .. }
            | Self::NotMigrated(_)
            | Self::Ledger { .. } => self.to_string(),
        }
    }
}

impl From<DuckDbError> for WarehouseError {
    fn from(error: DuckDbError) -> Self {
        match error {
            DuckDbError::NotMigrated(detail) => Self::NotMigrated(detail),
            DuckDbError::NewerSchema { .. } | DuckDbError::OtherKind { .. } | DuckDbError::Missing { .. } => {
                Self::NotMigrated(error.to_string())
            }
            DuckDbError::File { .. } | DuckDbError::Engine { .. } | DuckDbError::Ledger { .. } => {
                Self::Unavailable(error.chain())
            }
        }
    }
}
