//! What can go wrong while reading, and what becomes of the slice.

use aispend_model::Money;
use aispend_ports::ArchiveError;
use aispend_sources::SourceError;
use aispend_stage::{Classify, Disposition, MessageError};

/// Why a slice was not normalized.
#[derive(Debug, thiserror::Error)]
pub enum NormalizeError {
    /// The message itself.
    #[error("the message cannot be read")]
    Message(#[from] MessageError),
    /// A document is missing, damaged, or the archive does not answer.
    #[error("a document of the slice cannot be had")]
    Archive(#[from] ArchiveError),
    /// A document says something that cannot be read exactly.
    #[error("the slice cannot be read exactly")]
    Source(#[from] SourceError),
    /// Rows and documents disagree about the money.
    #[error("the documents state {stated} USD, the rows hold {rows} USD")]
    NotConserved {
        /// Line by line, at the door.
        stated: Money,
        /// As rows.
        rows: Money,
    },
}

impl Classify for NormalizeError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Message(_) => Disposition::Park { reason: "unreadable" },
            Self::Archive(ArchiveError::Unavailable { .. }) => Disposition::Retry { after: None },
            Self::Archive(ArchiveError::Missing { .. } | ArchiveError::Damaged { .. }) => {
                Disposition::Park { reason: "document_lost" }
            }
            Self::Source(SourceError::Unreadable { .. } | SourceError::Sheet { .. }) => {
                Disposition::Park { reason: "unreadable" }
            }
            Self::Source(SourceError::Inexact { .. }) => Disposition::Park { reason: "inexact" },
            Self::NotConserved { .. } => Disposition::Park { reason: "conservation" },
        }
    }
}
