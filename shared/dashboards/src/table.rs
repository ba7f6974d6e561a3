//! A table as the page shows it: texts, raw values for sorting, links, words of a scale, tints.

use aispend_tables::Cell;
use aispend_warehouse::{Card, Column, ColumnType};
use serde::Serialize;

use crate::{
    answer::{Answer, Asked},
    explain, format,
    level::level_class,
    link,
    number::Number,
    twin,
};

/// Rows that a page shows of one table; files hold all of them.
pub const MOST_ROWS: usize = 300;

/// A table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// What it shows, for those who hear it.
    pub caption: String,
    /// In order.
    pub columns: Vec<Head>,
    /// In order.
    pub rows: Vec<Vec<Shown>>,
    /// The sums, where the card has them.
    pub total: Option<Vec<Shown>>,
    /// How many rows there are; the page may show fewer.
    pub total_rows: usize,
    /// How it is sorted already.
    pub sort: Option<Sort>,
}

/// A column's head.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Head {
    /// As the query names it.
    pub name: String,
    /// As people read it.
    pub label: String,
    /// Numbers stand right.
    pub align: &'static str,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: ColumnType,
}

/// The order of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sort {
    /// By which column.
    pub name: String,
    /// ascending or descending.
    pub dir: &'static str,
}

/// A cell.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Shown {
    /// What is read.
    pub text: String,
    /// What is sorted by.
    pub raw: Option<String>,
    /// Where it leads.
    pub href: Option<String>,
    /// Where it is explained.
    pub explain: Option<String>,
    /// Another cell of its row is explained on a page that leads here as well: one stop for the keyboard is enough.
    pub is_other: bool,
    /// best, good, weak, worst or none.
    pub level: Option<&'static str>,
    /// 0 to 4: how dark the tint is.
    pub heat: Option<i8>,
}

/// The table of a card: its rows, or the twin of its chart.
pub fn table(card: &Card, answer: &Answer, asked: &Asked) -> Table {
    let wide = twin::wide(card, answer);
    let is_twin = wide.is_some();
    let all: Vec<(usize, &Column)> = match &wide {
        Some(wide) => wide.columns.iter().enumerate().collect(),
        None => card.columns.iter().enumerate().filter(|(_, column)| !column.hidden).collect(),
    };
    let rows = wide.as_ref().map_or(&answer.rows, |wide| &wide.rows);
    let scale = HeatScale::of(&all, rows);
    let shown = |row: &Vec<Cell>| -> Vec<Shown> {
        let mut is_first = true;
        all.iter()
            .map(|(at, column)| {
                let cell = row.get(*at).unwrap_or(&Cell::Null);
                let text = text_of(cell, column, asked);
                let href = column.link.as_deref().filter(|_| !is_twin || *at == 0);
                let explain = match &wide {
                    Some(wide) => match wide.long(card, answer, row, *at) {
                        Some((column, row)) => explain::of_cell(card, column, row, &answer.rows, asked),
                        None => wide.summed(card, answer, row, *at).and_then(|(column, rows)| {
                            explain::of_sum(card, column, &rows, &answer.rows, asked)
                        }),
                    },
                    None => explain::of_cell(card, column, row, &answer.rows, asked),
                };
                let is_other = explain.is_some() && !is_twin && !std::mem::take(&mut is_first);
                Shown {
                    raw: (*cell != Cell::Null).then(|| raw(cell)),
                    href: href.and_then(|href| link::of_row(href, card, row, asked)),
                    explain,
                    is_other,
                    level: (column.kind == ColumnType::Level).then(|| level_class(&text)),
                    heat: column.heat.then(|| scale.step(cell)),
                    text,
                }
            })
            .collect()
    };
    let unit =
        if card.unit.is_empty() || card.unit == "text" { String::new() } else { format!(", {}", card.unit) };
    Table {
        caption: format!("{}{unit}", card.title),
        columns: all.iter().map(|(_, column)| head(column)).collect(),
        rows: rows.iter().take(MOST_ROWS).map(shown).collect(),
        total: totals(card, answer).filter(|_| !is_twin).map(|sums| {
            let cells = all.iter().map(|(_, column)| {
                let sum = sums.iter().find(|(name, _)| *name == column.name).map(|(_, sum)| *sum);
                let text = sum.map(|sum| format::figure(sum, column.kind)).unwrap_or_default();
                Shown { raw: sum.map(Number::plain), text, ..Shown::default() }
            });
            cells.collect()
        }),
        total_rows: if is_twin { rows.len() } else { answer.of_all },
        sort: sort_of(&all, rows),
    }
}

