//! Wire types to values and back: documents, context, totals, rejected records, batches.

use aispend_model::{Generation, Money};
use aispend_ports::{Archive, ArchiveError, ContextRef, DocumentRef, FrameError, Frames, Rejected};
use aispend_proto::v1::batch::Place;
use aispend_proto::v1::{self, Batch, BatchObject};
use aispend_proto::{Table, TableSums};
use bytes::Bytes;

use crate::message::MessageError;

/// Rows up to this size travel inside their message; the bus's own limit is 10 MB.
const INLINE_BYTES: usize = 4_000_000;

/// Documents as messages carry them.
pub fn documents_to_wire(documents: &[DocumentRef]) -> Vec<v1::Document> {
    documents
        .iter()
        .map(|document| v1::Document {
            sha256: document.sha256.clone(),
            role: document.role.clone(),
            request: document.request.clone(),
            page: document.page,
            size_bytes: document.size_bytes,
            fetched_at: document.fetched_at,
            request_id: document.request_id.clone(),
        })
        .collect()
}

/// Documents as a message carried them.
pub fn documents_from_wire(documents: &[v1::Document]) -> Vec<DocumentRef> {
    documents
        .iter()
        .map(|document| DocumentRef {
            sha256: document.sha256.clone(),
            role: document.role.clone(),
            request: document.request.clone(),
            page: document.page,
            size_bytes: document.size_bytes,
            fetched_at: document.fetched_at,
            request_id: document.request_id.clone(),
        })
        .collect()
}

/// Context slices as messages carry them.
pub fn context_to_wire(context: &[ContextRef]) -> Vec<v1::ContextSlice> {
    context
        .iter()
        .map(|slice| v1::ContextSlice {
            feed: slice.feed.clone(),
            org_id: slice.org_id.clone(),
            generation: slice.generation.0,
            documents: documents_to_wire(&slice.documents),
        })
        .collect()
}

/// Context slices as a message carried them.
pub fn context_from_wire(context: &[v1::ContextSlice]) -> Vec<ContextRef> {
    context
        .iter()
        .map(|slice| ContextRef {
            feed: slice.feed.clone(),
            org_id: slice.org_id.clone(),
            generation: Generation(slice.generation),
            documents: documents_from_wire(&slice.documents),
        })
        .collect()
}

/// Totals as messages carry them.
///
/// # Errors
/// When a table's money does not fit 64 bits of nano-dollars.
pub fn sums_to_wire(sums: &TableSums) -> Result<Vec<v1::TableTotals>, MessageError> {
    sums.iter()
        .map(|(table, rows, money)| {
            let money_nano = i64::try_from(money)
                .map_err(|_| MessageError::Value { field: "totals.money_nano", value: money.to_string() })?;
            Ok(v1::TableTotals { table: table.name().to_owned(), rows, money_nano })
        })
        .collect()
}

/// Totals as a message carried them.
///
/// # Errors
/// When a table is none of ours.
pub fn sums_from_wire(totals: &[v1::TableTotals]) -> Result<TableSums, MessageError> {
    let mut sums = TableSums::default();
    for total in totals {
        let table = Table::ALL
            .iter()
            .find(|table| table.name() == total.table)
            .ok_or_else(|| MessageError::Value { field: "totals.table", value: total.table.clone() })?;
        sums.add(*table, total.rows, i128::from(total.money_nano));
    }
    Ok(sums)
}

/// A refused record as messages carry it.
///
/// # Errors
/// When its money does not fit.
pub fn rejected_to_wire(rejected: &Rejected) -> Result<v1::RejectedRecord, MessageError> {
    Ok(v1::RejectedRecord {
        table: rejected.table.clone(),
        field: rejected.field.clone(),
        reason: rejected.reason.clone(),
        place: rejected.place.clone(),
        record: rejected.record.clone(),
        money_nano: rejected.money.wire().map_err(|error| MessageError::Value {
            field: "rejected.money_nano",
            value: error.to_string(),
        })?,
        document: 0,
    })
}

/// A refused record as a message carried it.
pub fn rejected_from_wire(rejected: &v1::RejectedRecord) -> Rejected {
    Rejected {
        table: rejected.table.clone(),
        field: rejected.field.clone(),
        reason: rejected.reason.clone(),
        place: rejected.place.clone(),
        record: rejected.record.clone(),
        money: Money::from_nanos(i128::from(rejected.money_nano)),
    }
}

/// Puts frames where a message can carry them: inside it, or in the archive under `name`.
///
/// # Errors
/// When the archive does not take the object.
pub async fn store_batch(
    archive: &dyn Archive,
    name: &str,
    frames: Bytes,
    content_hash: Vec<u8>,
) -> Result<Batch, ArchiveError> {
    let place = if frames.len() <= INLINE_BYTES {
        Place::Frames(frames)
    } else {
        let damaged =
            |error: FrameError| ArchiveError::Damaged { name: name.to_owned(), detail: error.to_string() };
        let compressed = Frames::compress(&frames).map_err(damaged)?;
        let size_bytes = compressed.len() as u64;
        archive.put(name, compressed).await?;
        Place::Object(BatchObject { name: name.to_owned(), size_bytes })
    };
    Ok(Batch { place: Some(place), content_hash: Bytes::from(content_hash) })
}

/// The plain frames of a batch, wherever they are.
///
/// # Errors
/// When the archive does not give the object, or it is damaged.
pub async fn batch_frames(archive: &dyn Archive, batch: &Batch) -> Result<Bytes, ArchiveError> {
    match &batch.place {
        None => Ok(Bytes::new()),
        Some(Place::Frames(frames)) => Ok(frames.clone()),
        Some(Place::Object(object)) => {
            let compressed = archive.get(&object.name).await?;
            Frames::decompress(&compressed).map(Frames::into_bytes).map_err(|error| ArchiveError::Damaged {
                name: object.name.clone(),
                detail: error.to_string(),
            })
        }
    }
}
