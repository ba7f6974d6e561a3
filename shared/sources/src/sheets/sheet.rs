//! What all sheets share: one question, one table, and rows that are refused by name.

use aispend_model::{Feed, Money, Request, Response, Vendor, parse_day};
use aispend_proto::Table as Target;

use jiff::civil::Date;

use super::cells::{Cells, Fault};
use super::table::{Column, Form, Line, Table, TableError};
use crate::{
    Ask, Body, Finding, Followed, Next, Progress, Reading, Records, Refusal, Rejection, SETTING, Severity,
    Source, SourceError,
};

/// The role of the one answer that a sheet is.
pub const ROLE: &str = "sheet";
/// What one cell of a Google Sheet holds at most.
pub(super) const CELL_BYTES: usize = 50_000;
/// What of a refused row is kept.
const RECORD_CHARS: usize = 2_000;

/// Every column a sheet may have, the optional ones included.
const CELLS: &str = "!A1:Z";

/// A feed that is one table kept by people.
///
/// The path of a Google question is not encoded: `/v4/spreadsheets/{id}/values/'tab name'!A1:Z`. The adapter percent-encodes what
/// follows `/values/` as ONE segment (a tab's name may hold `/`, `?`, `#`, blanks and letters of any language).
pub(super) struct Sheet {
    pub feed: Feed,
    /// Every table its rows go to.
    pub tables: &'static [Target],
    pub columns: &'static [Column],
    /// Reads every row.
    pub read: fn(&mut Reader<'_, '_>),
}

/// A line, and what it says or why it is refused.
pub(super) type Row<'t, T> = (&'t Line, Result<T, Fault>);

/// A table being read, and where its rows go.
pub(super) struct Reader<'t, 'r> {
    pub table: &'t Table,
    /// The UTC day of the observation.
    pub today: Date,
    /// The first day of all data, where the fetcher said.
    pub since: Option<Date>,
    /// The document's place in the slice's list.
    pub document: u32,
    pub records: &'t mut Records<'r>,
    /// Rows that are refused, and why.
    pub refused: Vec<(u32, Fault)>,
}

impl Reader<'_, '_> {
    /// Refuses a row: it is kept with its reason, and its money is counted.
    pub(super) fn reject(&mut self, target: Target, line: &Line, fault: &Fault, money: Money) {
        self.refused.push((line.number, fault.clone()));
        let cells = Cells { table: self.table, line };
        let record =
            self.table.columns().filter_map(|column| Some(format!("{column}: {}", cells.text(column)?)));
        let record: String = record.collect::<Vec<_>>().join(", ").chars().take(RECORD_CHARS).collect();
        self.records.stated += money;
        self.records.reject(
            target,
            Rejection {
                table: target.name(),
                field: fault.column.to_owned(),
                reason: fault.reason.clone(),
                place: format!("sheet \"{}\", row {}", self.table.tab, line.number),
                record,
                money,
            },
        );
    }

    /// The table's rows. They outlive the reader's borrow, so rows can be refused on the way.
    pub(super) fn rows(table: &Table) -> impl Iterator<Item = Row<'_, Cells<'_>>> {
        table.lines.iter().map(move |line| {
            let cells = Cells { table, line };
            match table.oversized(line, CELL_BYTES) {
                None => (line, Ok(cells)),
                Some(column) => {
                    let size = cells.text(column).map_or(0, |text| text.len());
                    (
                        line,
                        Err(Fault::new(
                            column,
                            format!("{column} holds {size} bytes; a cell holds {CELL_BYTES}"),
                        )),
                    )
                }
            }
        })
    }

    /// Counts a word that is none of those we know. It is kept.
    pub(super) fn check_word(&mut self, column: &str, word: Option<&str>, known: &[&str]) {
        if let Some(word) = word.filter(|word| !known.contains(word)) {
            let message = format!("{column} `{}`", super::cells::short(word));
            self.records.find("unknown_value", Severity::Info, message);
        }
    }
}

impl Sheet {
    /// Reads an archived document. The request tells the form and the tab.
    pub(super) fn table(&self, body: &Body) -> Result<Table, SourceError> {
        let (form, tab) = asked_for(&body.request);
        Table::read(&tab, form, &body.bytes, self.columns).map_err(|error| match error {
            TableError::Unreadable(detail) => self.unreadable(&tab, detail),
            TableError::Bad { detail, remedy } => SourceError::Sheet {
                place: format!("sheet \"{tab}\""),
                detail: format!("{detail}; {remedy}"),
            },
        })
    }

    fn unreadable(&self, tab: &str, detail: String) -> SourceError {
        SourceError::Unreadable { feed: self.feed, place: format!("sheet \"{tab}\""), detail }
    }
}

impl Source for Sheet {
    fn feed(&self) -> Feed {
        self.feed
    }

