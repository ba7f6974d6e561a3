//! Reads a sheet, Google's JSON or a CSV file, into one shape: a header and numbered rows of cells.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::csv_rows;

/// A value as the sheet holds it. Numbers stay text: their digits are read, never a float.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    Empty,
    /// Trimmed, never empty.
    Text(String),
    /// A JSON number, digit by digit.
    Number(String),
    Flag(bool),
}

impl Cell {
    /// What a person would read in the cell.
    pub(super) fn shown(&self) -> &str {
        match self {
            Self::Empty => "",
            Self::Text(text) | Self::Number(text) => text,
            Self::Flag(true) => "TRUE",
            Self::Flag(false) => "FALSE",
        }
    }

    fn text(text: &str) -> Self {
        let trimmed = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
        if trimmed.is_empty() { Self::Empty } else { Self::Text(trimmed.to_owned()) }
    }
}

/// Which of the two forms a document has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Google,
    Csv,
}

/// What a feed expects of its header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// As in the feed's documentation.
    pub name: &'static str,
    /// Other spellings people use.
    pub aliases: &'static [&'static str],
    /// True where the sheet is of no use without it.
    pub is_required: bool,
}

impl Column {
    pub(super) const fn required(name: &'static str) -> Self {
        Self { name, aliases: &[], is_required: true }
    }

    pub(super) const fn optional(name: &'static str) -> Self {
        Self { name, aliases: &[], is_required: false }
    }

    pub(super) const fn or(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    pub(super) fn is_called(&self, header: &str) -> bool {
        self.name == header || self.aliases.contains(&header)
    }
}

/// A sheet whose header holds what it must.
#[derive(Debug)]
pub(super) struct Table {
    /// The tab's name.
    pub tab: String,
    pub form: Form,
    /// Place in the row of each of the feed's columns, where the sheet has it.
    places: Vec<Option<usize>>,
    columns: &'static [Column],
    /// Headers that no column of the feed is called.
    pub unknown: Vec<String>,
    pub lines: Vec<Line>,
}

/// A row that is not blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// As a person counts: the header is row 1.
    pub number: u32,
    pub cells: Vec<Cell>,
}

/// Why a document is no table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TableError {
    /// Not what Google returns; asking again may help.
    Unreadable(String),
    /// A sheet that a person has to mend.
    Bad { detail: String, remedy: String },
}

impl TableError {
    pub(super) fn bad(detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Bad { detail: detail.into(), remedy: remedy.into() }
    }
}

impl Table {
    /// Reads a document and finds the feed's columns in its first row.
    pub(super) fn read(
        tab: &str,
        form: Form,
        bytes: &[u8],
        columns: &'static [Column],
    ) -> Result<Self, TableError> {
        let mut lines = match form {
            Form::Google => google_lines(bytes)?,
            Form::Csv => csv_rows::read(bytes)?
                .into_iter()
                .map(|(number, cells)| Line {
                    number,
                    cells: cells.iter().map(|cell| Cell::text(cell)).collect(),
                })
                .collect(),
        };
        lines.retain(|line| line.cells.iter().any(|cell| *cell != Cell::Empty));
        let names = columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
        let Some(header) = lines.first().cloned() else {
            return Err(TableError::bad("the sheet is empty", format!("put the header in row 1: {names}")));
        };
        if header.number != 1 {
            return Err(TableError::bad("row 1 is blank", format!("put the header in row 1: {names}")));
        }
        lines.remove(0);
        let header: Vec<String> = header.cells.iter().map(|cell| header_name(cell.shown())).collect();
        let places = places(&header, columns)?;
        let unknown = header
            .into_iter()
            .filter(|name| !name.is_empty() && !columns.iter().any(|column| column.is_called(name)))
            .map(|name| name.chars().take(60).collect())
            .collect();
        Ok(Self { tab: tab.to_owned(), form, places, columns, unknown, lines })
    }

    /// The cell of a line under a column; an absent one is empty.
    pub(super) fn cell<'a>(&self, line: &'a Line, column: &str) -> &'a Cell {
        let place = self.columns.iter().position(|known| known.name == column);
        let place = place.and_then(|place| self.places.get(place).copied().flatten());
        place.and_then(|place| line.cells.get(place)).unwrap_or(&Cell::Empty)
    }

    /// The feed's columns, by name.
    pub(super) fn columns(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.columns.iter().map(|column| column.name)
    }

    /// The first of the feed's own cells that is longer than a cell can be.
    pub(super) fn oversized(&self, line: &Line, limit: usize) -> Option<&'static str> {
        let long = |column: &&Column| self.cell(line, column.name).shown().len() > limit;
        self.columns.iter().find(long).map(|column| column.name)
    }
}

