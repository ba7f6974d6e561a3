//! A tab as it is now, beside what of it is loaded. Unlike a file that is brought in, it is the whole sheet: a row or a cell
//! that is no longer there is gone.

use std::collections::{BTreeMap, BTreeSet};

use aispend_model::Feed;

use super::super::cells::Cells;
use super::super::sheet::Sheet;
use super::super::table::Line;
use super::keys::{self, Key};
use super::outcome::{Added, Changed, FieldChange};
use super::refuse::{self, Refused};
use super::sides::claims;
use super::{ImportError, Judged, Version, is_same, judge_table, sheet_of};

/// What loading a tab would do to the rows that are loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Compared {
    /// Rows that are new, in the order of the tab.
    pub added: Vec<Added>,
    /// Rows that say something else now.
    pub changed: Vec<Changed>,
    /// Rows that were loaded and are no longer there, or no longer readable.
    pub removed: Vec<Added>,
    /// Rows that say what is loaded.
    pub unchanged: usize,
    /// Rows that do not load.
    pub refused: Vec<Refused>,
}

impl Compared {
    /// True where loading the tab changes a row.
    pub const fn has_news(&self) -> bool {
        !(self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty())
    }

    /// True for a tab that lost its last row: no run loads it, and what is loaded stays.
    pub const fn is_emptied(&self) -> bool {
        let has_rows = self.unchanged > 0
            || !(self.added.is_empty() && self.changed.is_empty() && self.refused.is_empty());
        !has_rows && !self.removed.is_empty()
    }
}

/// Compares a tab with what of it is loaded.
///
/// # Errors
/// When one of the two cannot be read as a whole. A single row that cannot is refused, as it is by a run.
pub fn compare(feed: Feed, before: Option<&Version<'_>>, now: &Version<'_>) -> Result<Compared, ImportError> {
    let Some(sheet) = sheet_of(feed) else { return Ok(Compared::default()) };
    let read = |version: &Version<'_>| Ok(judge_table(sheet, version.table(sheet)?));
    let (before, now_judged) = (before.map(read).transpose()?, read(now)?);
    let old = before.as_ref().map(|judged| side(sheet, judged)).unwrap_or_default();
    let new = side(sheet, &now_judged);
    let mut compared = Compared { refused: refused(&now.name(sheet), &now_judged), ..Compared::default() };
    for (key, row) in in_order(&new) {
        let Some(there) = old.get(key) else {
            compared.added.push(Added { row: row.number, shown: row.shown() });
            continue;
        };
        let fields = row.differences(there);
        if fields.is_empty() {
            compared.unchanged += 1;
            continue;
        }
        compared.changed.push(Changed {
            row: row.number,
            sheet_row: there.number,
            key: keys::shown(&key.0),
            fields,
        });
    }
    for (_, row) in in_order(&old).into_iter().filter(|(key, _)| !new.contains_key(*key)) {
        compared.removed.push(Added { row: row.number, shown: row.shown() });
    }
    Ok(compared)
}

/// The rows that load, by key.
type Side = BTreeMap<Key, Row>;

fn side(sheet: &Sheet, judged: &Judged) -> Side {
    let bad: BTreeSet<u32> = judged.refused.iter().map(|(row, _)| *row).collect();
    let claims = claims(sheet.feed, judged);
    let mut rows = Side::new();
    for line in judged.table.lines.iter().filter(|line| !bad.contains(&line.number)) {
        let Some(claim) = claims.get(&line.number) else { continue };
        let mut repeat = 0;
        while rows.contains_key(&claim.key(repeat)) {
            repeat += 1;
        }
        rows.insert(claim.key(repeat), Row::of(judged, line));
    }
    rows
}

fn in_order(side: &Side) -> Vec<(&Key, &Row)> {
    let mut rows: Vec<_> = side.iter().collect();
    rows.sort_by_key(|(_, row)| row.number);
    rows
}

/// A row as a person reads it.
struct Row {
    number: u32,
    /// Every column of the sheet; empty where it says nothing.
    cells: Vec<(&'static str, String)>,
}

impl Row {
    fn of(judged: &Judged, line: &Line) -> Self {
        let cells = Cells { table: &judged.table, line };
        let columns = judged.table.columns();
        Self { number: line.number, cells: columns.map(|column| (column, text(cells, column))).collect() }
    }

    fn shown(&self) -> String {
        let cells = self.cells.iter().map(|(_, text)| text.as_str()).filter(|text| !text.is_empty());
        cells.collect::<Vec<_>>().join(", ").chars().take(160).collect()
    }

