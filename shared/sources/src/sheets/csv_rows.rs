//! Reads a CSV file into rows with the numbers a person sees in a spreadsheet, blank lines counted.

use super::table::TableError;

const SAVE_AGAIN: &str = "save the file as CSV UTF-8 (comma separated) and import it again";

/// Row number and cells, untrimmed. Blank lines are left out but counted.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<(u32, Vec<String>)>, TableError> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(TableError::bad("the file is UTF-16 text, not UTF-8", SAVE_AGAIN));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.split(|byte| *byte == b'\n').count();
        TableError::bad(format!("line {line} is not UTF-8 text"), SAVE_AGAIN)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains('\0') {
        return Err(TableError::bad("the file holds binary data", SAVE_AGAIN));
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    let mut rows = Vec::new();
    let mut number: u32 = 0;
    loop {
        let start = reader.position().byte() as usize;
        match reader.read_record(&mut record) {
            Ok(false) => return Ok(rows),
            Ok(true) => {
                number = number.saturating_add(blank_lines(text.as_bytes(), start)).saturating_add(1);
                rows.push((number, record.iter().map(str::to_owned).collect()));
            }
            Err(error) => return Err(TableError::bad(error.to_string(), SAVE_AGAIN)),
        }
    }
}

/// Line ends between a record's end and the next record's first letter.
fn blank_lines(text: &[u8], start: usize) -> u32 {
    let rest = text.get(start..).unwrap_or_default();
    let before = start.checked_sub(1).and_then(|place| text.get(place)).copied();
    // The reader may stop between the two bytes of a line end.
    let rest = if before == Some(b'\r') { rest.strip_prefix(b"\n").unwrap_or(rest) } else { rest };
    let mut lines = 0;
    let mut previous = 0;
    for byte in rest.iter().copied().take_while(|byte| matches!(byte, b'\r' | b'\n')) {
        if !(byte == b'\n' && previous == b'\r') {
            lines += 1;
        }
        previous = byte;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Vec<(u32, String)> {
        read(text.as_bytes()).unwrap().into_iter().map(|(number, cells)| (number, cells.join("|"))).collect()
    }

    #[test]
    fn a_row_is_numbered_as_a_spreadsheet_numbers_it() {
        let expected = [(1, "a|b".to_owned()), (2, "1|two\nlines".to_owned()), (5, "3".to_owned())];
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "1,\"two\nlines\"", "", "", "3", ""].join(end);
            assert_eq!(numbers(&text), expected, "{end:?}");
        }
        assert_eq!(numbers("\n\na"), [(3, "a".to_owned())]);
    }

    #[test]
    fn what_is_not_utf_8_says_where() {
        let detail = |bytes: &[u8]| match read(bytes).unwrap_err() {
            TableError::Unreadable(detail) | TableError::Bad { detail, .. } => detail,
        };
        assert_eq!(detail(b"a,b\nJos\xe9,1\n"), "line 2 is not UTF-8 text");
        assert_eq!(detail(b"\xff\xfea\0"), "the file is UTF-16 text, not UTF-8");
        assert_eq!(detail(b"PK\x03\x04\0\0"), "the file holds binary data");
    }

    #[test]
    fn quotes_and_commas_within_cells_are_kept() {
        assert_eq!(numbers("\"a \"\"b\"\", c\",d"), [(1, "a \"b\", c|d".to_owned())]);
    }
}
