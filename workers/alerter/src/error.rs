//! Why an event was not taken in, and what becomes of it.

use aispend_ports::WarehouseError;
use aispend_stage::{Classify, Disposition, MessageError};

/// Why an event was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// The message itself.
    #[error("the event cannot be read")]
    Message(#[from] MessageError),
    /// The `runs` table does not take it.
    #[error("the run was not recorded")]
    Warehouse(#[from] WarehouseError),
}

impl Classify for AlertError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Message(_) => Disposition::Park { reason: "unreadable" },
            Self::Warehouse(_) => Disposition::Retry { after: None },
        }
    }
}
