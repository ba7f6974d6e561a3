//! A file as header and rows, whatever separates its cells.

use super::super::sheet::Sheet;
use super::super::table::header_name;
use super::lines::{Line, QuoteError, cut};
use super::{ImportError, text};

/// What separates cells in files that people have.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// A file that was read.
#[derive(Debug, Clone)]
pub(super) struct Document {
    /// As a person wrote the header, trimmed.
    pub header: Vec<String>,
    /// The sheet's own name of each column, where it has one; else the header in small letters. Empty where there is none.
    pub names: Vec<String>,
    /// The rows below the header.
    pub lines: Vec<Line>,
}

impl Document {
    /// Reads a file that a person or a vendor made.
    pub(super) fn read(name: &str, bytes: &[u8], sheet: &Sheet) -> Result<Self, ImportError> {
        let text = text::decode(name, bytes)?;
        // Excel's way to say what separates cells; it shows the line to nobody.
        let (said, text) = match text.strip_prefix("sep=").and_then(|rest| rest.split_once('\n')) {
            Some((mark, rest)) => (mark.bytes().next(), rest),
            None => (None, text.as_ref()),
        };
        let delimiter = said.unwrap_or_else(|| delimiter_of(text, sheet));
        Self::cut(name, text, delimiter, sheet)
    }

    /// Reads text whose cells are separated like that.
    pub(super) fn cut(name: &str, text: &str, delimiter: u8, sheet: &Sheet) -> Result<Self, ImportError> {
        let mut lines = cut(text, delimiter).map_err(|error| unbalanced(name, &error))?;
        if lines.first().is_none_or(|line| line.number != 1) {
            return Err(ImportError::Header {
                place: format!("{name}, row 1"),
                reason: "row 1 is blank".to_owned(),
                remedy: "put the header in row 1".to_owned(),
            });
        }
        let header: Vec<String> = lines.remove(0).cells.iter().map(|cell| trim(cell).to_owned()).collect();
        let names = header.iter().map(|name| column_name(name, sheet)).collect();
        Ok(Self { header, names, lines })
    }

    /// A row's cell under a column, trimmed; empty where there is none.
    pub(super) fn cell<'a>(&self, line: &'a Line, column: &str) -> &'a str {
        let place = self.names.iter().position(|name| name == column);
        place.and_then(|place| line.cells.get(place)).map_or("", |cell| trim(cell))
    }
}

/// Blanks and stray marks around a cell say nothing.
pub(super) fn trim(cell: &str) -> &str {
    cell.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}')
}

fn column_name(header: &str, sheet: &Sheet) -> String {
    let name = header_name(header);
    let known = sheet.columns.iter().find(|column| column.is_called(&name));
    known.map_or(name, |column| column.name.to_owned())
}

/// What cuts the first line into most of the columns that the sheet knows; else into most cells.
fn delimiter_of(text: &str, sheet: &Sheet) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let known = |delimiter: &u8| {
        let cells: Vec<&str> = header.split(char::from(*delimiter)).collect();
        let names = cells.iter().map(|cell| column_name(cell.trim().trim_matches('"'), sheet));
        let known = names.filter(|name| sheet.columns.iter().any(|column| column.name == name)).count();
        (known, cells.len())
    };
    // Of equals the first: `max_by_key` gives the last.
    DELIMITERS.into_iter().rev().max_by_key(known).unwrap_or(b',')
}

fn unbalanced(name: &str, error: &QuoteError) -> ImportError {
    ImportError::file(
        format!("{name}, row {}, cell {}", error.row, error.cell),
        error.reason,
        "a quote within a cell is written twice (\"\"), and a cell with quotes stands in quotes; saving the file from a spreadsheet does that",
    )
}
