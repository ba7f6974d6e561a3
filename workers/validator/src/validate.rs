//! The checks that need no history: per record and per slice.

use std::collections::BTreeMap;

use aispend_model::{Feed, Money, Slice, day_number};
use aispend_ports::{Frames, FramesWriter, Rejected};
use aispend_proto::v1::StatedTokens;
use aispend_proto::{ContentHash, Row, RowSink, RowVisitor, Table, TableSums};
use bytes::Bytes;

use crate::magnitude::Magnitude;
use crate::people::People;
use crate::{Limits, ValidateError};

/// More lines were accepted than suggested.
pub const ACCEPTED_ABOVE_TOTAL: &str = "accepted_above_total";

/// So many tokens are in no row, whatever it sums up.
const TOKENS_PER_ROW: i64 = 1_000_000_000_000;

/// What became of a slice's records.
#[derive(Debug, Default)]
pub struct Judgement {
    /// Rows and money that passed.
    pub accepted: TableSums,
    /// The rows that passed, rewritten; `None` where all did.
    pub kept: Option<Kept>,
    /// The others.
    pub rejected: Vec<Rejected>,
    /// Check, message, how often.
    pub findings: Vec<(String, String, u64)>,
}

/// Accepted rows where some were rejected.
#[derive(Debug)]
pub struct Kept {
    /// Plain frames.
    pub frames: Bytes,
    /// Hash of the rows as a set.
    pub content_hash: Vec<u8>,
}

/// Judges every row of a slice. `tokens`: what the documents state beside the rows.
///
/// # Errors
/// When a frame cannot be read, a row of money lies outside the slice's day, money by key is not the whole, or money is of
/// another magnitude than its tokens.
pub fn judge(
    slice: &Slice,
    frames: Frames,
    tokens: &[StatedTokens],
    limits: &Limits,
) -> Result<Judgement, ValidateError> {
    let mut judge = Judge::new(slice, limits, false);
    judge.see(slice, frames.clone())?;
    judge.magnitude.see_tokens(tokens);
    judge.check_keys(slice)?;
    judge.magnitude.check(slice, limits)?;
    if !judge.rejected.is_empty() {
        // Some rows stay behind: the others are written anew. Two readings keep memory flat.
        judge = Judge::new(slice, limits, true);
        judge.see(slice, frames)?;
        judge.magnitude.see_tokens(tokens);
    }
    judge.note_sums();
    let kept = judge
        .is_rewriting
        .then(|| Kept { frames: judge.writer.finish(), content_hash: judge.hash.to_bytes() });
    let findings = judge
        .findings
        .into_iter()
        .map(|((check, message), count)| (check.to_owned(), message, count))
        .collect();
    Ok(Judgement { accepted: judge.accepted, kept, rejected: judge.rejected, findings })
}

struct Judge<'a> {
    slice_day: Option<i32>,
    limits: &'a Limits,
    accepted: TableSums,
    rejected: Vec<Rejected>,
    findings: BTreeMap<(&'static str, String), u64>,
    writer: FramesWriter,
    hash: ContentHash,
    hopeless: Option<String>,
    is_rewriting: bool,
    people: People,
    magnitude: Magnitude,
    /// Claude API money as a whole, and by key.
    api_money: (i128, i128),
}

impl RowVisitor for Judge<'_> {
    fn row<R: Row>(&mut self, row: &R) {
        let mut look = Look {
            columns: R::TABLE.columns().iter(),
            first_day: None,
            wrong: None,
            odd: None,
            totals: [None; 2],
            is_api: false,
        };
        row.write(&mut look);
        let Look { first_day, mut wrong, odd, is_api, .. } = look;
        match R::TABLE {
            Table::ClaudeExpenses if is_api => self.api_money.0 += i128::from(row.money().unwrap_or(0)),
            Table::ApiUsageExpenses => self.api_money.1 += i128::from(row.money().unwrap_or(0)),
            _ => {}
        }
        if let (Some(expected), Some(found)) = (self.slice_day, first_day)
            && expected != found
        {
            if row.money().is_some() {
                // Money is never rejected: a day in doubt parks the slice.
                self.hopeless = Some(format!("a row of {} belongs to another day", R::TABLE.name()));
                return;
            }
            wrong = Some(("day", "the day is not the slice's".to_owned()));
        }
        if let Some((check, message)) = odd {
            *self.findings.entry((check, message)).or_default() += 1;
        }
        match wrong {
            // A cost row is never rejected for its content.
            Some((field, reason)) if row.money().is_none() => self.rejected.push(Rejected {
                table: R::TABLE.name().to_owned(),
                field: field.to_owned(),
                reason,
                place: format!("document {}", row.document()),
                record: String::new(),
                money: Money::ZERO,
            }),
            Some((field, reason)) => {
                *self.findings.entry(("implausible", format!("{field}: {reason}"))).or_default() += 1;
                self.accept(row);
            }
            None => self.accept(row),
        }
    }
}

