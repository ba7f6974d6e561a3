//! An archive in memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use aispend_ports::{Archive, ArchiveError, Version};
use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// Objects by name, documents by hash.
#[derive(Debug, Default)]
pub struct MemoryArchive {
    objects: Mutex<HashMap<String, Bytes>>,
}

impl MemoryArchive {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Bytes>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// True without an object.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Replaces the bytes of a document, as a failing disk would.
    pub fn damage(&self, sha256: &str, body: &'static [u8]) {
        self.lock().insert(document_name(sha256), Bytes::from_static(body));
    }

    /// Loses a document.
    pub fn lose(&self, sha256: &str) {
        self.lock().remove(&document_name(sha256));
    }
}

fn document_name(sha256: &str) -> String {
    format!("raw/{sha256}")
}

fn version_of(body: &[u8]) -> Version {
    Version(Sha256::digest(body).iter().take(8).fold(0, |number, byte| (number << 8) | i64::from(*byte)))
}

fn hash_of(body: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(*DIGITS.get(usize::from(value)).unwrap_or(&b'?'));
    Sha256::digest(body).iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

#[async_trait]
impl Archive for MemoryArchive {
    async fn put_document(&self, body: &[u8]) -> Result<String, ArchiveError> {
        let sha256 = hash_of(body);
        self.lock().entry(document_name(&sha256)).or_insert_with(|| Bytes::copy_from_slice(body));
        Ok(sha256)
    }

    async fn document(&self, sha256: &str) -> Result<Bytes, ArchiveError> {
        let missing = || ArchiveError::Missing { name: sha256.to_owned() };
        let body = self.lock().get(&document_name(sha256)).cloned().ok_or_else(missing)?;
        if hash_of(&body) == sha256 {
            return Ok(body);
        }
        Err(ArchiveError::Damaged { name: sha256.to_owned(), detail: "its hash is another".to_owned() })
    }

    async fn put(&self, name: &str, body: Bytes) -> Result<(), ArchiveError> {
        if !is_plain(name) {
            return Err(ArchiveError::Missing { name: name.to_owned() });
        }
        self.lock().insert(name.to_owned(), body);
        Ok(())
    }

    async fn create(&self, name: &str, body: Bytes) -> Result<bool, ArchiveError> {
        if !is_plain(name) {
            return Err(ArchiveError::Missing { name: name.to_owned() });
        }
        let mut objects = self.lock();
        let is_ours = !objects.contains_key(name);
        if is_ours {
            objects.insert(name.to_owned(), body);
        }
        Ok(is_ours)
    }

    async fn get_versioned(&self, name: &str) -> Result<Option<(Bytes, Version)>, ArchiveError> {
        Ok(self.lock().get(name).map(|body| (body.clone(), version_of(body))))
    }

    async fn replace(
        &self,
        name: &str,
        body: Bytes,
        seen: Option<Version>,
    ) -> Result<Option<Version>, ArchiveError> {
        if !is_plain(name) {
            return Err(ArchiveError::Missing { name: name.to_owned() });
        }
        let mut objects = self.lock();
        if objects.get(name).map(|body| version_of(body)) != seen {
            return Ok(None);
        }
        let version = version_of(&body);
        objects.insert(name.to_owned(), body);
        Ok(Some(version))
    }

    async fn get(&self, name: &str) -> Result<Bytes, ArchiveError> {
        self.lock().get(name).cloned().ok_or_else(|| ArchiveError::Missing { name: name.to_owned() })
    }

    async fn remove(&self, name: &str) -> Result<(), ArchiveError> {
        self.lock().remove(name);
        Ok(())
    }
}
