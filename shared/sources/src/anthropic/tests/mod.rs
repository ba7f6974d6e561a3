//! Documents in, rows out: what the tests of these feeds share.
#![allow(clippy::needless_pass_by_value, reason = "a test hands over what it made")]

mod cost;
mod fixtures;
mod follow;
mod hostile;
mod laws;
mod platform;

use std::fmt::Write as _;
use std::path::PathBuf;

use aispend_model::{Feed, Generation, Money, Slice, Vendor, day_from_number};
use aispend_proto::v1::RecordSet;
use aispend_proto::{Column, ColumnKind, Row, RowSink, RowVisitor};
use jiff::civil::{Date, date};

use crate::{Ask, Body, ContextBodies, Finding, Reading, Records, Source, SourceError};

pub(super) const ORG: &str = "7c1d2f9e-4b3a-4e55-9a0e-2f6f0c5b7a11";
pub(super) const DAY: Date = date(2026, 10, 5);
/// 2026-10-07T13:00:00Z.
pub(super) const SEEN: Generation = Generation(1_791_378_000_000_000);

/// The bytes of a fixture.
pub(super) fn fixture(name: &str) -> Vec<u8> {
    let path = fixtures().join(format!("{name}.json"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Where they are, asked when it runs: build output may be shared between checkouts.
pub(super) fn fixtures() -> PathBuf {
    PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("fixtures/anthropic")
}

/// What reading a slice brought.
pub(super) struct Outcome {
    pub set: RecordSet,
    pub stated: Money,
    pub findings: Vec<Finding>,
}

impl Outcome {
    pub(super) fn claude_expenses(&self) -> Money {
        self.set.claude_expenses.iter().map(|row| nanos(row.cost_usd)).sum()
    }

    pub(super) fn api_part(&self) -> Money {
        let api = self.set.claude_expenses.iter().filter(|row| row.platform == "claude_api");
        api.map(|row| nanos(row.cost_usd)).sum()
    }

    pub(super) fn api_usage_expenses(&self) -> Money {
        self.set.api_usage_expenses.iter().map(|row| nanos(row.cost_usd)).sum()
    }

    /// Both laws of the money tables.
    pub(super) fn conserves(&self) {
        assert_eq!(self.claude_expenses(), self.stated, "rows add up to what was stated");
        assert_eq!(self.api_usage_expenses(), self.api_part(), "the API's money is the same by key");
    }

    pub(super) fn finds(&self, check: &str) -> Vec<&str> {
        let of_check = self.findings.iter().filter(|finding| finding.check == check);
        of_check.map(|finding| finding.message.as_str()).collect()
    }
}

fn nanos(wire: i64) -> Money {
    Money::from_nanos(i128::from(wire))
}

/// A slice as a test states it.
#[derive(Clone)]
pub(super) struct Case {
    source: &'static dyn Source,
    pub reading: Reading,
}

impl Case {
    pub(super) fn new(feed: Feed, family: &str) -> Self {
        let source = super::SOURCES.iter().copied().find(|source| source.feed() == feed).unwrap();
        let slice = if feed.is_daily() { Slice::of_day(feed, ORG, DAY) } else { Slice::all(feed, ORG) };
        let (documents, context) = (Vec::new(), Vec::new());
        Self {
            source,
            reading: Reading { slice, source: family.to_owned(), generation: SEEN, documents, context },
        }
    }

    pub(super) fn on(mut self, day: Date) -> Self {
        self.reading.slice.day = Some(day);
        self
    }

    /// With a document, asked for as this feed would.
    pub(super) fn with(self, role: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let ask = self.ask();
        let request = self.source.requests(&ask).into_iter().find(|request| request.role == role);
        let line = request.unwrap_or_else(|| panic!("`{role}` is never asked for")).line();
        self.with_answer_to(&line, role, bytes)
    }

    pub(super) fn with_answer_to(mut self, request: &str, role: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let page = self.reading.documents.iter().filter(|body| body.role == role).count() as u32;
        let (role, request) = (role.to_owned(), request.to_owned());
        self.reading.documents.push(Body { role, request, page, bytes: bytes.into() });
        self
    }

    /// With another feed's slice.
    pub(super) fn beside(mut self, feed: Feed, documents: &[(&str, Vec<u8>)]) -> Self {
        let body = |(role, bytes): &(&str, Vec<u8>)| Body {
            role: (*role).to_owned(),
            request: if feed.vendor() == Vendor::Sheets { "FILE api-key-mapping.csv" } else { "GET /" }
                .to_owned(),
            page: 0,
            bytes: bytes.clone(),
        };
        self.reading.context.push(ContextBodies { feed, documents: documents.iter().map(body).collect() });
        self
    }

    /// With the directory and the Claude Code report of the invented organisation.
    pub(super) fn beside_samples(self) -> Self {
        let directory = [
            ("api_keys", fixture("directory/api-keys-1")),
            ("api_keys", fixture("directory/api-keys-2")),
            ("workspaces", fixture("directory/workspaces")),
        ];
        let code =
            [("claude_code", fixture("claude-code/page-1")), ("claude_code", fixture("claude-code/page-2"))];
        self.beside(Feed::AnthropicDirectory, &directory).beside(Feed::AnthropicClaudeCode, &code)
    }

    pub(super) fn ask(&self) -> Ask {
        Ask {
            slice: self.reading.slice.clone(),
            source: self.reading.source.clone(),
            generation: SEEN,
            spreadsheet_id: String::new(),
            tab: String::new(),
        }
    }

    pub(super) fn source(&self) -> &'static dyn Source {
        self.source
    }

    pub(super) fn read(&self) -> Result<Outcome, SourceError> {
        let mut set = RecordSet::default();
        let mut hand_on = |frame: RecordSet| frame.visit(&mut Keep(&mut set));
        let mut records = Records::new(&mut hand_on);
        self.source.records(&self.reading, &mut records)?;
        records.flush();
        let (stated, findings) = (records.stated, std::mem::take(&mut records.findings));
        Ok(Outcome { set, stated, findings })
    }

    pub(super) fn digest(&self) -> String {
        self.source.context_digest(&self.reading.slice, &self.reading.context).unwrap()
    }
}

struct Keep<'a>(&'a mut RecordSet);

impl RowVisitor for Keep<'_> {
    fn row<R: Row>(&mut self, row: &R) {
        self.0.push(row.clone());
    }
}

