//! Reads one row's cells as what their columns mean, or says what is wrong with them.

use aispend_model::{
    Decimal, Money, Rounded, day_from_number, day_number, normalize_email, parse_day, parse_moment,
};
use jiff::civil::{Date, date};

use super::table::{Cell, Form, Line, Table};

/// Day 0 of a spreadsheet is 1899-12-30.
const SERIAL_EPOCH: Date = date(1899, 12, 30);
const DAY_MICROS: i128 = 86_400_000_000;
/// A year outside these is a typing mistake.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2099;

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub column: &'static str,
    pub reason: String,
}

impl Fault {
    pub(super) fn new(column: &'static str, reason: impl Into<String>) -> Self {
        Self { column, reason: reason.into() }
    }
}

/// One row of a sheet.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    pub table: &'a Table,
    pub line: &'a Line,
}

impl<'a> Cells<'a> {
    fn cell(self, column: &str) -> &'a Cell {
        self.table.cell(self.line, column)
    }

    /// A text, also of a number or a flag.
    pub(super) fn text(self, column: &'static str) -> Option<String> {
        let shown = self.cell(column).shown();
        (!shown.is_empty()).then(|| shown.to_owned())
    }

    /// A text that must be there.
    pub(super) fn needed(self, column: &'static str) -> Result<String, Fault> {
        needed(column, self.text(column))
    }

    /// A word of a known list, whatever its case and separators.
    pub(super) fn word(self, column: &'static str) -> Option<String> {
        self.text(column).map(|text| text.to_lowercase().replace([' ', '-'], "_"))
    }

    /// An address as an identity; whatever stands there is kept.
    pub(super) fn email(self, column: &'static str) -> Option<String> {
        normalize_email(self.cell(column).shown())
    }

    /// An address that must be there and look like one.
    pub(super) fn needed_email(self, column: &'static str) -> Result<String, Fault> {
        needed(column, self.real_email(column)?)
    }

    /// An address that looks like one, where there is any.
    pub(super) fn real_email(self, column: &'static str) -> Result<Option<String>, Fault> {
        let Some(email) = self.email(column) else { return Ok(None) };
        match email.split_once('@') {
            Some((name, host))
                if !name.is_empty() && !host.is_empty() && !email.contains(char::is_whitespace) =>
            {
                Ok(Some(email))
            }
            _ => Err(Fault::new(column, format!("{column} `{}` is not an e-mail address", short(&email)))),
        }
    }

    /// An address, or `sa:…` and `cursor:…`, which stand for vendors' accounts without one.
    pub(super) fn account(self, column: &'static str) -> Result<Option<String>, Fault> {
        match self.email(column) {
            Some(account) if account.starts_with("sa:") || account.starts_with("cursor:") => {
                Ok(Some(account))
            }
            _ => self.real_email(column),
        }
    }

    /// A day: a serial number of the sheet, or `YYYY-MM-DD`.
    pub(super) fn day(self, column: &'static str) -> Result<Option<Date>, Fault> {
        let wrong =
            |text: &str| Fault::new(column, format!("{column} `{}` is not a day (YYYY-MM-DD)", short(text)));
        let day = match self.cell(column) {
            Cell::Empty => return Ok(None),
            Cell::Number(digits) if self.table.form == Form::Google => {
                serial_day(digits).ok_or_else(|| wrong(digits))?
            }
            Cell::Text(text) if self.is_serial(text) => serial_day(text).ok_or_else(|| wrong(text))?,
            Cell::Text(text) => parse_day(text).map_err(|_| wrong(text))?,
            other @ (Cell::Number(_) | Cell::Flag(_)) => return Err(wrong(other.shown())),
        };
        if YEARS.contains(&day.year()) { Ok(Some(day)) } else { Err(wrong(&day.to_string())) }
    }

    /// A day that must be there.
    pub(super) fn needed_day(self, column: &'static str) -> Result<Date, Fault> {
        needed(column, self.day(column)?)
    }

    /// `valid_from` and `valid_to`, both days included.
    pub(super) fn validity(self) -> Result<Validity, Fault> {
        let (from, to) = (self.day("valid_from")?, self.day("valid_to")?);
        match (from, to) {
            (Some(from), Some(to)) if to < from => {
                Err(Fault::new("valid_to", format!("valid_to {to} is before valid_from {from}")))
            }
            _ => Ok(Validity { from, to }),
        }
    }

    /// A month: `YYYY-MM`, or any day of it. Its first day.
    pub(super) fn needed_month(self, column: &'static str) -> Result<Date, Fault> {
        if let Cell::Text(text) = self.cell(column)
            && text.len() == 7
            && let Ok(day) = parse_day(&format!("{text}-01"))
            && YEARS.contains(&day.year())
        {
            return Ok(day);
        }
        let day = self.day(column).map_err(|fault| {
            let shown = short(self.cell(column).shown());
            Fault { reason: format!("{column} `{shown}` is not a month (YYYY-MM)"), ..fault }
        })?;
        needed(column, day).map(Date::first_of_month)
    }

    /// A moment in microseconds: a serial with a fraction, RFC 3339, or a day with or without a time, in UTC.
    pub(super) fn moment(self, column: &'static str) -> Result<Option<i64>, Fault> {
        let (text, is_serial) = match self.cell(column) {
            Cell::Empty => return Ok(None),
            Cell::Number(digits) => (digits.as_str(), self.table.form == Form::Google),
            Cell::Text(text) => (text.as_str(), self.is_serial(text)),
            Cell::Flag(_) => ("TRUE", false),
        };
        let moment = if is_serial { serial_micros(text) } else { written_micros(text) };
        let in_range = |micros: &i64| {
            day_from_number(micros.div_euclid(86_400_000_000) as i32)
                .is_ok_and(|day| YEARS.contains(&day.year()))
        };
        moment.filter(in_range).map(Some).ok_or_else(|| {
            Fault::new(column, format!("{column} `{}` is not a moment (YYYY-MM-DDThh:mm:ssZ)", short(text)))
        })
    }

    /// A whole number, not negative.
    pub(super) fn count(self, column: &'static str) -> Result<Option<i64>, Fault> {
        let cell = self.cell(column);
        if *cell == Cell::Empty {
            return Ok(None);
        }
        let number = cell.shown().parse::<Decimal>().ok().and_then(|number| number.to_string().parse().ok());
        match number {
            Some(number) if number >= 0 => Ok(Some(number)),
            _ => Err(Fault::new(column, format!("{column} `{}` is not a whole number", short(cell.shown())))),
        }
    }

    /// An amount in dollars, by its digits.
    pub(super) fn money(self, column: &'static str) -> Result<Option<Rounded>, Fault> {
        let text = match self.cell(column) {
            Cell::Empty => return Ok(None),
            Cell::Text(text) | Cell::Number(text) => text.as_str(),
            Cell::Flag(_) => "a tick box",
        };
        let wrong = || {
            let advice =
                "write a plain number such as 1200.50, without a currency sign or thousands separators";
            Fault::new(column, format!("{column} `{}` is not an amount: {advice}", short(text)))
        };
        let rounded = Money::from_dollars(text).map_err(|_| wrong())?;
        rounded.money.wire().map_err(|_| wrong())?;
        Ok(Some(rounded))
    }

    /// An amount that must be there.
    pub(super) fn needed_money(self, column: &'static str) -> Result<Rounded, Fault> {
        needed(column, self.money(column)?)
    }

    /// True for a serial number that Google keeps as text.
    fn is_serial(self, text: &str) -> bool {
        self.table.form == Form::Google
            && text.starts_with(|first: char| first.is_ascii_digit())
            && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    }
}

