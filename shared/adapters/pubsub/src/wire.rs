//! A message as Pub/Sub writes it in JSON: in the body of a push, and in the answer to a pull.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;

/// Why a message in JSON is none.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Not JSON, or not that shape.
    #[error("the body is not a Pub/Sub message")]
    Json(#[from] serde_json::Error),
    /// The data is not base64.
    #[error("the data of message `{message_id}` is not base64")]
    Data {
        /// Which message.
        message_id: String,
        /// Where.
        #[source]
        source: base64::DecodeError,
    },
}

/// `PubsubMessage`. Pub/Sub writes some names twice, in both spellings; this is the documented one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireMessage {
    #[serde(default)]
    data: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    message_id: String,
    publish_time: Timestamp,
}

/// The message, read.
pub(crate) struct ReadMessage {
    pub(crate) message_id: String,
    pub(crate) data: Bytes,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) published_at: Timestamp,
}

impl WireMessage {
    pub(crate) fn read(self) -> Result<ReadMessage, WireError> {
        match STANDARD.decode(&self.data) {
            Ok(data) => Ok(ReadMessage {
                message_id: self.message_id,
                data: Bytes::from(data),
                attributes: self.attributes.into_iter().collect(),
                published_at: self.publish_time,
            }),
            Err(source) => Err(WireError::Data { message_id: self.message_id, source }),
        }
    }
}
