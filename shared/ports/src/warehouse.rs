//! The warehouse: facts replaced slice by slice, and the ledger of what was loaded.

use aispend_model::{Generation, Money, Order, Slice};
use aispend_proto::v1::RecordSet;
use aispend_proto::{Table, TableSums};
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

/// Why the warehouse did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum WarehouseError {
    /// It did not answer, or another writer won every time. The world's fault.
    #[error("the warehouse did not take the call: {0}")]
    Unavailable(String),
    /// It refused one slice's rows. The message's fault.
    #[error("the warehouse refused the rows of `{slice_key}`: {detail}")]
    Refused {
        /// Whose rows.
        slice_key: String,
        /// What it said.
        detail: String,
    },
    /// The tables are not there, or not as this build needs them.
    #[error("the warehouse is not ready: {0}; `aispend migrate` creates and upgrades it")]
    NotMigrated(String),
}

/// How an observation of a slice ended at the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SliceOutcome {
    /// Everything the vendor announced is here; it replaces what was.
    Complete,
    /// The day can no longer be had. Noted; rows that are there stay.
    Unavailable,
    /// The slice should no longer exist: it is emptied.
    Retired,
}

impl SliceOutcome {
    /// As in messages and ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Unavailable => "unavailable",
            Self::Retired => "retired",
        }
    }
}

/// A vendor response a slice was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentRef {
    /// SHA-256, hex: its name in the archive.
    pub sha256: String,
    /// Which question it answers.
    pub role: String,
    /// The question, one line.
    pub request: String,
    /// Place among the pages of its role.
    pub page: u32,
    /// As received.
    pub size_bytes: u64,
    /// When, microseconds.
    pub fetched_at: i64,
    /// The vendor's own id of the call.
    pub request_id: String,
}

/// The observation of another slice that this one was read with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextRef {
    /// Which slice's feed and organisation (the day is this slice's, or none).
    pub feed: String,
    /// Whose.
    pub org_id: String,
    /// Which observation.
    pub generation: Generation,
    /// Its documents.
    pub documents: Vec<DocumentRef>,
}

/// A record that a check refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Where it would have gone.
    pub table: String,
    /// Which field was wrong.
    pub field: String,
    /// Why.
    pub reason: String,
    /// Where it stands in the source: sheet and row, document and index.
    pub place: String,
    /// The record as text.
    pub record: String,
    /// Its money.
    pub money: Money,
}

/// One slice, ready to replace what the warehouse has of it.
#[derive(Debug, Clone)]
pub struct SliceLoad {
    /// Which slice.
    pub slice: Slice,
    /// Which reading of it.
    pub order: Order,
    /// Who asked.
    pub run_id: String,
    /// Endpoint family or sheet: stored with every row.
    pub source: String,
    /// How the observation ended.
    pub outcome: SliceOutcome,
    /// Why, where it is not complete.
    pub outcome_reason: String,
    /// Accepted rows, plain frames (`Frames::new`).
    pub frames: Bytes,
    /// What the frames hold, table by table.
    pub accepted: TableSums,
    /// What the normalizer read, table by table: accepted and rejected together.
    pub read: TableSums,
    /// Refused records.
    pub rejected: Vec<Rejected>,
    /// The documents rows refer to by place.
    pub documents: Vec<DocumentRef>,
    /// What it was read with.
    pub context: Vec<ContextRef>,
    /// What the context decided.
    pub context_digest: String,
    /// Hash of the rows as a set.
    pub content_hash: Vec<u8>,
    /// Amounts rounded at the door, and what rounding took, decimal dollars.
    pub rounded_amounts: u64,
    /// See `rounded_amounts`.
    pub rounded_lost_usd: String,
    /// Soft findings, as `check: message`.
    pub findings: Vec<String>,
    /// Tokens of every kind that the usage report states for Claude Code; `None` where a slice says nothing of them.
    pub claude_code_tokens: Option<i64>,
    /// Now.
    pub loaded_at: Timestamp,
}

/// What became of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadState {
    /// Rows replaced.
    Loaded,
    /// The same rows were there: they stay, lineage included; the ledger has the new observation.
    Unchanged,
    /// The ledger had a newer or the same reading.
    Superseded,
    /// Noted that the day cannot be had.
    Unavailable,
}

impl LoadState {
    /// As in messages and ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Loaded => "loaded",
            Self::Unchanged => "unchanged",
            Self::Superseded => "superseded",
            Self::Unavailable => "unavailable",
        }
    }
}

/// The answer for one slice of a load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What became of it.
    pub state: LoadState,
    /// What was there before, and is replaced (empty unless `Loaded`).
    pub superseded: TableSums,
}

