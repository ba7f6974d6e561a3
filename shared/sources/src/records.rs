//! Collects what a source reads: rows in frames, rejected records, findings, and the account of all money seen.

use std::collections::BTreeMap;

use aispend_model::{Decimal, Money, Rounded};
use aispend_proto::v1::{RecordSet, StatedTokens};
use aispend_proto::{Row, RowVisitor, TableSums};

/// Rows handed on at a time.
const FRAME_ROWS: usize = 4_096;

/// A record that cannot become a row; its money is counted, its text is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Where it would have gone.
    pub table: &'static str,
    /// Which field is wrong.
    pub field: String,
    /// Why.
    pub reason: String,
    /// Where it stands: `sheet "API keys", row 14`.
    pub place: String,
    /// The record as text.
    pub record: String,
    /// Its money, where it has any.
    pub money: Money,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look.
    Warning,
}

/// Something about the slice that costs no row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which check: `unknown_value`, `unknown_field`, `duplicate_rows`, `contradiction` …
    pub check: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What was found, without personal data.
    pub message: String,
    /// How often.
    pub count: u64,
}

/// What a source has read so far.
pub struct Records<'a> {
    set: RecordSet,
    pending: usize,
    hand_on: &'a mut dyn FnMut(RecordSet),
    /// Rows and money, accepted rows and rejections together.
    pub read: TableSums,
    /// Refused records.
    pub rejected: Vec<Rejection>,
    /// Findings; equal check and message are counted, not repeated.
    pub findings: Vec<Finding>,
    /// Amounts finer than a nano-dollar.
    pub rounded_amounts: u64,
    /// What rounding took in all, dollars.
    pub rounded_lost: Decimal,
    /// Billed money as the documents state it, summed line by line at the door. The rows must add up to it.
    pub stated: Money,
    /// Tokens that the documents state and no row holds, by platform and model, in the order of the price list.
    pub tokens: BTreeMap<(&'static str, String), [i64; 5]>,
}

impl<'a> Records<'a> {
    /// Hands rows on in frames of a few thousand.
    pub fn new(hand_on: &'a mut dyn FnMut(RecordSet)) -> Self {
        Self {
            set: RecordSet::default(),
            pending: 0,
            hand_on,
            read: TableSums::default(),
            rejected: Vec::new(),
            findings: Vec::new(),
            rounded_amounts: 0,
            rounded_lost: Decimal::ZERO,
            stated: Money::ZERO,
            tokens: BTreeMap::new(),
        }
    }

    /// Tokens that stand in no row, as they are handed on.
    pub fn stated_tokens(&self) -> Vec<StatedTokens> {
        self.tokens
            .iter()
            .map(|((platform, model), [input, write_5m, write_1h, read, output])| StatedTokens {
                platform: (*platform).to_owned(),
                model: model.clone(),
                input_tokens: *input,
                cache_write_5m_tokens: *write_5m,
                cache_write_1h_tokens: *write_1h,
                cache_read_tokens: *read,
                output_tokens: *output,
            })
            .collect()
    }

    /// Adds a row.
    pub fn push<R: Row>(&mut self, row: R) {
        self.read.row(&row);
        self.set.push(row);
        self.pending += 1;
        if self.pending >= FRAME_ROWS {
            self.flush();
        }
    }

    /// Adds a refused record.
    pub fn reject(&mut self, table: aispend_proto::Table, rejection: Rejection) {
        self.read.add(table, 1, rejection.money.nanos());
        self.rejected.push(rejection);
    }

    /// Adds a finding, or counts it again.
    pub fn find(&mut self, check: &'static str, severity: Severity, message: impl Into<String>) {
        let message = message.into();
        match self.findings.iter_mut().find(|finding| finding.check == check && finding.message == message) {
            Some(finding) => finding.count += 1,
            None => self.findings.push(Finding { check, severity, message, count: 1 }),
        }
    }

    /// Takes an amount as read at the door, and keeps the account of what rounding took.
    pub fn amount(&mut self, rounded: Rounded) -> Money {
        if !rounded.lost.is_zero() {
            self.rounded_amounts += 1;
            self.rounded_lost = self.rounded_lost.checked_add(rounded.lost).unwrap_or(self.rounded_lost);
        }
        rounded.money
    }

    /// Hands on what is left. Call once, after the last row.
    pub fn flush(&mut self) {
        if self.pending > 0 {
            self.pending = 0;
            (self.hand_on)(std::mem::take(&mut self.set));
        }
    }
}