/// Rows as text: a line each, what is NULL left out.
pub(super) fn render(outcome: &Outcome) -> String {
    let mut text = Text::default();
    outcome.set.visit(&mut text);
    let mut text = text.0;
    writeln!(text, "stated {}", outcome.stated).unwrap();
    for finding in &outcome.findings {
        let Finding { check, severity, message, count } = finding;
        writeln!(text, "{severity:?} {check} ×{count}: {message}").unwrap();
    }
    text
}

#[derive(Default)]
struct Text(String);

impl RowVisitor for Text {
    fn row<R: Row>(&mut self, row: &R) {
        write!(self.0, "{} #{}", R::TABLE.name(), row.document()).unwrap();
        row.write(&mut Line { columns: R::TABLE.columns().iter(), text: &mut self.0 });
        self.0.push('\n');
    }
}

struct Line<'a> {
    columns: std::slice::Iter<'static, Column>,
    text: &'a mut String,
}

impl Line<'_> {
    fn value(&mut self, kind: ColumnKind, value: Option<String>) {
        let column = self.columns.next().expect("a value is a column's");
        assert_eq!(column.kind, kind, "{}", column.name);
        if let Some(value) = value {
            write!(self.text, " {}={value}", column.name).unwrap();
        }
    }
}

impl RowSink for Line<'_> {
    fn date(&mut self, value: Option<i32>) {
        self.value(ColumnKind::Date, value.map(|day| day_from_number(day).unwrap().to_string()));
    }
    fn moment(&mut self, value: Option<i64>) {
        let moment = value.map(|micros| jiff::Timestamp::from_microsecond(micros).unwrap().to_string());
        self.value(ColumnKind::Moment, moment);
    }
    fn decimal(&mut self, value: Option<i64>) {
        self.value(ColumnKind::Decimal, value.map(|wire| nanos(wire).to_string()));
    }
    fn integer(&mut self, value: Option<i64>) {
        self.value(ColumnKind::Integer, value.map(|count| count.to_string()));
    }
    fn flag(&mut self, value: Option<bool>) {
        self.value(ColumnKind::Flag, value.map(|flag| flag.to_string()));
    }
    fn text(&mut self, value: Option<&str>) {
        self.value(ColumnKind::Text, value.map(|text| format!("{text:?}")));
    }
}