impl<'a> Judge<'a> {
    fn new(slice: &Slice, limits: &'a Limits, is_rewriting: bool) -> Self {
        Self {
            slice_day: slice.day.map(day_number),
            limits,
            accepted: TableSums::default(),
            rejected: Vec::new(),
            findings: BTreeMap::new(),
            writer: FramesWriter::default(),
            hash: ContentHash::default(),
            hopeless: None,
            is_rewriting,
            people: People::default(),
            magnitude: Magnitude::of(slice),
            api_money: (0, 0),
        }
    }

    /// The money by key repeats the money of the API: both are read from the same lines.
    fn check_keys(&self, slice: &Slice) -> Result<(), ValidateError> {
        let (whole, by_key) = self.api_money;
        if slice.feed != Feed::AnthropicCost || whole == by_key {
            return Ok(());
        }
        Err(ValidateError::KeyMoney {
            slice_key: slice.key(),
            whole: Money::from_nanos(whole),
            by_key: Money::from_nanos(by_key),
        })
    }

    fn note_sums(&mut self) {
        let mut found = self.people.findings(self.limits);
        found.extend(self.magnitude.findings(self.limits));
        for ((check, message), count) in found {
            *self.findings.entry((check, message)).or_default() += count;
        }
    }

    fn see(&mut self, slice: &Slice, frames: Frames) -> Result<(), ValidateError> {
        for set in frames {
            let set = set?;
            self.people.see(&set);
            self.magnitude.see(&set);
            set.visit(self);
            if let Some(detail) = self.hopeless.take() {
                return Err(ValidateError::OutsideDay { slice_key: slice.key(), detail });
            }
        }
        Ok(())
    }

    fn accept<R: Row>(&mut self, row: &R) {
        self.accepted.row(row);
        if self.is_rewriting {
            self.hash.row(row);
            self.writer.push(row.clone());
        }
    }
}

/// Looks at a row's values in column order.
struct Look<'a> {
    columns: std::slice::Iter<'a, aispend_proto::Column>,
    first_day: Option<i32>,
    wrong: Option<(&'static str, String)>,
    odd: Option<(&'static str, String)>,
    /// Suggested lines, added and deleted: what was accepted is a part of them.
    totals: [Option<i64>; 2],
    is_api: bool,
}

impl Look<'_> {
    /// Lines of one kind. What was accepted is a part of what was suggested.
    fn lines(&mut self, name: &'static str, value: i64) {
        let total = match name {
            "total_lines_added" => return self.totals[0] = Some(value),
            "total_lines_deleted" => return self.totals[1] = Some(value),
            "accepted_lines_added" => self.totals[0],
            "accepted_lines_deleted" => self.totals[1],
            _ => None,
        };
        if total.is_some_and(|total| value > total) {
            self.odd = Some((ACCEPTED_ABOVE_TOTAL, format!("{name} above what was suggested")));
        }
    }

    fn column(&mut self) -> &'static str {
        self.columns.next().map_or("", |column| column.name)
    }
}

