//! Why an event was not taken in, and what becomes of it.

use std::time::Duration;

use aispend_ports::{ArchiveError, WarehouseError};
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
    /// What is known of the run cannot be read or kept.
    #[error("the state of the run was not kept")]
    Archive(#[from] ArchiveError),
    /// Other alerters changed the run each time.
    #[error("run `{run_id}`: other alerters were faster every time")]
    Crowded {
        /// Which run.
        run_id: String,
    },
    /// Other alerters, or people, changed an incident each time.
    #[error("`{name}`: others were faster every time")]
    CrowdedIncident {
        /// Which object.
        name: String,
    },
    /// Nobody knows of it.
    #[error("there is no incident `{id}`; `aispend alerts list --all` shows what there is")]
    NoIncident {
        /// As asked.
        id: String,
    },
}

impl Classify for AlertError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Message(_) | Self::NoIncident { .. } => Disposition::Park { reason: "unreadable" },
            Self::Archive(ArchiveError::Damaged { .. }) => Disposition::Park { reason: "damaged" },
            Self::Warehouse(_) | Self::Archive(_) => Disposition::Retry { after: None },
            Self::Crowded { .. } | Self::CrowdedIncident { .. } => {
                Disposition::Retry { after: Some(Duration::from_secs(1)) }
            }
        }
    }
}
