//! Turns the archived documents of a slice into typed rows. Reads only the documents its message names; judges nothing.

mod error;
mod normalize;
pub mod process;

use std::sync::Arc;

use aispend_ports::{Archive, Clock, DocumentRef, Topic};
use aispend_proto::v1::envelope::Body as Wire;
use aispend_proto::v1::{Finding, RecordsNormalized, Rounding, SliceFetched};
use aispend_sources::{Body, ContextBodies, READER_VERSION, Reading, Severity, source};
use aispend_stage::{Header, context_from_wire};
use aispend_stage::{
    Message, MessageError, Output, Stage, content_id, documents_from_wire, rejected_to_wire, store_batch,
    sums_to_wire,
};

pub use error::NormalizeError;
pub use normalize::{Normalized, normalize};

/// The stage.
pub struct Normalizer {
    archive: Arc<dyn Archive>,
    clock: Arc<dyn Clock>,
}

impl Normalizer {
    /// Reads documents from that archive.
    pub fn new(archive: Arc<dyn Archive>, clock: Arc<dyn Clock>) -> Self {
        Self { archive, clock }
    }

    async fn bodies(&self, documents: &[DocumentRef]) -> Result<Vec<Body>, NormalizeError> {
        let mut bodies = Vec::with_capacity(documents.len());
        for document in documents {
            let bytes = self.archive.document(&document.sha256).await?;
            bodies.push(Body {
                role: document.role.clone(),
                request: document.request.clone(),
                page: document.page,
                bytes: bytes.into(),
            });
        }
        Ok(bodies)
    }

    async fn reading(&self, header: &Header, fetched: &SliceFetched) -> Result<Reading, NormalizeError> {
        let mut context = Vec::with_capacity(fetched.context.len());
        for slice in context_from_wire(&fetched.context) {
            let feed = slice
                .feed
                .parse()
                .map_err(|_| MessageError::Value { field: "context.feed", value: slice.feed.clone() })?;
            context.push(ContextBodies { feed, documents: self.bodies(&slice.documents).await? });
        }
        Ok(Reading {
            slice: header.slice()?.clone(),
            source: fetched.source.clone(),
            generation: header.generation,
            documents: self.bodies(&documents_from_wire(&fetched.documents)).await?,
            context,
        })
    }
}

impl Stage for Normalizer {
    const NAME: &'static str = "normalizer";
    const INPUT: Topic = Topic::RawSlices;
    type Error = NormalizeError;

    async fn handle(&self, message: Message) -> Result<Vec<Output>, NormalizeError> {
        let header = &message.header;
        let Some(Wire::SliceFetched(fetched)) = message.envelope.body else {
            return Err(MessageError::Missing("slice_fetched").into());
        };
        let reading = self.reading(header, &fetched).await?;
        // Nothing was observed, or the slice is to be emptied: no document may make a row.
        let normalized = if fetched.outcome == "complete" {
            normalize(source(reading.slice.feed), &reading)?
        } else {
            Normalized::default()
        };
        let object = format!(
            "batches/{}-{}-{READER_VERSION}.zst",
            content_id(&[header.slice_key().as_bytes(), &header.generation.0.to_le_bytes()]),
            header.revision
        );
        let batch =
            store_batch(self.archive.as_ref(), &object, normalized.frames, normalized.content_hash).await?;
        let mut findings = fetched.findings.clone();
        findings.extend(normalized.findings.into_iter().map(|finding| {
            Finding {
                check: finding.check.to_owned(),
                severity: match finding.severity {
                    Severity::Info => "info",
                    Severity::Warning => "warning",
                }
                .to_owned(),
                message: finding.message,
                count: finding.count,
            }
        }));
        let body = RecordsNormalized {
            fetched: Some(fetched),
            batch: Some(batch),
            totals: sums_to_wire(&normalized.read)?,
            reader_version: READER_VERSION,
            context_digest: normalized.context_digest,
            findings,
            rounding: Some(Rounding {
                amounts: normalized.rounded_amounts,
                lost_usd: normalized.rounded_lost.to_string(),
            }),
            rejected: normalized.rejected.iter().map(rejected_to_wire).collect::<Result<_, _>>()?,
            tokens: normalized.tokens,
        };
        Ok(vec![Output::new(Topic::RecordBatches, header, self.clock.now(), Wire::RecordsNormalized(body))])
    }
}