    fn tables(&self) -> &'static [Target] {
        self.tables
    }

    fn requests(&self, ask: &Ask) -> Vec<Request> {
        let org_id = &ask.slice.org_id;
        if form(ask) == Form::Csv {
            let mut file = Request::get(Vendor::Sheets, org_id, ROLE, &format!("{}.csv", ask.tab));
            file.method = aispend_model::Method::File;
            return vec![file];
        }
        vec![google(ask, !is_bare(&ask.tab))]
    }

    fn follow(
        &self,
        ask: &Ask,
        request: &Request,
        response: &Response,
        _: Progress,
    ) -> Result<Followed, SourceError> {
        let settled = |next| Ok(Followed { items: 0, announced: None, next });
        if !response.is_success() {
            return match not_read(ask, request, response) {
                Some(next) => settled(next),
                None => Err(self
                    .unreadable(&ask.tab, format!("status {}: {}", response.status, said(&response.body)))),
            };
        }
        match Table::read(&ask.tab, form(ask), &response.body, self.columns) {
            Ok(table) => Ok(Followed { items: table.lines.len() as u64, announced: None, next: Next::Done }),
            Err(TableError::Unreadable(detail)) => Err(self.unreadable(&ask.tab, detail)),
            Err(TableError::Bad { detail, remedy }) => {
                let detail = format!("sheet \"{}\": {detail}", ask.tab);
                settled(Next::Refused(Refusal { reason: "bad_sheet", detail, remedy }))
            }
        }
    }

    fn records(&self, reading: &Reading, records: &mut Records) -> Result<(), SourceError> {
        let since = reading
            .of_role(SETTING)
            .find_map(|(_, body)| parse_day(std::str::from_utf8(&body.bytes).ok()?).ok());
        for (document, body) in reading.of_role(ROLE) {
            let table = self.table(body)?;
            for name in &table.unknown {
                let message = format!("sheet \"{}\" has a column `{name}` that is not read", table.tab);
                records.findings.push(Finding {
                    check: "unknown_field",
                    severity: Severity::Info,
                    message,
                    count: 1,
                });
            }
            let Some(today) = reading.generation.day() else {
                return Err(self.unreadable(&table.tab, "the moment of observation is no day".to_owned()));
            };
            (self.read)(&mut Reader { table: &table, today, since, document, records, refused: Vec::new() });
        }
        Ok(())
    }
}

fn form(ask: &Ask) -> Form {
    if ask.source == "csv" { Form::Csv } else { Form::Google }
}

/// Asks for a whole tab.
fn google(ask: &Ask, is_quoted: bool) -> Request {
    // A quote within quotes is doubled.
    let name = if is_quoted { format!("'{}'", ask.tab.replace('\'', "''")) } else { ask.tab.clone() };
    let path = format!("/v4/spreadsheets/{}/values/{name}{CELLS}", ask.spreadsheet_id);
    Request::get(Vendor::Sheets, &ask.slice.org_id, ROLE, &path)
        .with("majorDimension", "ROWS")
        .with("valueRenderOption", "UNFORMATTED_VALUE")
        .with("dateTimeRenderOption", "SERIAL_NUMBER")
}

/// True for a name that is a range without quotes.
fn is_bare(tab: &str) -> bool {
    tab.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-'))
}

/// The form and the tab of `Request::line`: `FILE people.csv`, `GET /v4/spreadsheets/…/values/people!A1:Z?…`, and without
/// the cells, as older archives have it.
pub(super) fn asked_for(line: &str) -> (Form, String) {
    if let Some(file) = line.strip_prefix("FILE ") {
        return (Form::Csv, file.strip_suffix(".csv").unwrap_or(file).to_owned());
    }
    let range = line.split_once("/values/").map_or(line, |(_, range)| range);
    let range = range.rsplit_once("?majorDimension=").map_or(range, |(range, _)| range);
    let name = range.strip_suffix(CELLS).unwrap_or(range);
    let quoted = name.strip_prefix('\'').and_then(|name| name.strip_suffix('\''));
    (Form::Google, quoted.map_or_else(|| name.to_owned(), |name| name.replace("''", "'")))
}

/// What a refusal means; `None` where asking again may help.
fn not_read(ask: &Ask, request: &Request, response: &Response) -> Option<Next> {
    let said = said(&response.body);
    let refused = |reason, remedy: &str| {
        let detail = format!("sheet \"{}\": status {}: {said}", ask.tab, response.status);
        Some(Next::Refused(Refusal { reason, detail, remedy: remedy.to_owned() }))
    };
    match response.status {
        404 if form(ask) == Form::Csv => Some(Next::Absent(format!("there is no file {}.csv", ask.tab))),
        404 => refused("no_spreadsheet", "check AISPEND_SPREADSHEET_ID: there is no spreadsheet of that id"),
        // A missing tab and a name in the wrong form are refused alike: absent is what is absent in both forms.
        400 if said.contains("Unable to parse range") => {
            let is_bare = is_bare(&ask.tab);
            if request.path == google(ask, !is_bare).path {
                return Some(Next::Instead(Box::new(google(ask, is_bare))));
            }
            Some(Next::Absent(format!("there is no tab \"{}\"", ask.tab)))
        }
        401 => refused("wrong_key", "check the service account's key file"),
        403 => refused(
            "missing_scope",
            "share the sheet with the service account (Viewer), and enable the Google Sheets API",
        ),
        408 | 409 | 425 | 429 => None,
        400..=499 => refused("bad_request", "check the spreadsheet's id and the tab's name"),
        _ => None,
    }
}

/// Google's own words on one line; never assumes JSON.
fn said(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Envelope {
        error: Message,
    }
    #[derive(serde::Deserialize)]
    struct Message {
        message: String,
    }
    let message = serde_json::from_slice::<Envelope>(body).map_or_else(
        |_| "no message that can be read".to_owned(),
        |envelope| envelope.error.message.split_whitespace().collect::<Vec<_>>().join(" "),
    );
    message.chars().take(200).collect()
}
