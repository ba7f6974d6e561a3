//! Why a fetch request was not carried out, and what becomes of it.

use std::time::Duration;

use aispend_ports::{ArchiveError, FetchError, WarehouseError};
use aispend_stage::{Classify, Disposition, MessageError};

/// Why a request came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum FetchSliceError {
    /// The message itself.
    #[error("the message cannot be read")]
    Message(#[from] MessageError),
    /// The vendor gave no answer.
    #[error("the vendor could not be asked")]
    Fetch(#[from] FetchError),
    /// The answer could not be archived, or an archived one not read.
    #[error("the archive is in the way")]
    Archive(#[from] ArchiveError),
    /// The ledger could not be read.
    #[error("the ledger cannot be read")]
    Ledger(#[from] WarehouseError),
    /// The vendor's answers stayed unreadable or kept moving, try after try.
    #[error("{0}")]
    Unsettled(String),
    /// The vendor was asked in all the time of an attempt, and said nothing that could be used.
    #[error("the vendor gave no answer in all the time of an attempt")]
    Unanswered,
    /// This attempt ends here; the next delivery goes on.
    #[error("{why}; the next delivery goes on")]
    NotNow {
        /// What ended it.
        why: &'static str,
        /// Not before.
        after: Duration,
    },
    /// What an earlier attempt got is of no use any more. Never leaves the fetcher.
    #[error("an earlier attempt cannot be continued: {0}")]
    Abandoned(String),
    /// A plan that another fetcher wrote cannot be read.
    #[error("the stored plan `{0}` cannot be read")]
    Plan(String),
}

/// Another attempt is left alone for so long.
const OTHERS_TURN: Duration = Duration::from_secs(30);

impl FetchSliceError {
    /// Time is up.
    pub const fn time_is_up() -> Self {
        Self::NotNow { why: "this attempt has worked long enough", after: Duration::ZERO }
    }

    /// The vendor's slots were taken all the time.
    pub const fn no_slot() -> Self {
        Self::NotNow { why: "the vendor's other slices had the slots", after: Duration::ZERO }
    }

    /// Another attempt at the same slice is ahead of this one.
    pub const fn overtaken() -> Self {
        Self::NotNow { why: "another attempt is at this slice", after: OTHERS_TURN }
    }

    /// True where only the vendor is in the way: the slice can be reported as failed, and is due again.
    pub const fn is_vendors(&self) -> bool {
        matches!(self, Self::Fetch(_) | Self::Unsettled(_) | Self::Unanswered)
    }

    /// True where another try, minutes later, may find the vendor better: it is not known to be down, refuses nothing and
    /// does not ask for hours.
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Fetch(FetchError::Unavailable { retry_after: Some(after), .. }) => after.as_secs() <= 300,
            Self::Fetch(FetchError::Unavailable { retry_after: None, .. })
            | Self::Unsettled(_)
            | Self::Unanswered => true,
            Self::Fetch(
                FetchError::Down { .. } | FetchError::NotConfigured { .. } | FetchError::Credentials { .. },
            )
            | Self::Message(_)
            | Self::Archive(_)
            | Self::Ledger(_)
            | Self::NotNow { .. }
            | Self::Abandoned(_)
            | Self::Plan(_) => false,
        }
    }
}

impl Classify for FetchSliceError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Message(_) => Disposition::Park { reason: "unreadable" },
            Self::Fetch(FetchError::Unavailable { retry_after, .. }) => {
                Disposition::Retry { after: *retry_after }
            }
            Self::Fetch(FetchError::Down { retry_after, .. }) => {
                Disposition::Retry { after: Some(*retry_after) }
            }
            Self::Fetch(FetchError::NotConfigured { .. } | FetchError::Credentials { .. })
            | Self::Unsettled(_)
            | Self::Unanswered
            | Self::Ledger(_)
            | Self::Archive(ArchiveError::Unavailable { .. }) => Disposition::Retry { after: None },
            Self::Archive(ArchiveError::Missing { .. } | ArchiveError::Damaged { .. }) => {
                Disposition::Park { reason: "document_lost" }
            }
            Self::NotNow { after, .. } => Disposition::Retry { after: Some(*after) },
            Self::Plan(_) | Self::Abandoned(_) => Disposition::Bug,
        }
    }
}
