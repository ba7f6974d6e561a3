//! The archive: vendor responses by their hash, compressed, and other objects by their names.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aispend_google::Google;
use aispend_ports::{Archive, ArchiveError, Version};
use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::bucket::{Bucket, Fault};
use crate::{CloudParked, StorageError, StorageOptions};

/// So many documents are remembered as stored, for so long: a month's second reading of the same pages sends none again.
const MOST_KNOWN: usize = 10_000;
const KNOWN_FOR: Duration = Duration::from_hours(1);

/// An archive in a bucket. Clones share what they know.
#[derive(Clone)]
pub struct CloudArchive {
    bucket: Bucket,
    known: Arc<Mutex<Known>>,
}

/// Documents that are there.
struct Known {
    since: Instant,
    hashes: HashSet<String>,
}

impl CloudArchive {
    /// Makes the clients; asks nothing yet.
    ///
    /// # Errors
    /// When there are no credentials.
    pub async fn connect(google: &Google, options: StorageOptions) -> Result<Self, StorageError> {
        let bucket = Bucket::connect(google, options).await?;
        let known = Known { since: Instant::now(), hashes: HashSet::new() };
        Ok(Self { bucket, known: Arc::new(Mutex::new(known)) })
    }

    /// The parked messages of the same bucket.
    pub fn parked(&self) -> CloudParked {
        CloudParked::new(self.bucket.clone())
    }

    /// Whether the bucket can be reached and read.
    ///
    /// # Errors
    /// What is wrong with it, and what to do.
    pub async fn check(&self) -> Result<(), StorageError> {
        self.bucket.check().await
    }

    /// Makes the bucket in that location (`US`), closed to the public; one of ours that is there stays as it is.
    ///
    /// # Errors
    /// When the name is somebody else's, or there is no permission.
    pub async fn create_bucket(&self, location: &str) -> Result<(), StorageError> {
        self.bucket.create(location).await
    }

    fn is_known(&self, sha256: &str) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.since.elapsed() < KNOWN_FOR && known.hashes.contains(sha256)
    }

    fn learn(&self, sha256: &str) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.since.elapsed() >= KNOWN_FOR || known.hashes.len() >= MOST_KNOWN {
            *known = Known { since: Instant::now(), hashes: HashSet::new() };
        }
        known.hashes.insert(sha256.to_owned());
    }
}

fn failed(name: &str) -> impl FnOnce(Fault) -> ArchiveError {
    let name = name.to_owned();
    move |fault| match fault {
        Fault::Missing => ArchiveError::Missing { name },
        Fault::Damaged(detail) => ArchiveError::Damaged { name, detail },
        Fault::Unavailable(detail) => ArchiveError::Unavailable { name, detail },
        Fault::Changed => ArchiveError::Unavailable { name, detail: "it changed meanwhile".to_owned() },
    }
}

/// Names come from messages: the same rule as for a folder, so that each object could lie in one.
fn checked(name: &str) -> Result<&str, ArchiveError> {
    let is_plain = name.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && !name.contains(|letter: char| letter.is_control());
    if is_plain { Ok(name) } else { Err(ArchiveError::Missing { name: name.to_owned() }) }
}

fn document_name(sha256: &str) -> String {
    let prefix: String = sha256.chars().take(2).collect();
    format!("raw/{prefix}/{sha256}.zst")
}

#[async_trait]
impl Archive for CloudArchive {
    async fn put_document(&self, body: &[u8]) -> Result<String, ArchiveError> {
        let sha256 = format!("{:x}", Sha256::digest(body));
        if self.is_known(&sha256) {
            return Ok(sha256);
        }
        let compressed = aispend_ports::compress(body, 1)
            .map_err(|error| failed(&sha256)(Fault::Unavailable(error.to_string())))?;
        match self.bucket.write(&document_name(&sha256), compressed.into(), Some(0)).await {
            Ok(_) | Err(Fault::Changed) => self.learn(&sha256),
            Err(fault) => return Err(failed(&sha256)(fault)),
        }
        Ok(sha256)
    }

    async fn document(&self, sha256: &str) -> Result<Bytes, ArchiveError> {
        let is_hash = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hash {
            return Err(ArchiveError::Missing { name: sha256.to_owned() });
        }
        let (compressed, _) = self.bucket.read(&document_name(sha256)).await.map_err(failed(sha256))?;
        let damaged = |detail: String| ArchiveError::Damaged { name: sha256.to_owned(), detail };
        let body = aispend_ports::decode(&compressed).map_err(|error| damaged(error.to_string()))?;
        let found = format!("{:x}", Sha256::digest(&body));
        if found == sha256 { Ok(Bytes::from(body)) } else { Err(damaged(format!("its hash is {found}"))) }
    }

    async fn put(&self, name: &str, body: Bytes) -> Result<(), ArchiveError> {
        self.bucket.write(checked(name)?, body, None).await.map(drop).map_err(failed(name))
    }

    async fn create(&self, name: &str, body: Bytes) -> Result<bool, ArchiveError> {
        Ok(self.replace(name, body, None).await?.is_some())
    }

    async fn get_versioned(&self, name: &str) -> Result<Option<(Bytes, Version)>, ArchiveError> {
        match self.bucket.read(checked(name)?).await {
            Ok((body, generation)) => Ok(Some((body, Version(generation)))),
            Err(Fault::Missing) => Ok(None),
            Err(fault) => Err(failed(name)(fault)),
        }
    }

    /// Where an answer was lost and the call repeated, `None` may stand for our own write: looking again shows it.
    async fn replace(
        &self,
        name: &str,
        body: Bytes,
        seen: Option<Version>,
    ) -> Result<Option<Version>, ArchiveError> {
        let generation = seen.map_or(0, |seen| seen.0);
        match self.bucket.write(checked(name)?, body, Some(generation)).await {
            Ok(generation) => Ok(Some(Version(generation))),
            Err(Fault::Changed) => Ok(None),
            Err(fault) => Err(failed(name)(fault)),
        }
    }

    async fn get(&self, name: &str) -> Result<Bytes, ArchiveError> {
        self.bucket.read(checked(name)?).await.map(|(body, _)| body).map_err(failed(name))
    }

    async fn remove(&self, name: &str) -> Result<(), ArchiveError> {
        match self.bucket.remove(checked(name)?).await {
            Ok(()) | Err(Fault::Missing) => Ok(()),
            Err(fault) => Err(failed(name)(fault)),
        }
    }
}
