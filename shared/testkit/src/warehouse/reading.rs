//! Readings of slices, built row by row.

use aispend_model::{Feed, Generation, Order, Slice, moment_from_micros, parse_day};
use aispend_ports::{DocumentRef, FramesWriter, SliceLoad, SliceOutcome};
use aispend_proto::v1::ClaudeExpense;
use aispend_proto::{ContentHash, Row, RowVisitor, TableSums};

/// A reading of a slice in the making.
#[derive(Default)]
pub struct Reading {
    frames: FramesWriter,
    accepted: TableSums,
    hash: ContentHash,
}

impl Reading {
    /// Adds a row.
    #[must_use]
    pub fn row<R: Row>(mut self, row: R) -> Self {
        self.accepted.row(&row);
        self.hash.row(&row);
        self.frames.push(row);
        self
    }

    /// The complete load of these rows.
    pub fn of(self, slice: Slice, generation: i64) -> SliceLoad {
        SliceLoad {
            order: Order { generation: Generation(generation), revision: 0, reader_version: 1 },
            run_id: format!("run-{generation}"),
            source: "test".into(),
            outcome: SliceOutcome::Complete,
            outcome_reason: String::new(),
            frames: self.frames.finish(),
            read: self.accepted.clone(),
            accepted: self.accepted,
            rejected: Vec::new(),
            documents: vec![document(&slice, generation)],
            context: Vec::new(),
            context_digest: String::new(),
            content_hash: self.hash.to_bytes(),
            rounded_amounts: 0,
            rounded_lost_usd: "0".into(),
            findings: Vec::new(),
            claude_code_tokens: None,
            loaded_at: moment_from_micros(1_790_000_000_000_000 + generation).unwrap().1,
            slice,
        }
    }
}

/// A document of a slice.
pub fn document(slice: &Slice, generation: i64) -> DocumentRef {
    DocumentRef {
        sha256: format!("{generation:064x}"),
        role: "page".into(),
        request: format!("GET /{}", slice.feed),
        page: 0,
        size_bytes: 12,
        fetched_at: 1_790_000_000_000_000 + generation,
        request_id: String::new(),
    }
}

/// The cost slice of a day in October 2026.
pub fn cost_slice(day: u8) -> Slice {
    Slice::of_day(Feed::AnthropicCost, "org", parse_day(&format!("2026-10-{day:02}")).unwrap())
}

/// A line of Claude money.
pub fn expense(nanos: i64) -> ClaudeExpense {
    ClaudeExpense {
        expense_date: 20_731,
        platform: "claude_api".into(),
        platform_rule: "product".into(),
        cost_usd: nanos,
        cost_class: "usage".into(),
        allocation: "reported".into(),
        ..ClaudeExpense::default()
    }
}
