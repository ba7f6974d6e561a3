//! Why a row of an import does not come in, and what a person can do.

use std::fmt;

use aispend_model::{Decimal, day_from_number};

use super::super::cells::{Fault, short};
use super::super::sheet::CELL_BYTES;

/// Columns that hold days.
pub(super) const DAYS: [&str; 7] =
    ["valid_from", "valid_to", "period_start", "period_end", "activity_date", "month", "upload_timestamp"];

/// A row that does not come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The file.
    pub file: String,
    /// As a spreadsheet numbers it.
    pub row: u32,
    /// Which column; empty where it is none of the sheet's.
    pub column: String,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

impl Refused {
    /// A row that the sheet's reader refused, and what its cell said.
    pub(super) fn of(file: &str, row: u32, fault: &Fault, cell: &str) -> Self {
        Self {
            file: file.to_owned(),
            row,
            column: fault.column.to_owned(),
            reason: fault.reason.clone(),
            remedy: remedy(fault.column, cell, &fault.reason),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, row {}", self.file, self.row)?;
        if !self.column.is_empty() {
            write!(formatter, ", column {}", self.column)?;
        }
        write!(formatter, ": {}", self.reason)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(formatter, " → {}", self.remedy) }
    }
}

/// What is wrong with a cell whatever its column is.
pub(super) fn of_any_cell(cell: &str) -> Option<(String, &'static str)> {
    if cell.len() > CELL_BYTES {
        let reason = format!("the cell holds {} bytes; a cell holds {CELL_BYTES}", cell.len());
        return Some((reason, "shorten it"));
    }
    if is_formula(cell) {
        let reason = format!("`{}` is a formula, or would be one in a spreadsheet", short(cell));
        return Some((reason, "put its value in its place (paste values only); nothing is calculated here"));
    }
    None
}

/// True for what a spreadsheet would run. A negative number is none, and a lone dash is none.
fn is_formula(cell: &str) -> bool {
    match cell.as_bytes() {
        [b'=' | b'@', ..] => true,
        [b'+' | b'-', _, ..] => cell.parse::<Decimal>().is_err(),
        _ => false,
    }
}

/// What to do about a cell that the sheet's reader refused.
fn remedy(column: &str, cell: &str, reason: &str) -> String {
    let is_day = DAYS.contains(&column);
    let is_digits = !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if reason.ends_with("is empty") {
        return "fill it in".to_owned();
    }
    if reason.starts_with("row ") {
        return "give one of the two rows other days, or take it out".to_owned();
    }
    if is_day && cell.bytes().filter(|byte| matches!(byte, b'.' | b'/' | b'-')).count() == 2 {
        return "which is the day and which the month is not guessed: write YYYY-MM-DD".to_owned();
    }
    if is_day && is_digits {
        return "this is a spreadsheet's number of a day: format the column as YYYY-MM-DD and save again"
            .to_owned();
    }
    String::new()
}

/// Days as a person says them.
pub(super) fn days(days: (i32, i32)) -> String {
    let shown =
        |number: i32| day_from_number(number).map_or_else(|_| "always".to_owned(), |day| day.to_string());
    match days {
        (i32::MIN, i32::MAX) => "always".to_owned(),
        (i32::MIN, to) => format!("until {}", shown(to)),
        (from, i32::MAX) => format!("from {}", shown(from)),
        (from, to) if from == to => shown(from),
        (from, to) => format!("{} to {}", shown(from), shown(to)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_a_formula_and_a_number_is_none() {
        for cell in ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "--", "=", "=HYPERLINK(\"http://x\")"]
        {
            assert!(is_formula(cell), "{cell}");
        }
        for cell in ["-12.50", "+3", "-", "a=b", "", "ana@example.com", "12"] {
            assert!(!is_formula(cell), "{cell}");
        }
    }

    #[test]
    fn a_day_that_two_people_read_in_two_ways_is_never_guessed() {
        for cell in ["17.10.2026", "10/17/2026", "10-11-2026"] {
            assert!(remedy("valid_from", cell, "no day").contains("not guessed"), "{cell}");
        }
        assert!(remedy("valid_from", "46300", "no day").contains("spreadsheet's number"));
        assert_eq!(remedy("price_usd", "46300", "no amount"), "");
    }
}
