//! The table beside a chart: the same rows, one column for each series.

use aispend_tables::Cell;
use aispend_warehouse::{Card, Column, ColumnType};
use jiff::civil::Date;

use crate::{
    answer::{Answer, place},
    format::{cell, number, platform_place},
    link::days_of,
    number::Number,
    period::Period,
};

/// What the series of the sum is called.
pub const TOTAL: &str = "Total";

/// What its column is called.
const SUM: &str = "total";

/// A series as people read it.
pub fn series_label(shown: &str) -> String {
    if shown == SUM { TOTAL.to_owned() } else { shown.to_owned() }
}

/// True where the month or week of a day is not over.
pub fn is_running(day: Date, kind: ColumnType, period: &Period) -> bool {
    let (first, last) = days_of(day, kind);
    period.is_running && first <= period.through_day && period.through_day < last
}

/// Rows and columns of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Wide {
    /// In order.
    pub columns: Vec<Column>,
    /// In order.
    pub rows: Vec<Vec<Cell>>,
}

impl Wide {
    /// The column and the row of the card that a cell shows; none for the first column and for sums.
    pub fn long<'a>(
        &self,
        card: &'a Card,
        answer: &'a Answer,
        row: &[Cell],
        at: usize,
    ) -> Option<(&'a Column, &'a [Cell])> {
        let chart = card.chart.as_ref()?;
        let (x, series) = (place(card, &chart.x)?, place(card, chart.series.as_deref()?)?);
        let name = &self.columns.get(at).filter(|_| at > 0)?.name;
        let is_shown = |long: &&Vec<Cell>| {
            long.get(x) == row.first() && long.get(series).is_some_and(|series| series.to_string() == *name)
        };
        let column = card.columns.get(place(card, chart.y.first()?)?)?;
        answer.rows.iter().find(is_shown).map(|row| (column, row.as_slice()))
    }

    /// The column and the rows of the card that a sum adds up; none for every other cell.
    pub fn summed<'a>(
        &self,
        card: &'a Card,
        answer: &'a Answer,
        row: &[Cell],
        at: usize,
    ) -> Option<(&'a Column, Vec<&'a [Cell]>)> {
        let chart = card.chart.as_ref()?;
        let x = place(card, &chart.x)?;
        self.columns.get(at).filter(|column| at > 0 && column.name == SUM)?;
        let column = card.columns.get(place(card, chart.y.first()?)?)?;
        let of_row = answer.rows.iter().filter(|long| long.get(x) == row.first());
        Some((column, of_row.map(Vec::as_slice).collect()))
    }
}

/// A chart's long rows as a wide table; `None` where they are wide already, or would lose a column.
pub fn wide(card: &Card, answer: &Answer) -> Option<Wide> {
    let chart = card.chart.as_ref()?;
    let [y] = chart.y.as_slice() else { return None };
    let (x, series, y) = (place(card, &chart.x)?, place(card, chart.series.as_deref()?)?, place(card, y)?);
    if card.columns.iter().filter(|column| !column.hidden).count() != 3 {
        return None;
    }
    let (x_column, series_column, y_column) =
        (card.columns.get(x)?, card.columns.get(series)?, card.columns.get(y)?);
    let mut names: Vec<&Cell> = Vec::new();
    let mut keys: Vec<&Cell> = Vec::new();
    for row in &answer.rows {
        let (key, name) = (row.get(x)?, row.get(series)?);
        if !keys.contains(&key) {
            keys.push(key);
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if series_column.kind == ColumnType::Platform {
        names.sort_by_key(|name| platform_place(&name.to_string()));
    }
    let has_total = names.iter().any(|name| name.to_string() == SUM);
    let adds_up = y_column.kind == ColumnType::Usd || chart.stack && y_column.kind == ColumnType::Integer;
    let adds_total = adds_up && !has_total && names.len() > 1;
    let mut columns = vec![x_column.clone()];
    for name in &names {
        let label = series_label(&cell(name, series_column.kind));
        columns.push(Column { name: name.to_string(), label, link: None, ..y_column.clone() });
    }
    if adds_total {
        columns.push(Column { name: SUM.into(), label: TOTAL.into(), link: None, ..y_column.clone() });
    }
    let mut rows = Vec::new();
    for key in keys {
        let mut row = vec![key.clone()];
        let mut sum = Some(Number::ZERO);
        for name in &names {
            let found =
                answer.rows.iter().find(|row| row.get(x) == Some(key) && row.get(series) == Some(name));
            let value = found.and_then(|row| row.get(y)).cloned().unwrap_or(Cell::Null);
            if let Some(number) = number(&value) {
                sum = sum.and_then(|sum| sum.plus(number));
            }
            row.push(value);
        }
        if adds_total {
            row.push(sum.map_or(Cell::Null, |sum| Cell::Decimal(sum.plain())));
        }
        rows.push(row);
    }
    Some(Wide { columns, rows })
}