/// The newest reading of a slice that the warehouse knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerLine {
    /// Which slice.
    pub slice: Slice,
    /// Which reading.
    pub order: Order,
    /// Which run loaded it.
    pub run_id: String,
    /// Endpoint family.
    pub source: String,
    /// Complete, unavailable or retired.
    pub outcome: SliceOutcome,
    /// What its rows are, table by table.
    pub loaded: TableSums,
    /// Hash of its rows.
    pub content_hash: Vec<u8>,
    /// What it was read from.
    pub documents: Vec<DocumentRef>,
    /// What it was read with.
    pub context: Vec<ContextRef>,
    /// What the context decided.
    pub context_digest: String,
    /// When.
    pub loaded_at: Timestamp,
}

/// One run, for the `runs` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLine {
    /// The run.
    pub run_id: String,
    /// daily, command, backfill, reprocess, reconsider, retire, replay.
    pub trigger: String,
    /// When it was planned.
    pub started_at: Timestamp,
    /// When its last slice ended; `None` while it runs.
    pub finished_at: Option<Timestamp>,
    /// running | succeeded | incomplete.
    pub state: String,
    /// Slices by fate.
    pub planned: u64,
    /// Loaded or unchanged.
    pub loaded: u64,
    /// Superseded or unavailable.
    pub skipped: u64,
    /// Failed or overdue.
    pub failed: u64,
    /// Parked.
    pub parked: u64,
    /// What a person should know, one line each.
    pub notes: String,
}

/// One state of an incident, for the `alert_incidents` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentLine {
    /// Deterministic: rule, subject and period.
    pub incident_id: String,
    /// Which rule.
    pub rule: String,
    /// What it is about.
    pub subject: String,
    /// The day or month.
    pub period: String,
    /// open | acknowledged | snoozed | resolved.
    pub state: String,
    /// warning | critical.
    pub severity: String,
    /// What was seen.
    pub measured: String,
    /// What was allowed.
    pub limit_value: String,
    /// One sentence.
    pub summary: String,
    /// When it opened.
    pub opened_at: Timestamp,
    /// When it came to this state.
    pub changed_at: Timestamp,
    /// When every channel had been told.
    pub notified_at: Option<Timestamp>,
    /// Who brought it to this state; `None`: the rule.
    pub changed_by: Option<String>,
}

/// Facts and ledger.
#[async_trait]
pub trait Warehouse: Send + Sync {
    /// Loads many slices in one transaction: for each, `decide` against the ledger read inside that transaction, then
    /// delete by slice key over every table, insert, and write the ledger line. One verdict per slice, in order. Two
    /// loads of the same slice in one call count in their order.
    async fn load(&self, slices: Vec<SliceLoad>) -> Result<Vec<Verdict>, WarehouseError>;

    /// The newest reading of every slice of the feed (`None`: of all feeds).
    async fn ledger(&self, feed: Option<aispend_model::Feed>) -> Result<Vec<LedgerLine>, WarehouseError>;

    /// Writes or replaces a run's line.
    async fn record_run(&self, run: RunLine) -> Result<(), WarehouseError>;

    /// Adds a line to an incident's. Twice does no harm: the newest line of an incident counts.
    async fn record_incident(&self, incident: IncidentLine) -> Result<(), WarehouseError>;

    /// Gathers all rows of a table in a stable order, without lineage: what tests compare. Not for large tables.
    async fn snapshot(&self, table: Table) -> Result<RecordSet, WarehouseError>;
}

/// What a load does with what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Older or the same: nothing.
    Skip,
    /// Newer, with the same rows: a ledger line only.
    Keep,
    /// Newer and different: replace.
    Replace,
    /// A ledger line that a day cannot be had; rows stay.
    Note,
}

/// The rule of replacement, the same for every warehouse: order tuples alone decide, never arrival.
pub fn decide(current: Option<&LedgerLine>, incoming: &SliceLoad) -> Decision {
    if incoming.outcome == SliceOutcome::Unavailable {
        return Decision::Note;
    }
    match current {
        Some(line) if incoming.order <= line.order => Decision::Skip,
        Some(line) if line.content_hash == incoming.content_hash && line.source == incoming.source => {
            Decision::Keep
        }
        Some(_) | None => Decision::Replace,
    }
}

/// True where a load removes more than half of a slice's rows or money.
pub fn vanished(before: &TableSums, after: &TableSums) -> bool {
    let halved = |before: i128, after: i128| before > 0 && after * 2 < before;
    halved(i128::from(before.rows()), i128::from(after.rows())) || halved(before.money(), after.money())
}
