//! Plays a fixture's pages to a source as the fetcher and the normalizer do, and shows what came of it.

use std::fmt::Write as _;
use std::path::PathBuf;

use aispend_model::{Decimal, Generation, Money, Request, Response, Slice, day_from_number};
use aispend_proto::v1::RecordSet;
use aispend_proto::{Row, RowSink, RowVisitor, TableSums};
use aispend_sources::{
    Ask, Body, Finding, Followed, Next, Progress, Reading, Records, Rejection, SourceError, source,
};

/// 2026-10-07T02:00:00Z.
pub const OBSERVED: Generation = Generation(1_791_338_400_000_000);

pub fn ask(slice: Slice, source: &str, tab: &str) -> Ask {
    Ask { slice, source: source.into(), generation: OBSERVED, spreadsheet_id: "1AbC".into(), tab: tab.into() }
}

/// The bytes of `fixtures/{path}`.
pub fn fixture(path: &str) -> Vec<u8> {
    let file = fixtures().join(path);
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Where they are, asked when it runs: build output may be shared between checkouts.
pub fn fixtures() -> PathBuf {
    PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("fixtures")
}

pub fn response(status: u16, body: Vec<u8>) -> Response {
    Response { status, headers: Vec::new(), body }
}

/// What became of an observation.
pub struct Played {
    pub requests: Vec<Request>,
    pub followed: Vec<Followed>,
    pub bodies: Vec<Body>,
}

/// Answers a source's requests with these bodies, one after the other.
pub fn play(ask: &Ask, bodies: Vec<Vec<u8>>) -> Result<Played, SourceError> {
    let source = source(ask.slice.feed);
    let mut played = Played { requests: Vec::new(), followed: Vec::new(), bodies: Vec::new() };
    let mut waiting = source.requests(ask);
    let mut so_far = Progress::default();
    for bytes in bodies {
        let request = waiting.pop().expect("the fixture has more pages than were asked for");
        let followed = source.follow(ask, &request, &response(200, bytes.clone()), so_far)?;
        so_far.items += followed.items;
        so_far.announced = so_far.announced.or(followed.announced);
        if matches!(followed.next, Next::Done | Next::Page(_)) {
            let body =
                Body { role: request.role.clone(), request: request.line(), page: request.page, bytes };
            played.bodies.push(body);
        }
        if let Next::Page(more) = &followed.next {
            waiting.extend(more.clone());
        }
        played.requests.push(request);
        played.followed.push(followed);
    }
    assert!(waiting.is_empty(), "the fixture lacks a page that was asked for");
    Ok(played)
}

/// What a source has read.
#[derive(Default)]
pub struct Read {
    pub set: RecordSet,
    pub sums: TableSums,
    pub rejected: Vec<Rejection>,
    pub findings: Vec<Finding>,
    pub rounded: (u64, Decimal),
    pub stated: Money,
}

pub fn read(ask: &Ask, documents: Vec<Body>) -> Result<Read, SourceError> {
    let reading = Reading {
        slice: ask.slice.clone(),
        source: ask.source.clone(),
        generation: ask.generation,
        documents,
        context: Vec::new(),
    };
    let mut sets = Vec::new();
    let mut hand_on = |set| sets.push(set);
    let mut records = Records::new(&mut hand_on);
    source(ask.slice.feed).records(&reading, &mut records)?;
    records.flush();
    let mut read = Read {
        sums: records.read.clone(),
        rejected: std::mem::take(&mut records.rejected),
        findings: std::mem::take(&mut records.findings),
        rounded: (records.rounded_amounts, records.rounded_lost),
        stated: records.stated,
        set: RecordSet::default(),
    };
    for set in sets {
        set.visit(&mut Append(&mut read.set));
    }
    // Money in is money in rows and money refused, exactly.
    assert_eq!(read.sums.money(), read.stated.nanos());
    Ok(read)
}

struct Append<'a>(&'a mut RecordSet);

impl RowVisitor for Append<'_> {
    fn row<R: Row>(&mut self, row: &R) {
        self.0.push(row.clone());
    }
}

/// Everything an observation decided, as one text.
pub fn shown(ask: &Ask, bodies: Vec<Vec<u8>>) -> String {
    let mut text = String::new();
    let played = match play(ask, bodies) {
        Ok(played) => played,
        Err(error) => return format!("error: {error}\n"),
    };
    for (request, followed) in played.requests.iter().zip(&played.followed) {
        let next = match &followed.next {
            Next::Page(more) => {
                format!("Page({})", more.iter().map(Request::line).collect::<Vec<_>>().join("; "))
            }
            next => format!("{next:?}"),
        };
        writeln!(
            text,
            "{}\n  {} items, announced {:?}: {next}",
            request.line(),
            followed.items,
            followed.announced
        )
        .unwrap();
    }
    if played.bodies.len() < played.followed.len() {
        return text;
    }
    let read = match read(ask, played.bodies) {
        Ok(read) => read,
        Err(error) => return format!("{text}error: {error}\n"),
    };
    read.set.visit(&mut Show(&mut text));
    for rejection in &read.rejected {
        let Rejection { table, field, reason, place, record, money } = rejection;
        writeln!(text, "rejected from {table}: {place}: [{field}] {reason}; ${money} in {{{record}}}")
            .unwrap();
    }
    for Finding { check, severity, message, count } in &read.findings {
        writeln!(text, "finding {check} ({severity:?}, {count}): {message}").unwrap();
    }
    writeln!(text, "stated ${}, rounded {} amounts by {}", read.stated, read.rounded.0, read.rounded.1)
        .unwrap();
    text
}

struct Show<'a>(&'a mut String);

impl RowVisitor for Show<'_> {
    fn row<R: Row>(&mut self, row: &R) {
        let mut cells = Cells {
            names: R::TABLE.columns().iter(),
            text: format!("{} #{}:", R::TABLE.name(), row.document()),
        };
        row.write(&mut cells);
        self.0.push_str(&cells.text);
        self.0.push('\n');
    }
}

struct Cells {
    names: std::slice::Iter<'static, aispend_proto::Column>,
    text: String,
}

impl Cells {
    fn cell(&mut self, value: Option<String>) {
        let name = self.names.next().expect("a value for each column").name;
        if let Some(value) = value {
            write!(self.text, " {name}={value}").unwrap();
        }
    }
}

impl RowSink for Cells {
    fn date(&mut self, value: Option<i32>) {
        self.cell(value.map(|day| day_from_number(day).unwrap().to_string()));
    }
    fn moment(&mut self, value: Option<i64>) {
        self.cell(value.map(|micros| aispend_model::moment_from_micros(micros).unwrap().1.to_string()));
    }
    fn decimal(&mut self, value: Option<i64>) {
        self.cell(value.map(|nanos| Money::from_nanos(i128::from(nanos)).to_string()));
    }
    fn integer(&mut self, value: Option<i64>) {
        self.cell(value.map(|count| count.to_string()));
    }
    fn flag(&mut self, value: Option<bool>) {
        self.cell(value.map(|flag| flag.to_string()));
    }
    fn text(&mut self, value: Option<&str>) {
        self.cell(value.map(|text| format!("{text:?}")));
    }
}

/// Holds a snapshot beside the fixtures.
macro_rules! assert_shown {
    ($folder:expr, $name:expr, $text:expr) => {
        insta::with_settings!({
            snapshot_path => $crate::harness::fixtures().join($folder),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, { insta::assert_snapshot!($name, $text) })
    };
}
pub(crate) use assert_shown;
