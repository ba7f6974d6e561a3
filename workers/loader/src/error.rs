//! Why a slice was not loaded, and what becomes of it.

use aispend_ports::{ArchiveError, WarehouseError};
use aispend_stage::{Classify, Disposition, MessageError};

/// Why a slice was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The message itself.
    #[error("the message cannot be read")]
    Message(#[from] MessageError),
    /// The batch is missing, damaged, or the archive does not answer.
    #[error("the rows of the slice cannot be had")]
    Archive(#[from] ArchiveError),
    /// The warehouse did not take it.
    #[error("the slice was not loaded")]
    Warehouse(#[from] WarehouseError),
    /// The clock that observed it cannot be right.
    #[error(
        "`{slice_key}` was observed {ahead_seconds} s ahead of this clock; set the clock that is wrong, then replay"
    )]
    FromTheFuture {
        /// Which slice.
        slice_key: String,
        /// How far ahead.
        ahead_seconds: i64,
    },
    /// The warehouse answered for fewer slices than it was given.
    #[error("the warehouse gave no verdict for this slice")]
    NoVerdict,
}

impl Classify for LoadError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Message(_) => Disposition::Park { reason: "unreadable" },
            Self::Archive(ArchiveError::Unavailable { .. })
            | Self::Warehouse(WarehouseError::Unavailable(_) | WarehouseError::NotMigrated(_)) => {
                Disposition::Retry { after: None }
            }
            Self::Archive(ArchiveError::Missing { .. } | ArchiveError::Damaged { .. }) => {
                Disposition::Park { reason: "document_lost" }
            }
            Self::Warehouse(WarehouseError::Refused { .. }) => Disposition::Park { reason: "conservation" },
            Self::FromTheFuture { .. } => Disposition::Park { reason: "clock" },
            Self::NoVerdict => Disposition::Bug,
        }
    }
}
