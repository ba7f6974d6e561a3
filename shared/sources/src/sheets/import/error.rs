//! Why a file cannot be imported at all.

/// A file that is no sheet. Each says where, what is wrong and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// No text of rows and cells.
    #[error("{place}: {reason}\n  → {remedy}")]
    File {
        /// File, line, byte.
        place: String,
        /// What is wrong.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// Its first row does not name what the sheet needs.
    #[error("{place}: {reason}\n  → {remedy}")]
    Header {
        /// File and row.
        place: String,
        /// What is wrong.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// A vendor's export that this sheet has no place for, or whose days are not known.
    #[error("{place}: {reason}\n  → {remedy}")]
    Export {
        /// File.
        place: String,
        /// What is wrong.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// The sheet that is there cannot be merged with.
    #[error("{place}: {reason}\n  → {remedy}")]
    Sheet {
        /// Sheet and row.
        place: String,
        /// What is wrong.
        reason: String,
        /// What to do.
        remedy: String,
    },
}

impl ImportError {
    pub(super) fn file(
        place: impl Into<String>,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::File { place: place.into(), reason: reason.into(), remedy: remedy.into() }
    }

    /// The same of the sheet that is there already, and not of the file that comes.
    pub(super) fn of_sheet(self) -> Self {
        match self {
            Self::File { place, reason, remedy }
            | Self::Header { place, reason, remedy }
            | Self::Export { place, reason, remedy }
            | Self::Sheet { place, reason, remedy } => Self::Sheet { place, reason, remedy },
        }
    }
}