/// The sums that a card declares, exact.
pub fn totals(card: &Card, answer: &Answer) -> Option<Vec<(String, Number)>> {
    if card.totals.is_empty() {
        return None;
    }
    let sum = |name: &String| {
        let at = card.columns.iter().position(|column| column.name == *name)?;
        let mut values = answer.rows.iter().filter_map(|row| row.get(at).and_then(format::number));
        Some((name.clone(), values.try_fold(Number::ZERO, Number::plus)?))
    };
    Some(card.totals.iter().filter_map(sum).collect())
}

fn head(column: &Column) -> Head {
    Head {
        name: column.name.clone(),
        label: column.label.clone(),
        align: if column.kind.is_number() { "right" } else { "left" },
        kind: column.kind,
    }
}

fn text_of(cell: &Cell, column: &Column, asked: &Asked) -> String {
    let text = format::cell(cell, column.kind);
    match cell {
        Cell::Date(day)
            if column.kind != ColumnType::Day && twin::is_running(*day, column.kind, &asked.period) =>
        {
            format!("{text} (to {})", format::short_day(asked.period.through_day))
        }
        Cell::Text(key) if column.kind == ColumnType::Platform => {
            twin::series_label(&format::cell(&Cell::Text(key.clone()), ColumnType::Platform))
        }
        // Words stay empty where there are none; figures say "n/a".
        Cell::Null if !column.kind.is_number() => String::new(),
        _ => text,
    }
}

fn raw(cell: &Cell) -> String {
    format::number(cell)
        .filter(|_| !matches!(cell, Cell::Text(_)))
        .map_or_else(|| cell.to_string(), Number::plain)
}

/// The first column whose values are in order, numbers before words: what the query sorted by.
fn sort_of(columns: &[(usize, &Column)], rows: &[Vec<Cell>]) -> Option<Sort> {
    if rows.len() < 3 {
        return None;
    }
    // Unattributed stands last whatever the order.
    let is_known = |row: &&Vec<Cell>| {
        !row.iter().any(|cell| matches!(cell, Cell::Text(text) if text == format::UNATTRIBUTED))
    };
    columns.iter().filter(|(_, column)| column.kind.is_number() || column.kind.is_day()).find_map(
        |(at, column)| {
            let key = |row: &Vec<Cell>| match row.get(*at) {
                Some(Cell::Date(day)) => Some(Number::whole(i128::from(aispend_day(*day)))),
                Some(cell) => format::number(cell),
                None => None,
            };
            let keys: Option<Vec<Number>> = rows.iter().filter(is_known).map(key).collect();
            let keys = keys.filter(|keys| keys.first() != keys.last())?;
            let dir = if keys.is_sorted() {
                "ascending"
            } else if keys.is_sorted_by(|a, b| a >= b) {
                "descending"
            } else {
                return None;
            };
            Some(Sort { name: column.name.clone(), dir })
        },
    )
}

fn aispend_day(day: jiff::civil::Date) -> i64 {
    i64::from(day.year()) * 10_000 + i64::from(day.month()) * 100 + i64::from(day.day())
}

/// The largest value of all tinted columns.
struct HeatScale {
    most: Number,
}

impl HeatScale {
    fn of(columns: &[(usize, &Column)], rows: &[Vec<Cell>]) -> Self {
        let tinted = columns.iter().filter(|(_, column)| column.heat).map(|(at, _)| *at);
        let values =
            tinted.flat_map(|at| rows.iter().filter_map(move |row| row.get(at).and_then(format::number)));
        Self { most: values.fold(Number::ZERO, |most, next| if next > most { next } else { most }) }
    }

    /// Nothing has no tint; a little has the first.
    fn step(&self, cell: &Cell) -> i8 {
        let share = format::number(cell).and_then(|value| value.share_of(self.most));
        let Some(share) = share.filter(|share| !share.is_negative() && !share.is_zero()) else { return 0 };
        [25, 50, 75].iter().fold(1, |step, limit| {
            if share.times_ten_to(2) > Number::whole(*limit) { step + 1 } else { step }
        })
    }
}
