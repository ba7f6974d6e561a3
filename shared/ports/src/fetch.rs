//! The vendors.

use std::time::Duration;

use aispend_model::{Request, Response, Vendor};
use async_trait::async_trait;

/// Why a vendor gave no answer at all. The world's fault, every time.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchError {
    /// This request's retries are used up.
    #[error("{vendor} gave no answer: {detail}")]
    Unavailable {
        /// Whom we asked.
        vendor: Vendor,
        /// The last thing that went wrong.
        detail: String,
        /// When the vendor asked us to come back.
        retry_after: Option<Duration>,
    },
    /// The vendor answers nobody: its circuit is open, this request was not sent.
    #[error("{vendor} gave no answer: {detail}")]
    Down {
        /// Whom we would ask.
        vendor: Vendor,
        /// What is wrong.
        detail: String,
        /// When it may be asked again.
        retry_after: Duration,
    },
    /// The organisation has no key or address configured.
    #[error("{vendor} organisation `{org_id}` has no key configured")]
    NotConfigured {
        /// Whom we would ask.
        vendor: Vendor,
        /// For whom.
        org_id: String,
    },
    /// Our own credentials did not get a token.
    #[error("{vendor} refused the credentials: {detail}")]
    Credentials {
        /// Whom we asked.
        vendor: Vendor,
        /// What it said.
        detail: String,
    },
}

impl FetchError {
    /// True where only the vendor is in the way, and time may help.
    pub const fn is_outage(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::Down { .. } => true,
            Self::NotConfigured { .. } | Self::Credentials { .. } => false,
        }
    }
}

/// Asks vendors. Rate limits, retries and the circuit breaker are inside.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// Sends one request until there is a settled answer: a success, or a refusal that asking again cannot change.
    async fn send(&self, request: &Request) -> Result<Response, FetchError>;
}
