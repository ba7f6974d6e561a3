//! Envelopes: read at the edge, written at the edge.

use std::fmt::Write as _;

use aispend_model::{Generation, Order, Slice, SliceError, day_from_number, day_number};
use aispend_ports::{Outgoing, REFERENCED_BYTES, Topic};
use aispend_proto::v1::batch::Place;
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{self, Envelope};
use aispend_proto::{Message as _, SCHEMA_VERSION};
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// Why a message cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// Not an envelope at all.
    #[error("the message is not an envelope")]
    NotAnEnvelope(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Its slice names no feed or day of ours.
    #[error("the message names no slice of ours")]
    Slice(#[from] SliceError),
    /// A field that must be there is not.
    #[error("the message lacks `{0}`")]
    Missing(&'static str),
    /// A value outside its range or list.
    #[error("`{field}` is `{value}`, which is none of ours")]
    Value {
        /// Which field.
        field: &'static str,
        /// What it holds.
        value: String,
    },
}

/// What every message of a run says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// Which run.
    pub run_id: String,
    /// Which slice; `None` for messages about the run.
    pub slice: Option<Slice>,
    /// Which observation; 0 before there is one.
    pub generation: Generation,
    /// Which reading of it.
    pub revision: u32,
    /// W3C trace context.
    pub traceparent: String,
}

impl Header {
    /// The slice, or what is missing.
    pub fn slice(&self) -> Result<&Slice, MessageError> {
        self.slice.as_ref().ok_or(MessageError::Missing("slice"))
    }

    /// The order of a reading by a reader of that version.
    pub const fn order(&self, reader_version: u32) -> Order {
        Order { generation: self.generation, revision: self.revision, reader_version }
    }

    /// The slice's key, or nothing.
    pub fn slice_key(&self) -> String {
        self.slice.as_ref().map(Slice::key).unwrap_or_default()
    }
}

impl TryFrom<&Envelope> for Header {
    type Error = MessageError;

    fn try_from(envelope: &Envelope) -> Result<Self, MessageError> {
        Ok(Self {
            run_id: envelope.run_id.clone(),
            slice: envelope.slice.as_ref().map(slice_from_wire).transpose()?,
            generation: Generation(envelope.generation),
            revision: envelope.revision,
            traceparent: envelope.traceparent.clone(),
        })
    }
}

/// Reads an envelope. The schema version is the caller's to judge.
pub fn read_envelope(data: &Bytes) -> Result<Envelope, MessageError> {
    Envelope::decode(data.clone()).map_err(|error| MessageError::NotAnEnvelope(Box::new(error)))
}

/// A message that follows from another.
#[derive(Debug, Clone)]
pub struct Output {
    /// Where it goes.
    pub topic: Topic,
    /// What it says.
    pub envelope: Envelope,
}

impl Output {
    /// A message about `header`'s slice or run. Its id comes from its content: the same news has the same id.
    pub fn new(topic: Topic, header: &Header, produced_at: jiff::Timestamp, body: Body) -> Self {
        // The id is of the news alone: neither when it was told nor on which attempt is part of it.
        let mut envelope = Envelope {
            message_id: String::new(),
            schema_version: SCHEMA_VERSION,
            run_id: header.run_id.clone(),
            slice: header.slice.as_ref().map(slice_to_wire),
            generation: header.generation.0,
            revision: header.revision,
            traceparent: String::new(),
            produced_at: 0,
            body: Some(body),
        };
        envelope.message_id = content_id(&[topic.as_str().as_bytes(), &envelope.encode_to_vec()]);
        envelope.traceparent.clone_from(&header.traceparent);
        envelope.produced_at = produced_at.as_microsecond();
        Self { topic, envelope }
    }

    /// As the bus takes it.
    pub fn encode(&self) -> Outgoing {
        let mut attributes = vec![("message_id".to_owned(), self.envelope.message_id.clone())];
        if !self.envelope.traceparent.is_empty() {
            attributes.push(("traceparent".to_owned(), self.envelope.traceparent.clone()));
        }
        let referenced = self.envelope.body.as_ref().map_or(0, referenced_bytes);
        if referenced > 0 {
            attributes.push((REFERENCED_BYTES.to_owned(), referenced.to_string()));
        }
        Outgoing { topic: self.topic, data: Bytes::from(self.envelope.encode_to_vec()), attributes }
    }
}

/// Bytes that a message names and does not carry.
fn referenced_bytes(body: &Body) -> u64 {
    let of = |batch: &Option<v1::Batch>| match batch.as_ref().and_then(|batch| batch.place.as_ref()) {
        Some(Place::Object(object)) => object.size_bytes,
        Some(Place::Frames(_)) | None => 0,
    };
    match body {
        Body::SliceFetched(fetched) => fetched.documents.iter().map(|document| document.size_bytes).sum(),
        Body::RecordsNormalized(normalized) => of(&normalized.batch),
        Body::RecordsValidated(validated) => of(&validated.accepted),
        _ => 0,
    }
}

/// 16 bytes of SHA-256 over the parts, hex.
pub fn content_id(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut id = String::with_capacity(32);
    for byte in hash.finalize().iter().take(16) {
        // Writing to a String cannot fail.
        write!(id, "{byte:02x}").unwrap_or_default();
    }
    id
}

pub fn slice_from_wire(slice: &v1::Slice) -> Result<Slice, MessageError> {
    let feed = slice.feed.parse().map_err(SliceError::from)?;
    let day = slice
        .day
        .map(day_from_number)
        .transpose()
        .map_err(|error| MessageError::Value { field: "slice.day", value: error.to_string() })?;
    Ok(Slice { feed, org_id: slice.org_id.clone(), day })
}

/// A slice as messages carry it.
pub fn slice_to_wire(slice: &Slice) -> v1::Slice {
    v1::Slice {
        feed: slice.feed.as_str().to_owned(),
        org_id: slice.org_id.clone(),
        day: slice.day.map(day_number),
    }
}

/// The `SliceFetched` envelope behind a message of any stage after the fetcher: what replay sends.
pub(crate) fn fetched_behind(envelope: &Envelope) -> Option<Envelope> {
    let fetched = match envelope.body.as_ref()? {
        Body::SliceFetched(fetched) => fetched.clone(),
        Body::RecordsNormalized(normalized) => normalized.fetched.clone()?,
        Body::RecordsValidated(validated) => validated.normalized.as_ref()?.fetched.clone()?,
        Body::FetchRequested(_)
        | Body::SliceLoaded(_)
        | Body::SliceFailed(_)
        | Body::RunPlanned(_)
        | Body::FindingRaised(_)
        | Body::AlertCheck(_) => return None,
    };
    Some(Envelope { body: Some(Body::SliceFetched(fetched)), ..envelope.clone() })
}
