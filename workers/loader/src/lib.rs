//! Replaces slices in the warehouse, many in one transaction, and says what was there before.

mod error;
pub mod process;

use std::sync::Arc;
use std::time::Duration;

use aispend_model::Money;
use aispend_ports::{
    Archive, Clock, LoadState, SliceLoad, SliceOutcome, Topic, Verdict, Warehouse, vanished,
};
use aispend_proto::TableSums;
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{Batch, Finding, RecordsValidated, RejectedRecord, SliceLoaded, StatedTokens};
use aispend_stage::{
    Message, MessageError, Output, Stage, batch_frames, content_id, context_from_wire, documents_from_wire,
    rejected_from_wire, sums_from_wire, sums_to_wire,
};

pub use error::LoadError;

/// How far ahead of our clock an observation may be before its clock is in doubt.
const CLOCK_TOLERANCE: Duration = Duration::from_mins(10);

/// The platform, as tokens of a slice and rows name it.
const CLAUDE_CODE: &str = "claude_code";

/// The stage.
pub struct Loader {
    warehouse: Arc<dyn Warehouse>,
    archive: Arc<dyn Archive>,
    clock: Arc<dyn Clock>,
}

impl Loader {
    /// Into that warehouse.
    pub fn new(warehouse: Arc<dyn Warehouse>, archive: Arc<dyn Archive>, clock: Arc<dyn Clock>) -> Self {
        Self { warehouse, archive, clock }
    }

    async fn prepare(&self, message: &Message) -> Result<SliceLoad, LoadError> {
        let Some(Body::RecordsValidated(validated)) = &message.envelope.body else {
            return Err(MessageError::Missing("records_validated").into());
        };
        let RecordsValidated { normalized, accepted, accepted_totals, rejected, findings } = validated;
        let normalized = normalized.as_ref().ok_or(MessageError::Missing("normalized"))?;
        let fetched = normalized.fetched.as_ref().ok_or(MessageError::Missing("fetched"))?;
        let batch = accepted.as_ref().ok_or(MessageError::Missing("accepted"))?;
        let slice = message.header.slice()?.clone();
        let now = self.clock.now();
        let ahead = message.header.generation.0.saturating_sub(now.as_microsecond());
        if ahead > CLOCK_TOLERANCE.as_micros() as i64 {
            return Err(LoadError::FromTheFuture {
                slice_key: slice.key(),
                ahead_seconds: ahead / 1_000_000,
            });
        }
        let outcome = match fetched.outcome.as_str() {
            "complete" => SliceOutcome::Complete,
            "unavailable" => SliceOutcome::Unavailable,
            "retired" => SliceOutcome::Retired,
            other => return Err(MessageError::Value { field: "outcome", value: other.to_owned() }.into()),
        };
        let rounding = normalized.rounding.clone().unwrap_or_default();
        Ok(SliceLoad {
            slice,
            order: message.header.order(normalized.reader_version),
            run_id: message.header.run_id.clone(),
            source: fetched.source.clone(),
            outcome,
            outcome_reason: fetched.outcome_reason.clone(),
            frames: batch_frames(self.archive.as_ref(), batch).await?,
            accepted: sums_from_wire(accepted_totals)?,
            read: sums_from_wire(&normalized.totals)?,
            rejected: rejected.iter().map(rejected_from_wire).collect(),
            documents: documents_from_wire(&fetched.documents),
            context: context_from_wire(&fetched.context),
            context_digest: normalized.context_digest.clone(),
            content_hash: content_hash(batch, rejected),
            rounded_amounts: rounding.amounts,
            rounded_lost_usd: rounding.lost_usd,
            findings: all_findings(normalized, findings)
                .map(|finding| format!("{}: {}", finding.check, finding.message))
                .collect(),
            claude_code_tokens: claude_code_tokens(&normalized.tokens),
            loaded_at: now,
        })
    }

    fn event(&self, message: &Message, load: &Told, verdict: &Verdict) -> Result<Output, LoadError> {
        let mut findings = load.findings.clone();
        if verdict.state == LoadState::Loaded
            && !load.is_retired
            && vanished(&verdict.superseded, &load.accepted)
        {
            findings.push(Finding {
                check: "vanished".to_owned(),
                severity: "warning".to_owned(),
                message: format!(
                    "more than half of {} is gone: {} became {}",
                    message.header.slice_key(),
                    rows_and_money(&verdict.superseded),
                    rows_and_money(&load.accepted)
                ),
                count: 1,
            });
        }
        if verdict.state == LoadState::Loaded {
            let feed = message.header.slice()?.feed.as_str();
            aispend_telemetry::loaded(feed, load.accepted.rows(), load.accepted.money());
        }
        let body = SliceLoaded {
            state: verdict.state.as_str().to_owned(),
            source: load.source.clone(),
            loaded: sums_to_wire(&load.accepted)?,
            superseded: sums_to_wire(&verdict.superseded)?,
            rejected_rows: load.rejected_rows,
            rejected_money_nano: load.rejected_money_nano,
            findings,
        };
        Ok(Output::new(Topic::SliceEvents, &message.header, self.clock.now(), Body::SliceLoaded(body)))
    }
}

