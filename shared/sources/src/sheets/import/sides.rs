//! The two files of a merge: the one that comes and the one that is there, each read as the pipeline would read it.

use std::collections::{BTreeMap, BTreeSet};

use aispend_model::Feed;

use super::super::cells::Cells;
use super::super::sheet::Sheet;
use super::super::table::TableError;
use super::document::{Document, trim};
use super::keys::{self, Claim};
use super::lines::{Line, row_text};
use super::refuse::{self, Refused};
use super::{ImportError, Incoming, Judged, exports, judge, sheet_of, short_name};

/// The file that comes, its rows judged.
pub(super) struct Comes {
    pub export: Option<&'static str>,
    pub document: Document,
    pub claims: BTreeMap<u32, Claim>,
    pub refused: Vec<Refused>,
    pub skipped: usize,
}

impl Comes {
    pub(super) fn read(sheet: &'static Sheet, incoming: &Incoming) -> Result<Self, ImportError> {
        let name = incoming.name;
        let mut document = Document::read(name, incoming.bytes, sheet)?;
        if let Some(header) = document.header.iter().find(|header| refuse::of_any_cell(header).is_some()) {
            return Err(header_error(
                name,
                &TableError::bad(
                    format!("`{}` is no name of a column", header.chars().take(60).collect::<String>()),
                    "name the columns in plain words",
                ),
                sheet,
                &document,
            ));
        }
        let export = exports::adapt(name, sheet.feed, &mut document, incoming.period)?;
        let mut refused = Vec::new();
        let mut skipped = 0;
        let names = document.names.clone();
        document.lines.retain(|line| {
            let first = line.cells.iter().map(|cell| trim(cell)).find(|cell| !cell.is_empty());
            if first.is_none_or(|first| first.starts_with('#')) {
                skipped += usize::from(first.is_some());
                return false;
            }
            let fault = of_cells(&names, line);
            let is_good = fault.is_none();
            refused.extend(fault.map(|fault| Refused { file: name.to_owned(), ..fault }));
            is_good
        });
        let judged = judge(sheet, &canonical(&document))
            .map_err(|error| header_error(name, &error, sheet, &document))?;
        let by_number: BTreeMap<u32, &Line> = document.lines.iter().map(|line| (line.number, line)).collect();
        let bad: BTreeSet<u32> = judged.refused.iter().map(|(row, _)| *row).collect();
        refused.extend(judged.refused.iter().map(|(row, fault)| {
            let cell = by_number.get(row).map_or("", |line| document.cell(line, fault.column));
            Refused::of(name, *row, fault, cell)
        }));
        let mut claims = claims(sheet.feed, &judged);
        claims.retain(|row, _| !bad.contains(row));
        Ok(Self { export, document, claims, refused, skipped })
    }
}

/// The sheet as it is.
pub(super) struct There {
    /// With its mark in front, where it has one.
    pub text: String,
    pub document: Document,
    pub claims: BTreeMap<u32, Claim>,
    pub broken: Vec<Refused>,
}

impl There {
    pub(super) fn read(sheet: &'static Sheet, bytes: Option<&[u8]>) -> Result<Self, ImportError> {
        let name = format!("sheet \"{}\"", short_name(sheet.feed));
        let Some(bytes) = bytes else {
            let header: Vec<String> = sheet.columns.iter().map(|column| column.name.to_owned()).collect();
            let text = row_text(header.iter().map(String::as_str)) + "\n";
            let document = Document { names: header.clone(), header, lines: Vec::new() };
            return Ok(Self { text, document, claims: BTreeMap::new(), broken: Vec::new() });
        };
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.split(|byte| *byte == b'\n').count();
            ImportError::Sheet {
                place: name.clone(),
                reason: format!("line {line} of the sheet as it is is not UTF-8 text"),
                remedy: "save it as CSV UTF-8 and import again".to_owned(),
            }
        })?;
        let document =
            Document::cut(&name, without_mark(text), b',', sheet).map_err(ImportError::of_sheet)?;
        let judged =
            judge(sheet, text).map_err(|error| header_error(&name, &error, sheet, &document).of_sheet())?;
        let broken = judged.refused.iter().map(|(row, fault)| Refused {
            file: name.clone(),
            row: *row,
            column: fault.column.to_owned(),
            reason: fault.reason.clone(),
            remedy: String::new(),
        });
        let broken = broken.collect();
        let claims = claims(sheet.feed, &judged);
        Ok(Self { text: text.to_owned(), document, claims, broken })
    }
}

pub(super) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

pub(super) fn claims(feed: Feed, judged: &Judged) -> BTreeMap<u32, Claim> {
    let lines = judged.table.lines.iter();
    lines
        .filter_map(|line| Some((line.number, keys::claim(feed, Cells { table: &judged.table, line })?)))
        .collect()
}

/// What is wrong with a row whatever its columns mean.
fn of_cells(names: &[String], line: &Line) -> Option<Refused> {
    line.cells.iter().enumerate().find_map(|(place, cell)| {
        let cell = trim(cell);
        let name = names.get(place).map_or("", String::as_str);
        let (reason, remedy) = match refuse::of_any_cell(cell) {
            Some(fault) => fault,
            None if name.is_empty() && !cell.is_empty() => (
                format!("cell {} stands under no header", place + 1),
                "name its column in row 1, or look for a comma too many in this row",
            ),
            None => return None,
        };
        let (column, remedy) = (name.to_owned(), remedy.to_owned());
        Some(Refused { file: String::new(), row: line.number, column, reason, remedy })
    })
}

/// The rows as the pipeline reads them, with the same numbers.
fn canonical(document: &Document) -> String {
    let mut text = row_text(document.names.iter().map(String::as_str));
    let mut number = 1;
    for line in &document.lines {
        while number < line.number {
            text.push('\n');
            number += 1;
        }
        text.push_str(&row_text(line.cells.iter().map(|cell| trim(cell))));
    }
    text.push('\n');
    text
}

fn header_error(name: &str, error: &TableError, sheet: &Sheet, document: &Document) -> ImportError {
    let (TableError::Bad { detail, .. } | TableError::Unreadable(detail)) = error;
    let remedy = match error {
        TableError::Bad { remedy, .. } => remedy.clone(),
        TableError::Unreadable(_) => "save the file as CSV UTF-8 and import it again".to_owned(),
    };
    let fits = |other: &Sheet| {
        let mut needed = other.columns.iter().filter(|column| column.is_required);
        needed.all(|column| document.names.iter().any(|name| name == column.name))
    };
    let other =
        super::all().filter(|feed| *feed != sheet.feed).filter_map(sheet_of).find(|other| fits(other));
    let remedy = other
        .map_or(remedy.clone(), |other| format!("{remedy}; or is it the sheet {}?", short_name(other.feed)));
    ImportError::Header { place: name.to_owned(), reason: detail.clone(), remedy }
}
