//! Files of a card or a dashboard: CSV, XLSX, JSON, and a zip of files. Full precision, same rows as the screen.

use std::io::{Cursor, Write as _};

use aispend_tables::Cell;
use aispend_warehouse::{Card, Display};
use serde_json::{Value, json};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{
    answer::{Answer, Asked, to_json},
    format,
    state::DataState,
};

/// A file could not be made: ours, never the reader's.
#[derive(Debug, thiserror::Error)]
#[error("the export could not be written: {0}")]
pub struct ExportError(pub(crate) String);

/// How a file looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FileFormat {
    Csv,
    Xlsx,
    Json,
    Png,
    Zip,
}

impl FileFormat {
    /// By the ending of a name.
    pub fn of_ending(ending: &str) -> Option<Self> {
        Some(match ending {
            "csv" => Self::Csv,
            "xlsx" => Self::Xlsx,
            "json" => Self::Json,
            "png" => Self::Png,
            "zip" => Self::Zip,
            _ => return None,
        })
    }

    /// The ending of a name.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Json => "json",
            Self::Png => "png",
            Self::Zip => "zip",
        }
    }

    /// What a browser is told.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Json => "application/json",
            Self::Png => "image/png",
            Self::Zip => "application/zip",
        }
    }
}

/// `ai-usage_exec_monthly-trend_2026-10-01_2026-10-31.csv`; a dashboard's file leaves the card out. A file of a demo says so
/// in its name as well as in itself.
pub fn file_name(
    group: &str,
    card: Option<&str>,
    asked: &Asked,
    state: &DataState,
    format: FileFormat,
) -> String {
    let (from, to) = (asked.selection.first_day, asked.selection.last_day);
    let card = card.map_or_else(String::new, |card| format!("{card}_"));
    let simulated = if state.is_simulated { "simulated_" } else { "" };
    format!("ai-usage_{simulated}{group}_{card}{from}_{to}.{}", format.ending())
}

/// The last column of a demo's CSV: rows are copied out of files, and names are given by whoever saves them.
const SIMULATED: &str = "simulated_data";

/// RFC 4180 with a header; days as ISO has them, amounts as plain decimals, nothing for what is not there.
///
/// # Errors
/// Never, as it writes to memory.
pub fn csv(card: &Card, answer: &Answer, state: &DataState) -> Result<Vec<u8>, ExportError> {
    let failed = |error: csv::Error| ExportError(error.to_string());
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let label = |text: &str| state.is_simulated.then(|| text.to_owned());
    let names = card.columns.iter().map(|column| column.name.clone());
    writer.write_record(names.chain(label(SIMULATED))).map_err(failed)?;
    for row in &answer.rows {
        writer.write_record(row.iter().map(csv_cell).chain(label("yes"))).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| ExportError(error.to_string()))
}

fn csv_cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => guarded(text),
        Cell::Float(_) => format::number(cell).map_or_else(String::new, crate::Number::plain),
        Cell::Null
        | Cell::Flag(_)
        | Cell::Integer(_)
        | Cell::Decimal(_)
        | Cell::Date(_)
        | Cell::Moment(_) => cell.to_string(),
    }
}

/// A text that a spreadsheet would run as a formula gets an apostrophe before it; numbers are no texts.
fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

/// Every card of a dashboard, as the API gives it.
pub fn json_all(cards: &[(&Card, &Answer)], asked: &Asked, state: &DataState) -> Value {
    let answers: Vec<Value> =
        with_rows(cards).map(|(card, answer)| to_json(card, answer, asked, state)).collect();
    json!({"dashboard": asked.board.group, "title": asked.board.title, "simulated": state.is_simulated, "cards": answers})
}

/// A CSV for every card of a dashboard, and a text that says what they are.
///
/// # Errors
/// When the archive cannot be written.
pub fn zip_all(cards: &[(&Card, &Answer)], asked: &Asked, state: &DataState) -> Result<Vec<u8>, ExportError> {
    let file = |(card, answer): (&Card, &Answer)| {
        let name = file_name(&card.group, Some(&card.name), asked, state, FileFormat::Csv);
        Ok((name, csv(card, answer, state)?))
    };
    zip_of(with_rows(cards).map(file), asked, state)
}

/// Files of a dashboard by their names, and a text that says what they are.
///
/// # Errors
/// The first file that could not be made, or when the archive cannot be written.
pub fn zip_of<E: From<ExportError>>(
    files: impl Iterator<Item = Result<(String, Vec<u8>), E>>,
    asked: &Asked,
    state: &DataState,
) -> Result<Vec<u8>, E> {
    let failed = |error: &dyn std::fmt::Display| ExportError(error.to_string());
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    archive.start_file("about.txt", options).map_err(|error| failed(&error))?;
    for (term, text) in about(asked, state) {
        write!(archive, "{term}: {text}\r\n").map_err(|error| failed(&error))?;
    }
    for file in files {
        let (name, bytes) = file?;
        archive.start_file(name, options).map_err(|error| failed(&error))?;
        archive.write_all(&bytes).map_err(|error| failed(&error))?;
    }
    let written = archive.finish().map_err(|error| failed(&error))?;
    Ok(written.into_inner())
}

/// Text cards have nothing to export.
pub(crate) fn with_rows<'a>(
    cards: &'a [(&'a Card, &'a Answer)],
) -> impl Iterator<Item = (&'a Card, &'a Answer)> {
    cards.iter().copied().filter(|(card, _)| card.display != Display::Text)
}

/// What a reader of a file must know about all of it.
pub(crate) fn about(asked: &Asked, state: &DataState) -> Vec<(&'static str, String)> {
    let mut about = vec![
        ("Dashboard", asked.board.title.to_owned()),
        ("Range", asked.period.words()),
        ("From", asked.selection.first_day.to_string()),
        ("To", asked.selection.last_day.to_string()),
        ("Filters", asked.filters.words(asked.board.filters)),
        ("Data through", crate::page::through_words(state)),
        (
            "As of",
            state.as_of.map(|moment| moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default(),
        ),
        ("Amounts", "US dollars, full precision; days are UTC billing days".to_owned()),
    ];
    if state.is_simulated {
        about.insert(0, ("Simulated data", "an invented company; no amount was ever billed".to_owned()));
    }
    about
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_would_run_as_a_formula_is_guarded_and_a_number_is_not() {
        for (text, written) in [
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-x", "'-x"),
            ("@cmd", "'@cmd"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!(csv_cell(&Cell::Text(text.into())), written);
        }
        assert_eq!(csv_cell(&Cell::Decimal("-12.5".into())), "-12.5");
        assert_eq!(csv_cell(&Cell::Integer(-3)), "-3");
        assert_eq!(csv_cell(&Cell::Float(-0.25)), "-0.25");
    }
}