/// Rows and refused records together: an observation that differs in either is another one.
fn content_hash(batch: &Batch, rejected: &[RejectedRecord]) -> Vec<u8> {
    let mut hash = batch.content_hash.to_vec();
    if !rejected.is_empty() {
        let records: Vec<Vec<u8>> = rejected.iter().map(aispend_proto::Message::encode_to_vec).collect();
        let parts: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        hash.extend_from_slice(content_id(&parts).as_bytes());
    }
    hash
}

/// Tokens of every kind that a slice states for Claude Code; `None` where it names none.
fn claude_code_tokens(stated: &[StatedTokens]) -> Option<i64> {
    let of_code = stated.iter().filter(|tokens| tokens.platform == CLAUDE_CODE);
    let kinds = |tokens: &StatedTokens| {
        [
            tokens.input_tokens,
            tokens.cache_write_5m_tokens,
            tokens.cache_write_1h_tokens,
            tokens.cache_read_tokens,
            tokens.output_tokens,
        ]
    };
    of_code.flat_map(kinds).reduce(i64::saturating_add)
}

fn rows_and_money(sums: &TableSums) -> String {
    format!("{} rows ({} USD)", sums.rows(), Money::from_nanos(sums.money()))
}

/// What the event says of a load, kept while the load itself goes to the warehouse.
struct Told {
    source: String,
    accepted: TableSums,
    is_retired: bool,
    rejected_rows: u64,
    rejected_money_nano: i64,
    findings: Vec<Finding>,
}

fn all_findings<'a>(
    normalized: &'a aispend_proto::v1::RecordsNormalized,
    judged: &'a [Finding],
) -> impl Iterator<Item = &'a Finding> {
    normalized.findings.iter().chain(judged)
}

impl Stage for Loader {
    const NAME: &'static str = "loader";
    const INPUT: Topic = Topic::ValidBatches;
    type Error = LoadError;

    async fn handle(&self, message: Message) -> Result<Vec<Output>, LoadError> {
        self.handle_batch(vec![message]).await.pop().unwrap_or(Err(LoadError::NoVerdict))
    }

    async fn handle_batch(&self, messages: Vec<Message>) -> Vec<Result<Vec<Output>, LoadError>> {
        let mut answers: Vec<Option<Result<Vec<Output>, LoadError>>> = Vec::with_capacity(messages.len());
        let mut loads = Vec::with_capacity(messages.len());
        let mut told = Vec::with_capacity(messages.len());
        for message in &messages {
            match self.prepare(message).await {
                Ok(load) => {
                    told.push(tell(message, &load));
                    loads.push(load);
                    answers.push(None);
                }
                Err(error) => answers.push(Some(Err(error))),
            }
        }
        let mut verdicts = self.load_all(loads).await.into_iter().zip(told);
        messages
            .iter()
            .zip(answers)
            .map(|(message, answer)| match answer {
                Some(answer) => answer,
                None => match verdicts.next() {
                    Some((Ok(verdict), told)) => {
                        self.event(message, &told, &verdict).map(|event| vec![event])
                    }
                    Some((Err(error), _)) => Err(error),
                    None => Err(LoadError::NoVerdict),
                },
            })
            .collect()
    }
}

impl Loader {
    /// All in one transaction; where one slice is refused, each alone, so that it costs only itself.
    async fn load_all(&self, mut loads: Vec<SliceLoad>) -> Vec<Result<Verdict, LoadError>> {
        if loads.is_empty() {
            return Vec::new();
        }
        if let [_] = loads.as_slice() {
            return match self.warehouse.load(std::mem::take(&mut loads)).await {
                Ok(verdicts) => verdicts.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error.into())],
            };
        }
        let again = loads.clone();
        match self.warehouse.load(loads).await {
            Ok(verdicts) => verdicts.into_iter().map(Ok).collect(),
            Err(aispend_ports::WarehouseError::Refused { .. }) => {
                let mut verdicts = Vec::with_capacity(again.len());
                for load in again {
                    verdicts.push(match self.warehouse.load(vec![load]).await {
                        Ok(mut alone) => alone.pop().ok_or(LoadError::NoVerdict),
                        Err(error) => Err(error.into()),
                    });
                }
                verdicts
            }
            Err(error) => {
                let detail = error.to_string();
                let mut verdicts: Vec<Result<Verdict, LoadError>> = vec![Err(error.into())];
                for _ in again.iter().skip(1) {
                    verdicts.push(Err(aispend_ports::WarehouseError::Unavailable(detail.clone()).into()));
                }
                verdicts
            }
        }
    }
}

fn tell(message: &Message, load: &SliceLoad) -> Told {
    let findings = match &message.envelope.body {
        Some(Body::RecordsValidated(validated)) => validated
            .normalized
            .as_ref()
            .map(|normalized| all_findings(normalized, &validated.findings).cloned().collect())
            .unwrap_or_default(),
        _ => Vec::new(),
    };
    Told {
        source: load.source.clone(),
        accepted: load.accepted.clone(),
        // Somebody wanted it gone.
        is_retired: load.outcome == SliceOutcome::Retired,
        rejected_rows: load.rejected.len() as u64,
        rejected_money_nano: load.rejected.iter().filter_map(|rejected| rejected.money.wire().ok()).sum(),
        findings,
    }
}