/// The days a row holds for; open where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    pub from: Option<Date>,
    pub to: Option<Date>,
}

impl Validity {
    pub(super) fn holds_on(self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    pub(super) fn overlaps(self, other: Self) -> bool {
        let starts_in_time =
            |from: Option<Date>, to: Option<Date>| from.zip(to).is_none_or(|(from, to)| from <= to);
        starts_in_time(self.from, other.to) && starts_in_time(other.from, self.to)
    }

    pub(super) fn first_day(self) -> Option<i32> {
        self.from.map(day_number)
    }

    pub(super) fn last_day(self) -> Option<i32> {
        self.to.map(day_number)
    }
}

pub(super) fn needed<T>(column: &'static str, value: Option<T>) -> Result<T, Fault> {
    value.ok_or_else(|| Fault::new(column, format!("{column} is empty")))
}

/// What of a cell fits into a sentence.
pub(super) fn short(text: &str) -> String {
    if text.chars().count() <= 60 { text.to_owned() } else { text.chars().take(60).chain(['…']).collect() }
}

fn serial_day(digits: &str) -> Option<Date> {
    let plain = digits.parse::<Decimal>().ok()?.to_string();
    let whole = plain.split_once('.').map_or(plain.as_str(), |(whole, _)| whole);
    let days: i32 = whole.parse().ok()?;
    if plain.starts_with('-') {
        return None;
    }
    day_from_number(day_number(SERIAL_EPOCH).checked_add(days)?).ok()
}

/// Sheets keeps times to the millisecond; the fraction's last digits are its rounding.
fn serial_micros(digits: &str) -> Option<i64> {
    let plain = digits.parse::<Decimal>().ok()?.to_string();
    if plain.starts_with('-') {
        return None;
    }
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let fraction = fraction.get(..18).unwrap_or(fraction);
    let unit = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let millis = (part * (DAY_MICROS / 1_000) * 2 + unit) / (unit * 2);
    let days = i128::from(day_number(SERIAL_EPOCH)) + i128::from(whole.parse::<i32>().ok()?);
    i64::try_from(days * DAY_MICROS + millis * 1_000).ok()
}

fn written_micros(text: &str) -> Option<i64> {
    if let Ok(moment) = parse_moment(text) {
        return Some(moment);
    }
    let day = match text.split_once([' ', 'T']) {
        None => return parse_day(text).ok().map(|day| i64::from(day_number(day)) * 86_400_000_000),
        Some((day, time)) => (parse_day(day).ok()?, time.trim()),
    };
    // `12:30` is a time to a person, and to RFC 3339 with a second and a zone added.
    let seconds = if day.1.matches(':').count() == 1 { ":00" } else { "" };
    parse_moment(&format!("{}T{}{seconds}Z", day.0, day.1)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sheets::table::Column;

    const COLUMNS: &[Column] = &[Column::required("x")];

    fn table(form: Form, cell: &str) -> Table {
        let text = match form {
            Form::Google => format!(r#"{{"range":"t","values":[["x"],[{cell}]]}}"#),
            Form::Csv => format!("x\n\"{cell}\"\n"),
        };
        Table::read("t", form, text.as_bytes(), COLUMNS).unwrap()
    }

    fn on<T>(form: Form, cell: &str, read: impl Fn(Cells) -> T) -> T {
        let table = table(form, cell);
        read(Cells { table: &table, line: &table.lines[0] })
    }

    #[test]
    fn a_day_is_a_serial_or_a_text() {
        let day =
            |form, cell: &str| on(form, cell, |cells| cells.needed_day("x").map(|day| day.to_string()).ok());
        let expected = Some("2026-10-05".to_owned());
        for cell in [
            "46300",
            "46300.0",
            "46300.75",
            "4.63e4",
            "\"46300\"",
            "\" 2026-10-05\"",
            "\"2026-10-05T12:00:00Z\"",
        ] {
            assert_eq!(day(Form::Google, cell), expected, "{cell}");
        }
        assert_eq!(day(Form::Csv, "2026-10-05"), expected);
        for cell in ["46300", "05/10/2026", "0026-10-05", "2026-13-01"] {
            assert_eq!(day(Form::Csv, cell), None, "{cell}");
        }
        for cell in ["-1", "1", "1e30", "true", "\"soon\""] {
            assert_eq!(day(Form::Google, cell), None, "{cell}");
        }
    }

    #[test]
    fn a_moment_is_read_to_the_millisecond() {
        let moment = |form, cell: &str| on(form, cell, |cells| cells.moment("x").unwrap());
        let noon = 1_791_288_000_000_000;
        assert_eq!(moment(Form::Google, "46301.5"), Some(noon));
        assert_eq!(moment(Form::Google, "46301.520833333336"), Some(noon + 1_800_000_000));
        for cell in
            ["2026-10-06T12:00:00Z", "2026-10-06 12:00", "2026-10-06 12:00:00", "2026-10-06T14:00:00+02:00"]
        {
            assert_eq!(moment(Form::Csv, cell), Some(noon), "{cell}");
        }
        assert_eq!(moment(Form::Csv, "2026-10-06"), Some(noon - 43_200_000_000));
        on(Form::Csv, "yesterday", |cells| assert!(cells.moment("x").is_err()));
    }

    #[test]
    fn money_is_read_by_its_digits_and_never_guessed() {
        let money = |form, cell: &str| {
            on(form, cell, |cells| cells.money("x").map(|money| money.unwrap().money.nanos()))
        };
        assert_eq!(money(Form::Google, "0.30000000000000004"), Ok(300_000_000));
        assert_eq!(money(Form::Google, "\"20\""), Ok(20_000_000_000));
        assert_eq!(money(Form::Csv, "-1200.50"), Ok(-1_200_500_000_000));
        for cell in ["$20", "1,200.50", "20 USD", "=SUM(A1:A3)", "#REF!", "99999999999999"] {
            let fault = money(Form::Csv, cell).unwrap_err();
            assert!(fault.reason.starts_with(&format!("x `{cell}` is not an amount")), "{}", fault.reason);
        }
    }

    #[test]
    fn a_month_is_its_first_day() {
        let month = |form, cell: &str| {
            on(form, cell, |cells| cells.needed_month("x").map(|day| day.to_string()).ok())
        };
        assert_eq!(month(Form::Csv, "2026-10"), Some("2026-10-01".into()));
        assert_eq!(month(Form::Google, "46313"), Some("2026-10-01".into()));
        assert_eq!(month(Form::Csv, "October"), None);
    }

    #[test]
    fn days_of_validity_are_included_on_both_ends() {
        let validity =
            |from: i8, to: i8| Validity { from: Some(date(2026, 10, from)), to: Some(date(2026, 10, to)) };
        let open = Validity { from: None, to: None };
        assert!(validity(1, 5).overlaps(validity(5, 9)));
        assert!(!validity(1, 4).overlaps(validity(5, 9)));
        assert!(open.overlaps(validity(1, 1)) && validity(1, 1).overlaps(open));
        assert!(validity(1, 5).holds_on(date(2026, 10, 5)) && !validity(1, 5).holds_on(date(2026, 10, 6)));
    }

    proptest! {
        #[test]
        fn no_cell_panics(text in ".{0,40}", number in "-?[0-9]{1,30}(\\.[0-9]{0,40})?(e[+-]?[0-9]{1,12})?") {
            let quoted = serde_json::to_string(&text).unwrap();
            for cell in [quoted, number] {
                let Ok(table) = Table::read("t", Form::Google, format!(r#"{{"values":[["x"],[{cell}]]}}"#).as_bytes(), COLUMNS)
                else { continue };
                for line in &table.lines {
                    let cells = Cells { table: &table, line };
                    drop((cells.day("x"), cells.moment("x"), cells.count("x"), cells.money("x")));
                    drop((cells.needed_month("x"), cells.needed_email("x")));
                }
            }
        }
    }
}
