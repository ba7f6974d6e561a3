//! The raw archive: every vendor response as received, and large batches on their way.

use async_trait::async_trait;
use bytes::Bytes;

/// Why an object could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The store did not answer.
    #[error("the archive did not take the call for `{name}`: {detail}")]
    Unavailable {
        /// Which object.
        name: String,
        /// What went wrong.
        detail: String,
    },
    /// The object is not there.
    #[error("the archive has no object `{name}`")]
    Missing {
        /// Which object.
        name: String,
    },
    /// The object is there, and is not what its name says.
    #[error("the archived object `{name}` is damaged: {detail}")]
    Damaged {
        /// Which object.
        name: String,
        /// How we know.
        detail: String,
    },
}

/// Which state of an object somebody has seen: a number of the store's own, compared and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(pub i64);

/// A store of named objects. Names hold no e-mail address.
#[async_trait]
pub trait Archive: Send + Sync {
    /// Stores a vendor response under its SHA-256 (hex), which is returned. Twice is the same as once.
    async fn put_document(&self, body: &[u8]) -> Result<String, ArchiveError>;
    /// Reads a vendor response and checks it against its hash.
    async fn document(&self, sha256: &str) -> Result<Bytes, ArchiveError>;
    /// Stores an object, over an older one of that name.
    async fn put(&self, name: &str, body: Bytes) -> Result<(), ArchiveError>;
    /// Stores an object unless there is one: true when it was ours. The others read what is there.
    async fn create(&self, name: &str, body: Bytes) -> Result<bool, ArchiveError>;
    /// Reads an object and which state of it that is; `None` where there is none.
    async fn get_versioned(&self, name: &str) -> Result<Option<(Bytes, Version)>, ArchiveError>;
    /// Stores an object unless somebody changed it since `seen` (`None`: since it was not there). The state it has now, or
    /// `None` where somebody was faster.
    async fn replace(
        &self,
        name: &str,
        body: Bytes,
        seen: Option<Version>,
    ) -> Result<Option<Version>, ArchiveError>;
    /// Reads an object.
    async fn get(&self, name: &str) -> Result<Bytes, ArchiveError>;
    /// Removes an object; one that is not there is no error.
    async fn remove(&self, name: &str) -> Result<(), ArchiveError>;
    /// Makes everything stored so far survive a loss of power. A stage calls it before it settles.
    async fn persist(&self) -> Result<(), ArchiveError> {
        Ok(())
    }
}