impl RowSink for Look<'_> {
    fn date(&mut self, value: Option<i32>) {
        self.column();
        if self.first_day.is_none() {
            self.first_day = value;
        }
    }

    fn moment(&mut self, _value: Option<i64>) {
        self.column();
    }

    fn decimal(&mut self, _value: Option<i64>) {
        self.column();
    }

    fn integer(&mut self, value: Option<i64>) {
        let name = self.column();
        let Some(value) = value else { return };
        if value < 0 {
            self.wrong = Some((name, format!("a count cannot be {value}")));
        } else if name.ends_with("_tokens") {
            if value > TOKENS_PER_ROW {
                self.odd = Some(("plausibility", format!("{name} above {TOKENS_PER_ROW}")));
            }
        } else if name.contains("lines_") {
            self.lines(name, value);
        }
    }

    fn flag(&mut self, _value: Option<bool>) {
        self.column();
    }

    fn text(&mut self, value: Option<&str>) {
        let name = self.column();
        if name == "platform" {
            self.is_api = value == Some("claude_api");
        }
        if name == "user_email"
            && let Some(email) = value
            && !email.contains('@')
            && !email.contains(':')
        {
            self.odd = Some(("odd_email", "an e-mail address without @".to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use aispend_model::Feed;
    use aispend_proto::v1::{ApiUsageExpense, ClaudeExpense, ClaudeUsage, CursorExpense};
    use jiff::civil::date;

    use super::*;

    fn slice() -> Slice {
        Slice::of_day(Feed::CursorUsageEvents, "cursor", date(2026, 10, 5))
    }

    fn frames(writer: FramesWriter) -> Frames {
        Frames::new(writer.finish())
    }

    #[test]
    fn rows_that_pass_go_on_as_they_came() {
        let mut writer = FramesWriter::default();
        writer.push(CursorExpense {
            expense_date: 20_731,
            estimated_cost_usd: 5,
            ..CursorExpense::default()
        });
        let judgement = judge(&slice(), frames(writer), &[], &Limits::default()).unwrap();
        assert!(judgement.kept.is_none());
        assert_eq!((judgement.accepted.rows(), judgement.accepted.money()), (1, 5));
    }

    #[test]
    fn a_negative_count_is_rejected_and_its_neighbours_stay() {
        let mut writer = FramesWriter::default();
        for message_count in [3, -1, 4] {
            writer.push(ClaudeUsage {
                activity_date: 20_731,
                message_count: Some(message_count),
                ..ClaudeUsage::default()
            });
        }
        let judgement = judge(&slice(), frames(writer), &[], &Limits::default()).unwrap();
        assert_eq!(judgement.accepted.rows(), 2);
        assert_eq!(judgement.rejected.first().unwrap().field, "message_count");
        let kept: u64 =
            Frames::new(judgement.kept.unwrap().frames).map(|set| set.unwrap().len() as u64).sum();
        assert_eq!(kept, 2);
    }

    #[test]
    fn money_is_never_rejected_for_its_content_and_never_guessed_into_a_day() {
        let mut writer = FramesWriter::default();
        writer.push(CursorExpense {
            expense_date: 20_731,
            usage_based_reqs: Some(-1),
            estimated_cost_usd: 7,
            ..CursorExpense::default()
        });
        let judgement = judge(&slice(), frames(writer), &[], &Limits::default()).unwrap();
        assert_eq!((judgement.accepted.money(), judgement.findings.len()), (7, 1));

        let mut writer = FramesWriter::default();
        writer.push(CursorExpense { expense_date: 20_732, ..CursorExpense::default() });
        assert!(matches!(
            judge(&slice(), frames(writer), &[], &Limits::default()),
            Err(ValidateError::OutsideDay { .. })
        ));
    }

    #[test]
    fn money_by_key_must_be_the_money_of_the_api() {
        let judged = |by_key| {
            let mut writer = FramesWriter::default();
            for (platform, cost_usd) in [("claude_api", 5), ("claude_code", 3)] {
                let platform = platform.to_owned();
                writer.push(ClaudeExpense {
                    expense_date: 20_731,
                    platform,
                    cost_usd,
                    ..ClaudeExpense::default()
                });
            }
            let cost_usd = by_key;
            writer.push(ApiUsageExpense { expense_date: 20_731, cost_usd, ..ApiUsageExpense::default() });
            let slice = Slice::of_day(Feed::AnthropicCost, "org", date(2026, 10, 5));
            judge(&slice, frames(writer), &[], &Limits::default())
        };
        assert!(judged(5).is_ok());
        assert!(matches!(judged(4), Err(ValidateError::KeyMoney { .. })));
    }
}
