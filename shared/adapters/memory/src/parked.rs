//! Parked messages as files: one JSON page a person can read, with the message's bytes inside.

use std::fs;
use std::io;
use std::path::PathBuf;

use aispend_ports::{Parked, ParkedError, ParkedStore, Topic};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

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

#[derive(Serialize, Deserialize)]
struct Page {
    id: String,
    stage: String,
    topic: String,
    reason: String,
    detail: String,
    slice_key: String,
    run_id: String,
    attempts: u32,
    parked_at: jiff::Timestamp,
    attributes: Vec<(String, String)>,
    message_base64: String,
    fetched_base64: Option<String>,
}

fn unavailable(error: impl std::fmt::Display) -> ParkedError {
    ParkedError::Unavailable(error.to_string())
}

fn read_page(bytes: &[u8]) -> Result<Parked, ParkedError> {
    let page: Page = serde_json::from_slice(bytes).map_err(unavailable)?;
    let topic = Topic::ALL
        .into_iter()
        .find(|topic| topic.as_str() == page.topic)
        .ok_or_else(|| unavailable(format!("no topic `{}`", page.topic)))?;
    let decode = |text: &str| STANDARD.decode(text).map(Bytes::from).map_err(unavailable);
    Ok(Parked {
        id: page.id,
        stage: page.stage,
        topic,
        reason: page.reason,
        detail: page.detail,
        slice_key: page.slice_key,
        run_id: page.run_id,
        attempts: page.attempts,
        parked_at: page.parked_at,
        attributes: page.attributes,
        message: decode(&page.message_base64)?,
        fetched: page.fetched_base64.as_deref().map(decode).transpose()?,
    })
}

#[async_trait]
impl ParkedStore for FolderParked {
    async fn park(&self, message: Parked) -> Result<(), ParkedError> {
        let path = self.folder.join(format!("{}.json", message.id));
        if path.exists() {
            return Ok(());
        }
        let page = Page {
            id: message.id,
            stage: message.stage,
            topic: message.topic.as_str().to_owned(),
            reason: message.reason,
            detail: message.detail,
            slice_key: message.slice_key,
            run_id: message.run_id,
            attempts: message.attempts,
            parked_at: message.parked_at,
            attributes: message.attributes,
            message_base64: STANDARD.encode(&message.message),
            fetched_base64: message.fetched.map(|fetched| STANDARD.encode(fetched)),
        };
        let body = serde_json::to_vec_pretty(&page).map_err(unavailable)?;
        write_whole(&path, &body, true).map_err(unavailable)
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
            if path.extension().is_some_and(|extension| extension == "json") {
                all.push(read_page(&fs::read(path).map_err(unavailable)?)?);
            }
        }
        all.sort_by(|left, right| (left.parked_at, &left.id).cmp(&(right.parked_at, &right.id)));
        Ok(all)
    }

    async fn remove(&self, id: &str) -> Result<(), ParkedError> {
        let is_plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_plain {
            return Err(ParkedError::Missing(id.to_owned()));
        }
        fs::remove_file(self.folder.join(format!("{id}.json"))).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ParkedError::Missing(id.to_owned()),
            _ => unavailable(error),
        })
    }
}
