//! Judges records: what no check can pass is set aside with its reason, what looks odd becomes a finding. Keeps the
//! account: read = accepted + rejected, in rows and in money.

mod error;
mod limits;
mod magnitude;
mod people;
pub mod process;
mod validate;

use std::sync::Arc;

use aispend_ports::{Archive, Clock, Frames, Topic};
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{Finding, RecordsNormalized, RecordsValidated};
use aispend_stage::{
    Header, Message, MessageError, Output, Stage, batch_frames, content_id, rejected_to_wire, store_batch,
    sums_from_wire, sums_to_wire,
};

pub use error::ValidateError;
pub use limits::Limits;
use magnitude::UNPRICED_MODEL;
use validate::ACCEPTED_ABOVE_TOTAL;
pub use validate::{Judgement, judge};

/// The stage.
pub struct Validator {
    archive: Arc<dyn Archive>,
    clock: Arc<dyn Clock>,
    limits: Limits,
}

impl Validator {
    /// With these limits.
    pub fn new(archive: Arc<dyn Archive>, clock: Arc<dyn Clock>, limits: Limits) -> Self {
        Self { archive, clock, limits }
    }

    async fn validate(
        &self,
        header: &Header,
        normalized: RecordsNormalized,
    ) -> Result<RecordsValidated, ValidateError> {
        let slice = header.slice()?;
        let batch = normalized.batch.clone().ok_or(MessageError::Missing("batch"))?;
        let read = sums_from_wire(&normalized.totals)?;
        let frames = batch_frames(self.archive.as_ref(), &batch).await?;
        let judgement = judge(slice, Frames::new(frames), &normalized.tokens, &self.limits)?;
        let mut rejected = normalized.rejected.clone();
        let mut set_aside = judgement.accepted.clone();
        for record in &rejected {
            let table =
                aispend_proto::Table::ALL.iter().find(|table| table.name() == record.table).ok_or_else(
                    || MessageError::Value { field: "rejected.table", value: record.table.clone() },
                )?;
            set_aside.add(*table, 1, i128::from(record.money_nano));
        }
        for record in &judgement.rejected {
            rejected.push(rejected_to_wire(record)?);
            if let Some(table) = aispend_proto::Table::ALL.iter().find(|table| table.name() == record.table) {
                set_aside.add(*table, 1, record.money.nanos());
            }
        }
        if set_aside != read {
            return Err(ValidateError::Account { slice_key: slice.key() });
        }
        self.limits.check_share(slice, &read, &judgement.accepted)?;
        let accepted = match judgement.kept {
            // Every row passed: the batch goes on as it came.
            None => batch,
            Some(kept) => {
                let object = format!(
                    "batches/{}-{}-judged.zst",
                    content_id(&[header.slice_key().as_bytes(), &header.generation.0.to_le_bytes()]),
                    header.revision
                );
                store_batch(self.archive.as_ref(), &object, kept.frames, kept.content_hash).await?
            }
        };
        let findings = judgement
            .findings
            .into_iter()
            .map(|(check, message, count)| {
                // The vendor counts them differently, or is ahead of our price list: worth knowing, wrong it need not be.
                let is_info = matches!(check.as_str(), ACCEPTED_ABOVE_TOTAL | UNPRICED_MODEL);
                let severity = if is_info { "info" } else { "warning" };
                Finding { check, severity: severity.to_owned(), message, count }
            })
            .collect();
        Ok(RecordsValidated {
            accepted_totals: sums_to_wire(&judgement.accepted)?,
            normalized: Some(normalized),
            accepted: Some(accepted),
            rejected,
            findings,
        })
    }
}

impl Stage for Validator {
    const NAME: &'static str = "validator";
    const INPUT: Topic = Topic::RecordBatches;
    type Error = ValidateError;

    async fn handle(&self, message: Message) -> Result<Vec<Output>, ValidateError> {
        let Some(Body::RecordsNormalized(normalized)) = message.envelope.body else {
            return Err(MessageError::Missing("records_normalized").into());
        };
        let validated = self.validate(&message.header, normalized).await?;
        Ok(vec![Output::new(
            Topic::ValidBatches,
            &message.header,
            self.clock.now(),
            Body::RecordsValidated(validated),
        )])
    }
}
