//! The raw archive in a folder: `raw/<first two>/<sha256>.zst`; other objects under their names, in a folder of their own
//! where a person need not see them.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use aispend_ports::{Archive, ArchiveError, Version};
use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::files::{create_whole, hex, write_whole};

/// An archive in a folder of this machine.
#[derive(Clone)]
pub struct FolderArchive {
    root: PathBuf,
    objects: PathBuf,
    /// Where documents are that are not in `root`. Nothing is written there.
    behind: Option<PathBuf>,
    /// Objects in these folders live no longer than the process: they are not made to survive a loss of power.
    scratch: Vec<&'static str>,
    /// Written, not yet made to survive a loss of power.
    unsynced: Arc<Mutex<Vec<PathBuf>>>,
    /// Held from the look at an object to its replacement. Other processes do not write: there is a lock for that.
    replacing: Arc<Mutex<()>>,
}

impl FolderArchive {
    /// In that folder, which is made when something is stored.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            objects: root.clone(),
            root,
            behind: None,
            scratch: Vec::new(),
            unsynced: Arc::default(),
            replacing: Arc::default(),
        }
    }

    /// With everything but vendor responses in another folder.
    #[must_use]
    pub fn with_objects(self, objects: impl Into<PathBuf>) -> Self {
        Self { objects: objects.into(), ..self }
    }

    /// With another archive's vendor responses behind its own: read, never written.
    #[must_use]
    pub fn with_behind(self, root: impl Into<PathBuf>) -> Self {
        Self { behind: Some(root.into()), ..self }
    }

    /// With folders of objects that a new process has no use for.
    #[must_use]
    pub fn with_scratch(self, folders: &[&'static str]) -> Self {
        Self { scratch: folders.to_vec(), ..self }
    }

    fn is_scratch(&self, name: &str) -> bool {
        self.scratch.iter().any(|folder| Path::new(name).starts_with(folder))
    }

    fn document_path(&self, sha256: &str) -> PathBuf {
        document_path(&self.root, sha256)
    }

    fn path(&self, name: &str) -> Result<PathBuf, ArchiveError> {
        let relative = Path::new(name);
        if !name.is_empty() && relative.components().all(|part| matches!(part, Component::Normal(_))) {
            return Ok(self.objects.join(relative));
        }
        Err(ArchiveError::Missing { name: name.to_owned() })
    }

    fn wrote(&self, path: PathBuf) {
        self.unsynced.lock().unwrap_or_else(PoisonError::into_inner).push(path);
    }
}

fn document_path(root: &Path, sha256: &str) -> PathBuf {
    let prefix: String = sha256.chars().take(2).collect();
    root.join("raw").join(prefix).join(format!("{sha256}.zst"))
}

/// The beginning of its hash: the same bytes are the same state.
fn version_of(body: &[u8]) -> Version {
    Version(Sha256::digest(body).iter().take(8).fold(0, |number, byte| (number << 8) | i64::from(*byte)))
}

fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(body) => Ok(Some(body)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn unavailable(name: &str) -> impl Fn(io::Error) -> ArchiveError {
    let name = name.to_owned();
    move |error| match error.kind() {
        io::ErrorKind::NotFound => ArchiveError::Missing { name: name.clone() },
        _ => ArchiveError::Unavailable { name: name.clone(), detail: error.to_string() },
    }
}

#[async_trait]
impl Archive for FolderArchive {
    async fn put_document(&self, body: &[u8]) -> Result<String, ArchiveError> {
        let sha256 = hex(&Sha256::digest(body));
        let path = self.document_path(&sha256);
        if !path.exists() {
            let compressed = aispend_ports::compress(body, 1).map_err(unavailable(&sha256))?;
            write_whole(&path, &compressed, false).map_err(unavailable(&sha256))?;
        }
        // Also one that was there: a process that died may have left it to the operating system's memory.
        self.wrote(path);
        Ok(sha256)
    }

    async fn document(&self, sha256: &str) -> Result<Bytes, ArchiveError> {
        let is_hash = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hash {
            return Err(ArchiveError::Missing { name: sha256.to_owned() });
        }
        let own = read_if_there(&self.document_path(sha256)).map_err(unavailable(sha256))?;
        let compressed = match (own, &self.behind) {
            (Some(own), _) => own,
            (None, Some(behind)) => fs::read(document_path(behind, sha256)).map_err(unavailable(sha256))?,
            (None, None) => return Err(ArchiveError::Missing { name: sha256.to_owned() }),
        };
        let damaged = |detail: String| ArchiveError::Damaged { name: sha256.to_owned(), detail };
        let body = aispend_ports::decode(&compressed).map_err(|error| damaged(error.to_string()))?;
        let found = hex(&Sha256::digest(&body));
        if found == sha256 { Ok(Bytes::from(body)) } else { Err(damaged(format!("its hash is {found}"))) }
    }

    async fn put(&self, name: &str, body: Bytes) -> Result<(), ArchiveError> {
        let path = self.path(name)?;
        write_whole(&path, &body, false).map_err(unavailable(name))?;
        if !self.is_scratch(name) {
            self.wrote(path);
        }
        Ok(())
    }

    async fn create(&self, name: &str, body: Bytes) -> Result<bool, ArchiveError> {
        create_whole(&self.path(name)?, &body).map_err(unavailable(name))
    }

    async fn get_versioned(&self, name: &str) -> Result<Option<(Bytes, Version)>, ArchiveError> {
        let body = read_if_there(&self.path(name)?).map_err(unavailable(name))?;
        Ok(body.map(|body| {
            let version = version_of(&body);
            (Bytes::from(body), version)
        }))
    }

    async fn replace(
        &self,
        name: &str,
        body: Bytes,
        seen: Option<Version>,
    ) -> Result<Option<Version>, ArchiveError> {
        let path = self.path(name)?;
        let replacing = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let there = read_if_there(&path).map_err(unavailable(name))?;
        if there.as_deref().map(version_of) != seen {
            return Ok(None);
        }
        write_whole(&path, &body, false).map_err(unavailable(name))?;
        drop(replacing);
        if !self.is_scratch(name) {
            self.wrote(path);
        }
        Ok(Some(version_of(&body)))
    }

    async fn get(&self, name: &str) -> Result<Bytes, ArchiveError> {
        fs::read(self.path(name)?).map(Bytes::from).map_err(unavailable(name))
    }

    async fn remove(&self, name: &str) -> Result<(), ArchiveError> {
        match fs::remove_file(self.path(name)?) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(unavailable(name)(error)),
        }
    }

    async fn persist(&self) -> Result<(), ArchiveError> {
        let paths = std::mem::take(&mut *self.unsynced.lock().unwrap_or_else(PoisonError::into_inner));
        for (place, path) in paths.iter().enumerate() {
            let synced = match File::open(path) {
                Ok(file) => file.sync_data(),
                // Removed meanwhile: nothing to keep.
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = synced {
                let rest = paths.iter().skip(place).cloned();
                self.unsynced.lock().unwrap_or_else(PoisonError::into_inner).extend(rest);
                return Err(unavailable(&path.display().to_string())(error));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn documents_behind_are_read_and_nothing_is_written_there() {
        let (own, behind) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let there = FolderArchive::new(behind.path());
        let old = there.put_document(b"old").await.unwrap();
        let archive = FolderArchive::new(own.path()).with_behind(behind.path());
        assert_eq!(archive.document(&old).await.unwrap().as_ref(), b"old");
        let new = archive.put_document(b"new").await.unwrap();
        assert_eq!(archive.document(&new).await.unwrap().as_ref(), b"new");
        assert!(matches!(there.document(&new).await, Err(ArchiveError::Missing { .. })));
        let neither = "0".repeat(64);
        assert!(matches!(archive.document(&neither).await, Err(ArchiveError::Missing { .. })));
    }
}
