//! Parked messages as files: one JSON page a person can read, with the message's bytes inside.

use std::fs;
use std::io;
use std::path::PathBuf;

use aispend_ports::{Parked, ParkedError, ParkedStore};
use async_trait::async_trait;

use crate::files::write_whole;

/// Parked messages in a folder.
#[derive(Debug, Clone)]
pub struct FolderParked {
    folder: PathBuf,
}

impl FolderParked {
    /// In that folder, which is made when something is parked.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }
}

fn unavailable(error: impl std::fmt::Display) -> ParkedError {
    ParkedError::Unavailable(error.to_string())
}

#[async_trait]
impl ParkedStore for FolderParked {
    async fn park(&self, message: Parked) -> Result<(), ParkedError> {
        let path = self.folder.join(format!("{}.json", message.id));
        if path.exists() {
            return Ok(());
        }
        write_whole(&path, &message.to_page().map_err(unavailable)?, true).map_err(unavailable)
    }

    async fn list(&self) -> Result<Vec<Parked>, ParkedError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unavailable(error)),
        };
        let mut all = Vec::new();
        for entry in entries {
            let path = entry.map_err(unavailable)?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            match Parked::from_page(&fs::read(&path).map_err(unavailable)?) {
                Ok(parked) => all.push(parked),
                // The others can still be replayed.
                Err(error) => {
                    tracing::error!(path = %path.display(), %error, "parked message cannot be read");
                }
            }
        }
        all.sort_by(|left, right| (left.parked_at, &left.id).cmp(&(right.parked_at, &right.id)));
        Ok(all)
    }

    async fn remove(&self, id: &str) -> Result<(), ParkedError> {
        if !Parked::is_id(id) {
            return Err(ParkedError::Missing(id.to_owned()));
        }
        fs::remove_file(self.folder.join(format!("{id}.json"))).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ParkedError::Missing(id.to_owned()),
            _ => unavailable(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_damaged_page_hides_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderParked::new(folder.path());
        fs::write(folder.path().join("a1.json"), "{").unwrap();
        let message = Parked {
            id: "a2".to_owned(),
            stage: "loader".to_owned(),
            topic: aispend_ports::Topic::ValidBatches,
            reason: "rejected".to_owned(),
            detail: String::new(),
            slice_key: String::new(),
            run_id: String::new(),
            attempts: 1,
            parked_at: jiff::Timestamp::UNIX_EPOCH,
            attributes: Vec::new(),
            message: bytes::Bytes::from_static(b"bytes"),
            fetched: None,
        };
        store.park(message.clone()).await.unwrap();
        assert_eq!(store.list().await.unwrap(), [message]);
        store.remove("a1").await.unwrap();
    }
}
