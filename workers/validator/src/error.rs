//! Why a slice was not judged, and what becomes of it.

use aispend_model::Money;
use aispend_ports::{ArchiveError, FrameError};
use aispend_stage::{Classify, Disposition, MessageError};

/// Why a slice was not validated.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    /// The message itself.
    #[error("the message cannot be read")]
    Message(#[from] MessageError),
    /// The batch is missing, damaged, or the archive does not answer.
    #[error("the rows of the slice cannot be had")]
    Archive(#[from] ArchiveError),
    /// The rows are not what the normalizer writes.
    #[error("the rows of the slice cannot be read")]
    Frames(#[from] FrameError),
    /// Read is not accepted plus rejected.
    #[error("`{slice_key}`: the rows do not match the totals the normalizer stated")]
    Account {
        /// Which slice.
        slice_key: String,
    },
    /// Too much of it was rejected to replace what is there.
    #[error("`{slice_key}`: {rejected} of {rows} rows were rejected, more than {limit_percent} %")]
    TooManyRejected {
        /// Which slice.
        slice_key: String,
        /// Rows rejected.
        rejected: u64,
        /// Rows in all.
        rows: u64,
        /// The limit.
        limit_percent: u64,
    },
    /// The money by key is not the money of the API.
    #[error("`{slice_key}`: {whole} USD of the Claude API, {by_key} USD by key")]
    KeyMoney {
        /// Which slice.
        slice_key: String,
        /// `claude_expenses` where the platform is `claude_api`.
        whole: Money,
        /// `api_usage_expenses`.
        by_key: Money,
    },
    /// Money a hundred times what it should be, or a hundredth: cents and dollars were mistaken.
    #[error(
        "`{slice_key}`: the amounts come to {stated} USD, {against} to {expected} USD{left_out}: look at the vendor's own \
         page; if the amounts are right, raise AISPEND_MAGNITUDE_FACTOR and replay"
    )]
    Magnitude {
        /// Which slice.
        slice_key: String,
        /// As the vendor's amounts say.
        stated: Money,
        /// As its tokens say.
        expected: Money,
        /// What `expected` is.
        against: &'static str,
        /// Models that count on neither side.
        left_out: String,
    },
    /// Money with a day in doubt.
    #[error("`{slice_key}`: {detail}")]
    OutsideDay {
        /// Which slice.
        slice_key: String,
        /// Which rows.
        detail: String,
    },
}

impl Classify for ValidateError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Message(_) | Self::Frames(_) => Disposition::Park { reason: "unreadable" },
            Self::Archive(ArchiveError::Unavailable { .. }) => Disposition::Retry { after: None },
            Self::Archive(ArchiveError::Missing { .. } | ArchiveError::Damaged { .. }) => {
                Disposition::Park { reason: "document_lost" }
            }
            Self::Account { .. } | Self::KeyMoney { .. } => Disposition::Park { reason: "conservation" },
            Self::Magnitude { .. } => Disposition::Park { reason: "magnitude" },
            Self::TooManyRejected { .. } | Self::OutsideDay { .. } => {
                Disposition::Park { reason: "rejected" }
            }
        }
    }
}
