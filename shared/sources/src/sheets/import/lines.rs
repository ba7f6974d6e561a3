//! Cuts text into rows and cells, and keeps where each row stood: what does not change is written back as it was.

use std::ops::Range;

/// A row that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// As a spreadsheet numbers it: blank lines count, lines within quotes do not.
    pub number: u32,
    /// Where it stands in the text, without its line end.
    pub raw: Range<usize>,
    /// Without quotes, untrimmed.
    pub cells: Vec<String>,
}

/// A quote that does not end where a cell ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QuoteError {
    pub row: u32,
    /// Counted from 1.
    pub cell: usize,
    pub reason: &'static str,
}

/// Every row that is not blank.
pub(super) fn cut(text: &str, delimiter: u8) -> Result<Vec<Line>, QuoteError> {
    let bytes = text.as_bytes();
    let mut lines = Vec::new();
    let (mut place, mut number) = (0, 0);
    while place < bytes.len() {
        number += 1;
        let start = place;
        let mut cells = Vec::new();
        loop {
            let cell = cell(text, place, delimiter).map_err(|reason| QuoteError {
                row: number,
                cell: cells.len() + 1,
                reason,
            })?;
            cells.push(cell.text);
            place = cell.end;
            if bytes.get(place) != Some(&delimiter) {
                break;
            }
            place += 1;
        }
        if start < place {
            lines.push(Line { number, raw: start..place, cells });
        }
        place = after_line_end(bytes, place);
    }
    Ok(lines)
}

struct Cell {
    text: String,
    /// Where its delimiter, its line's end or the text's end is.
    end: usize,
}

fn cell(text: &str, start: usize, delimiter: u8) -> Result<Cell, &'static str> {
    let bytes = text.as_bytes();
    let is_end = |byte: &u8| *byte == delimiter || matches!(byte, b'\n' | b'\r');
    if bytes.get(start) != Some(&b'"') {
        let rest = bytes.get(start..).unwrap_or_default();
        let end = start + rest.iter().position(&is_end).unwrap_or(rest.len());
        return Ok(Cell { text: text.get(start..end).unwrap_or_default().to_owned(), end });
    }
    let mut cell = String::new();
    let mut place = start + 1;
    loop {
        let rest = bytes.get(place..).unwrap_or_default();
        let Some(length) = rest.iter().position(|byte| *byte == b'"') else {
            return Err("a quote opens and is never closed");
        };
        cell.push_str(text.get(place..place + length).unwrap_or_default());
        place += length + 1;
        match bytes.get(place) {
            Some(b'"') => {
                cell.push('"');
                place += 1;
            }
            Some(byte) if !is_end(byte) => return Err("text follows a closing quote"),
            _ => return Ok(Cell { text: cell, end: place }),
        }
    }
}

/// `\r\n` is one end of a line, and so is each of them alone.
fn after_line_end(bytes: &[u8], place: usize) -> usize {
    match (bytes.get(place), bytes.get(place + 1)) {
        (Some(b'\r'), Some(b'\n')) => place + 2,
        _ => place + 1,
    }
}

/// A row as text, with commas; quotes where they are needed.
pub(super) fn row_text<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let mut row = String::new();
    for (place, cell) in cells.into_iter().enumerate() {
        if place > 0 {
            row.push(',');
        }
        if cell.contains([',', '"', '\n', '\r']) || cell.trim() != cell {
            row.push('"');
            row.push_str(&cell.replace('"', "\"\""));
            row.push('"');
        } else {
            row.push_str(cell);
        }
    }
    // A row of one empty cell would be a blank line.
    if row.is_empty() { "\"\"".to_owned() } else { row }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sheets::csv_rows;

    fn shown(text: &str, delimiter: u8) -> Vec<(u32, String)> {
        let lines = cut(text, delimiter).unwrap();
        lines.into_iter().map(|line| (line.number, line.cells.join("|"))).collect()
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_numbers_them() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a;b", "1;\"two\nlines; \"\"x\"\"\"", "", "", "3", ""].join(end);
            let expected =
                [(1, "a|b".to_owned()), (2, "1|two\nlines; \"x\"".to_owned()), (5, "3".to_owned())];
            assert_eq!(shown(&text, b';'), expected, "{end:?}");
        }
    }

    #[test]
    fn quotes_that_do_not_match_say_which_row_and_cell() {
        let wrong =
            |text| cut(text, b',').map_err(|error| (error.row, error.cell, error.reason)).unwrap_err();
        assert_eq!(wrong("a,b\n1,\"2\n3,4\n"), (2, 2, "a quote opens and is never closed"));
        assert_eq!(wrong("a\n\"x\"y\n"), (2, 1, "text follows a closing quote"));
    }

    proptest! {
        #[test]
        fn the_pipeline_reads_the_same_rows(text in "[a\",\r\n ]{0,60}") {
            if let Ok(lines) = cut(&text, b',') {
                let ours: Vec<_> = lines.into_iter().map(|line| (line.number, line.cells)).collect();
                prop_assert_eq!(ours, csv_rows::read(text.as_bytes()).unwrap());
            }
        }

        #[test]
        fn a_row_written_is_read_again(cells in proptest::collection::vec("[a\",\r\n ;=é]{0,8}", 1..6)) {
            let text = row_text(cells.iter().map(String::as_str)) + "\n";
            let lines = cut(&text, b',').unwrap();
            prop_assert_eq!(&lines[0].cells, &cells);
            prop_assert_eq!(lines.len(), 1);
        }
    }
}
