//! Answers to SQL, cell by cell and exact: the same shape whichever engine answered.

use std::fmt;

use jiff::{Timestamp, civil::Date};

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Not said.
    Null,
    /// Yes or no.
    Flag(bool),
    /// A count.
    Integer(i128),
    /// An exact decimal number, without trailing zeros.
    Decimal(String),
    /// A ratio.
    Float(f64),
    /// A text.
    Text(String),
    /// A day.
    Date(Date),
    /// A moment.
    Moment(Timestamp),
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellKind {
    /// Yes or no.
    Flag,
    /// A count.
    Integer,
    /// An exact decimal number.
    Decimal,
    /// A ratio.
    Float,
    /// A text, and whatever has no kind of its own.
    Text,
    /// A day.
    Date,
    /// A moment.
    Moment,
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryColumn {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: CellKind,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryResult {
    /// In order.
    pub columns: Vec<QueryColumn>,
    /// In order; each has a cell per column.
    pub rows: Vec<Vec<Cell>>,
}

/// As a CSV shows it; nothing for NULL.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Flag(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Decimal(value) | Self::Text(value) => f.write_str(value),
            Self::Float(value) => value.fmt(f),
            Self::Date(value) => value.fmt(f),
            Self::Moment(value) => value.fmt(f),
        }
    }
}

impl QueryResult {
    /// As a port hands it on: every value as text, NULL as nothing.
    pub fn into_texts(self) -> aispend_ports::Answer {
        let text = |cell: Cell| (cell != Cell::Null).then(|| cell.to_string());
        aispend_ports::Answer {
            columns: self.columns.into_iter().map(|column| column.name).collect(),
            rows: self.rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect(),
        }
    }

    /// As CSV with a header. NULL is empty, and an empty text is `""`.
    pub fn to_csv(&self) -> String {
        let header = self.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>().join(",");
        let mut lines = vec![header];
        for row in &self.rows {
            lines.push(row.iter().map(csv_cell).collect::<Vec<_>>().join(","));
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

fn csv_cell(cell: &Cell) -> String {
    let text = cell.to_string();
    let is_text = matches!(cell, Cell::Text(_));
    if is_text && (text.is_empty() || text.contains([',', '"', '\n', '\r'])) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// A decimal number as people write it.
pub fn without_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}
