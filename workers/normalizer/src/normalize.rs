//! The decision: documents in, rows, totals and rejected records out.

use aispend_model::{Decimal, Money};
use aispend_ports::Rejected;
use aispend_proto::v1::{RecordSet, StatedTokens};
use aispend_proto::{SetWriter, TableSums};
use aispend_sources::{Finding, Reading, Records, Source};
use bytes::Bytes;

use crate::NormalizeError;

/// What a slice's documents say.
#[derive(Debug, Default)]
pub struct Normalized {
    /// Accepted rows, plain frames.
    pub frames: Bytes,
    /// Hash of the rows as a set.
    pub content_hash: Vec<u8>,
    /// Rows and money read, rejected ones included.
    pub read: TableSums,
    /// Records that could not become rows.
    pub rejected: Vec<Rejected>,
    /// What is worth knowing.
    pub findings: Vec<Finding>,
    /// What the context decided.
    pub context_digest: String,
    /// Amounts finer than a nano-dollar.
    pub rounded_amounts: u64,
    /// What rounding took.
    pub rounded_lost: Decimal,
    /// Tokens that stand in no row.
    pub tokens: Vec<StatedTokens>,
}

/// Reads every record of a slice.
///
/// # Errors
/// When a document cannot be read exactly, or the rows do not add up to the money the documents state.
pub fn normalize(source: &dyn Source, reading: &Reading) -> Result<Normalized, NormalizeError> {
    let mut frames = Vec::new();
    let mut writer = SetWriter::default();
    let mut hand_on = |set: RecordSet| {
        set.visit(&mut writer);
        writer.end_set(&mut frames);
    };
    let mut records = Records::new(&mut hand_on);
    source.records(reading, &mut records)?;
    records.flush();
    let tokens = records.stated_tokens();
    let Records { read, rejected, findings, rounded_amounts, rounded_lost, stated, .. } = records;
    let rows = Money::from_nanos(read.money());
    if rows != stated {
        return Err(NormalizeError::NotConserved { stated, rows });
    }
    let rejected = rejected
        .into_iter()
        .map(|rejection| Rejected {
            table: rejection.table.to_owned(),
            field: rejection.field,
            reason: rejection.reason,
            place: rejection.place,
            record: rejection.record,
            money: rejection.money,
        })
        .collect();
    let context_digest = source.context_digest(&reading.slice, &reading.context)?;
    Ok(Normalized {
        frames: Bytes::from(frames),
        content_hash: writer.hash().to_bytes(),
        read,
        rejected,
        findings,
        context_digest,
        rounded_amounts,
        rounded_lost,
        tokens,
    })
}