fn places(header: &[String], columns: &[Column]) -> Result<Vec<Option<usize>>, TableError> {
    let mut seen = BTreeSet::new();
    for name in header.iter().filter(|name| !name.is_empty()) {
        if !seen.insert(name.as_str()) {
            let short: String = name.chars().take(60).collect();
            return Err(TableError::bad(
                format!("two columns are called `{short}`"),
                "rename or remove one of them: which to read cannot be told",
            ));
        }
    }
    let mut places = Vec::with_capacity(columns.len());
    let mut missing = Vec::new();
    for column in columns {
        let mut found = header.iter().enumerate().filter(|(_, name)| column.is_called(name));
        let place = found.next().map(|(place, _)| place);
        if let Some((_, other)) = found.next() {
            return Err(TableError::bad(
                format!("two columns mean `{}`, one of them called `{other}`", column.name),
                "remove one of them: which to read cannot be told",
            ));
        }
        if place.is_none() && column.is_required {
            missing.push(format!("`{}`", column.name));
        }
        places.push(place);
    }
    if missing.is_empty() {
        return Ok(places);
    }
    Err(TableError::bad(
        format!("row 1 has no header {}", missing.join(", ")),
        format!(
            "name the columns in row 1: {}",
            columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
        ),
    ))
}

/// `User E-mail ` and `user_e_mail` are one name.
pub(super) fn header_name(text: &str) -> String {
    text.trim().to_lowercase().replace([' ', '-', '\u{a0}'], "_")
}

#[derive(Deserialize)]
struct Values<'a> {
    #[serde(borrow)]
    values: Option<Vec<Vec<&'a RawValue>>>,
    // Only to tell an empty range from a body that is something else.
    range: Option<serde::de::IgnoredAny>,
}

fn google_lines(bytes: &[u8]) -> Result<Vec<Line>, TableError> {
    let body: Values =
        serde_json::from_slice(bytes).map_err(|error| TableError::Unreadable(error.to_string()))?;
    if body.range.is_none() && body.values.is_none() {
        return Err(TableError::Unreadable("neither `range` nor `values`".to_owned()));
    }
    (1_u32..)
        .zip(body.values.unwrap_or_default())
        .map(|(number, row)| {
            let cells = row.into_iter().map(|cell| google_cell(cell.get())).collect::<Result<_, _>>()?;
            Ok(Line { number, cells })
        })
        .collect()
}

fn google_cell(json: &str) -> Result<Cell, TableError> {
    match json.bytes().next() {
        Some(b'"') => serde_json::from_str::<String>(json)
            .map(|text| Cell::text(&text))
            .map_err(|error| TableError::Unreadable(error.to_string())),
        Some(b't') => Ok(Cell::Flag(true)),
        Some(b'f') => Ok(Cell::Flag(false)),
        Some(b'n') => Ok(Cell::Empty),
        Some(b'-' | b'0'..=b'9') => Ok(Cell::Number(json.to_owned())),
        _ => Err(TableError::Unreadable("a cell that is neither text, number nor flag".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column::required("api_key_id"),
        Column::optional("team").or(&["team_name"]),
        Column::optional("note"),
    ];

    fn read(form: Form, bytes: &[u8]) -> Result<Table, TableError> {
        Table::read("t", form, bytes, COLUMNS)
    }

    fn detail(form: Form, bytes: &[u8]) -> String {
        match read(form, bytes).unwrap_err() {
            TableError::Unreadable(detail) | TableError::Bad { detail, .. } => detail,
        }
    }

    #[test]
    fn both_forms_give_the_same_rows() {
        let google =
            br#"{"range":"x","values":[["API key-ID "," Team Name"],[" k1 ","a"],[],["k2"],["",true]]}"#;
        let csv = b"\xef\xbb\xbfAPI key-ID , Team Name\r\n k1 ,a\r\n\r\nk2\r\n,TRUE\r\n";
        for (form, bytes) in [(Form::Google, &google[..]), (Form::Csv, &csv[..])] {
            let table = read(form, bytes).unwrap();
            let shown: Vec<_> = table
                .lines
                .iter()
                .map(|line| {
                    (line.number, table.cell(line, "api_key_id").shown(), table.cell(line, "team").shown())
                })
                .collect();
            assert_eq!(shown, [(2, "k1", "a"), (4, "k2", ""), (5, "", "TRUE")], "{form:?}");
        }
    }

    #[test]
    fn a_sheet_without_its_header_says_what_is_missing() {
        assert_eq!(detail(Form::Csv, b""), "the sheet is empty");
        assert_eq!(detail(Form::Google, br#"{"range":"'x'!A1"}"#), "the sheet is empty");
        assert_eq!(detail(Form::Csv, b"\n\napi_key_id\n"), "row 1 is blank");
        assert_eq!(detail(Form::Csv, b"key,team\nk,t\n"), "row 1 has no header `api_key_id`");
        assert_eq!(detail(Form::Csv, b"api_key_id,note,Note\n"), "two columns are called `note`");
        assert_eq!(
            detail(Form::Csv, b"api_key_id,team,team_name\n"),
            "two columns mean `team`, one of them called `team_name`"
        );
        assert_eq!(detail(Form::Google, b"{}"), "neither `range` nor `values`");
        assert_eq!(
            detail(Form::Google, br#"{"values":[["api_key_id"],[[1]]]}"#),
            "a cell that is neither text, number nor flag"
        );
    }

    #[test]
    fn a_column_nobody_asked_for_is_named_and_otherwise_ignored() {
        let table = read(Form::Csv, b"colour,api_key_id,,\nred,k\n").unwrap();
        assert_eq!(table.unknown, ["colour"]);
        assert_eq!(table.cell(&table.lines[0], "api_key_id"), &Cell::Text("k".into()));
    }
}
