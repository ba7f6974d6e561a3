//! The archive and the parked messages in one Cloud Storage bucket, under the same names as in the folder of one machine:
//! `raw/<first two>/<sha256>.zst`, `parked/<id>.json`, other objects under their own.
//!
//! A write is durable when it returns. Nothing here lists the archive: what was stored is known by its name.

mod archive;
mod bucket;
mod parked;

use std::time::Duration;

use aispend_google::GoogleError;

pub use archive::CloudArchive;
pub use parked::CloudParked;

/// Which bucket, and how patiently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageOptions {
    /// Its name, without `gs://`.
    pub bucket: String,
    /// One try may take so long, and a second more for each MiB it sends.
    pub attempt: Duration,
    /// All tries of a call.
    pub total: Duration,
    /// Bodies of so many bytes are sent in parts that can be resumed; `None`: never. Never with an emulator, which hangs
    /// on them.
    pub resumable_from: Option<usize>,
    /// Names in one page of a listing.
    pub page_size: u32,
}

impl StorageOptions {
    /// That bucket; 30 s a try, 90 s in all, parts from 16 MiB on.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            attempt: Duration::from_secs(30),
            total: Duration::from_secs(90),
            resumable_from: Some(16 << 20),
            page_size: 1_000,
        }
    }
}

/// Why a bucket cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// No credentials, or an unusable setting.
    #[error(transparent)]
    Google(#[from] GoogleError),
    /// The client cannot be made.
    #[error("the Cloud Storage client cannot be made: {0}")]
    Client(String),
    /// It is not there, somebody else's, or out of reach.
    #[error("the bucket `{bucket}` cannot be used: {detail}")]
    Bucket {
        /// Which one.
        bucket: String,
        /// What is wrong, and what to do.
        detail: String,
    },
}
