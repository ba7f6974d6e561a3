//! A parked message as one JSON page that a person can read, with the message's bytes inside.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{Parked, Topic};

/// Why a page cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// It is not the JSON we write.
    #[error("no page of a parked message")]
    Json(#[from] serde_json::Error),
    /// Its bytes are damaged.
    #[error("the message's bytes are no base64")]
    Base64(#[from] base64::DecodeError),
    /// It comes from a newer build, or was changed by hand.
    #[error("there is no topic `{0}`")]
    Topic(String),
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

impl Parked {
    /// The page, indented.
    pub fn to_page(self) -> Result<Vec<u8>, PageError> {
        let page = Page {
            id: self.id,
            stage: self.stage,
            topic: self.topic.as_str().to_owned(),
            reason: self.reason,
            detail: self.detail,
            slice_key: self.slice_key,
            run_id: self.run_id,
            attempts: self.attempts,
            parked_at: self.parked_at,
            attributes: self.attributes,
            message_base64: STANDARD.encode(&self.message),
            fetched_base64: self.fetched.map(|fetched| STANDARD.encode(fetched)),
        };
        Ok(serde_json::to_vec_pretty(&page)?)
    }

    /// Reads a page.
    pub fn from_page(bytes: &[u8]) -> Result<Self, PageError> {
        let page: Page = serde_json::from_slice(bytes)?;
        let topic = Topic::ALL
            .into_iter()
            .find(|topic| topic.as_str() == page.topic)
            .ok_or(PageError::Topic(page.topic))?;
        let decode = |text: &str| STANDARD.decode(text).map(Bytes::from);
        Ok(Self {
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

    /// True where an id can be one of ours; others are not looked up.
    pub fn is_id(id: &str) -> bool {
        !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }
}