    fn differences(&self, before: &Self) -> Vec<FieldChange> {
        let both = self.cells.iter().zip(&before.cells);
        let different = both.filter(|((column, after), (_, before))| !is_same(column, before, after));
        different
            .map(|((column, after), (_, before))| FieldChange {
                column: (*column).to_owned(),
                before: before.clone(),
                after: after.clone(),
            })
            .collect()
    }
}

/// A cell's text. A spreadsheet's number of a day is shown as the day.
fn text(cells: Cells<'_>, column: &'static str) -> String {
    let day = if column == "month" {
        cells.needed_month(column).ok().map(|month| month.strftime("%Y-%m").to_string())
    } else if refuse::DAYS.contains(&column) {
        cells.day(column).ok().flatten().map(|day| day.to_string())
    } else {
        None
    };
    day.or_else(|| cells.text(column)).unwrap_or_default()
}

fn refused(name: &str, judged: &Judged) -> Vec<Refused> {
    let lines: BTreeMap<u32, &Line> = judged.table.lines.iter().map(|line| (line.number, line)).collect();
    let refused = judged.refused.iter().map(|(row, fault)| {
        let cell = lines.get(row).and_then(|line| Cells { table: &judged.table, line }.text(fault.column));
        Refused::of(&format!("tab \"{name}\""), *row, fault, &cell.unwrap_or_default())
    });
    refused.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAB: &str = "GET /v4/spreadsheets/x/values/Leute!A1:Z?majorDimension=ROWS";

    fn tab(rows: &str) -> String {
        format!(r#"{{"range":"Leute!A1:Z","values":[["user_email","team","valid_from"],{rows}]}}"#)
    }

    fn compared(before: &str, now: &str) -> Compared {
        let (before, now) = (tab(before), tab(now));
        let before = Version::archived(TAB, before.as_bytes());
        compare(Feed::SheetPeople, Some(&before), &Version::archived(TAB, now.as_bytes())).unwrap()
    }

    #[test]
    fn what_comes_changes_goes_and_is_refused_is_told_apart() {
        let told = compared(
            r#"["a@example.com","One",46301],["b@example.com","One"],["c@example.com","One"],["d@example.com"]"#,
            r#"["a@example.com","","2026-10-06"],["nobody","Two"],["c@example.com","One"],[],["E@example.com","Two"]"#,
        );
        assert_eq!(told.unchanged, 1);
        let added: Vec<_> = told.added.iter().map(|row| (row.row, row.shown.as_str())).collect();
        assert_eq!(added, [(6, "E@example.com, Two")]);
        let removed: Vec<_> = told.removed.iter().map(|row| (row.row, row.shown.as_str())).collect();
        assert_eq!(removed, [(3, "b@example.com, One"), (5, "d@example.com")]);
        let [changed] = &told.changed[..] else { panic!("{:?}", told.changed) };
        assert_eq!((changed.row, changed.sheet_row, changed.key.as_str()), (2, 2, "a@example.com"));
        let [field] = &changed.fields[..] else { panic!("a day is the same day in both: {changed:?}") };
        assert_eq!((field.column.as_str(), field.before.as_str(), field.after.as_str()), ("team", "One", ""));
        let [refused] = &told.refused[..] else { panic!("{:?}", told.refused) };
        assert_eq!(refused.row, 3);
        assert!(refused.to_string().starts_with("tab \"Leute\", row 3, column user_email: "), "{refused}");
        assert!(told.has_news());
    }

    #[test]
    fn a_sheet_that_moves_from_a_file_to_a_tab_has_no_news() {
        let file = "user_email,team,valid_from\na@example.com,One,2026-10-06\n";
        let now = tab(r#"["a@example.com","One",46301]"#);
        let (file, now) = (Version::file(file.as_bytes()), Version::archived(TAB, now.as_bytes()));
        let told = compare(Feed::SheetPeople, Some(&file), &now).unwrap();
        assert_eq!(told, Compared { unchanged: 1, ..Compared::default() });
        let told = compare(Feed::SheetPeople, None, &now).unwrap();
        assert_eq!((told.added[0].row, told.added[0].shown.as_str()), (2, "a@example.com, One, 2026-10-06"));
    }

    #[test]
    fn equal_seats_are_counted_and_one_that_goes_is_one() {
        let tab = |rows: String| format!(r#"{{"values":[["vendor","plan","price_usd"]{rows}]}}"#);
        let seat = r#",["cursor","Teams",40]"#;
        let (before, now) = (tab(seat.repeat(3)), tab(seat.repeat(2)));
        let (before, now) =
            (Version::archived(TAB, before.as_bytes()), Version::archived(TAB, now.as_bytes()));
        let told = compare(Feed::SheetSeats, Some(&before), &now).unwrap();
        assert_eq!((told.unchanged, told.removed.len(), told.added.len()), (2, 1, 0));
    }

    #[test]
    fn a_tab_without_its_last_row_is_emptied_and_one_that_never_had_any_is_not() {
        let (before, now) = (tab(r#"["a@example.com"]"#), tab("[]"));
        let (before, now) =
            (Version::archived(TAB, before.as_bytes()), Version::archived(TAB, now.as_bytes()));
        assert!(compare(Feed::SheetPeople, Some(&before), &now).unwrap().is_emptied());
        assert!(!compare(Feed::SheetPeople, None, &now).unwrap().is_emptied());
        assert!(!compared(r#"["a@example.com"]"#, r#"["nobody"]"#).is_emptied());
    }

    #[test]
    fn a_tab_that_is_none_says_what_it_needs() {
        let now = Version::archived(TAB, br#"{"values":[["team"]]}"#);
        let error = compare(Feed::SheetPeople, None, &now).unwrap_err().to_string();
        assert!(error.contains("sheet \"Leute\": row 1 has no header `user_email`"), "{error}");
    }
}
