//! Answers to anybody's SQL, cell by cell and exact.

use aispend_model::moment_from_micros;
use aispend_tables::{Cell, CellKind, QueryColumn, QueryResult, without_zeros};

use crate::{BigQuery, BigQueryError, client::Question};

impl BigQuery {
    /// Asks, and reads up to `max_rows` rows of the answer. Names of tables are said with their dataset.
    ///
    /// # Errors
    /// `Call` with the fault `Statement` where BigQuery does not take the SQL.
    pub async fn query(&self, sql: &str, max_rows: Option<usize>) -> Result<QueryResult, BigQueryError> {
        let answer = self.ask(Question { max_rows, ..Question::new("answer the query", sql) }).await?;
        let columns: Vec<QueryColumn> = answer
            .columns
            .into_iter()
            .map(|(name, kind)| QueryColumn { name, kind: kind_of(&kind) })
            .collect();
        let row = |cells: Vec<Option<String>>| {
            columns.iter().zip(cells).map(|(column, text)| cell(column.kind, text)).collect()
        };
        let rows = answer.rows.into_iter().map(row).collect();
        Ok(QueryResult { columns, rows })
    }
}

fn kind_of(kind: &str) -> CellKind {
    match kind {
        "BOOL" | "BOOLEAN" => CellKind::Flag,
        "INT64" | "INTEGER" => CellKind::Integer,
        "NUMERIC" | "BIGNUMERIC" => CellKind::Decimal,
        "FLOAT64" | "FLOAT" => CellKind::Float,
        "DATE" => CellKind::Date,
        "TIMESTAMP" => CellKind::Moment,
        _ => CellKind::Text,
    }
}

/// A value that cannot be read as its kind is shown as it came.
fn cell(kind: CellKind, text: Option<String>) -> Cell {
    let Some(text) = text else { return Cell::Null };
    let read = match kind {
        CellKind::Flag => text.parse().map(Cell::Flag).ok(),
        CellKind::Integer => text.parse().map(Cell::Integer).ok(),
        CellKind::Decimal => Some(Cell::Decimal(decimal(&text))),
        CellKind::Float => text.parse().map(Cell::Float).ok(),
        CellKind::Date => text.parse().map(Cell::Date).ok(),
        CellKind::Moment => text
            .parse()
            .ok()
            .and_then(|micros| moment_from_micros(micros).ok())
            .map(|(_, moment)| Cell::Moment(moment)),
        CellKind::Text => None,
    };
    read.unwrap_or(Cell::Text(text))
}

/// Without an exponent, as BigQuery writes very small numbers, and without trailing zeros.
fn decimal(text: &str) -> String {
    let Some((digits, exponent)) = text.split_once(['E', 'e']) else { return without_zeros(text).to_owned() };
    let Ok(exponent) = exponent.parse::<i32>() else { return text.to_owned() };
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut all = format!("{whole}{fraction}");
    let mut point = whole.len() as i32 + exponent;
    while point < 1 {
        all.insert(0, '0');
        point += 1;
    }
    while all.len() < point as usize {
        all.push('0');
    }
    let (whole, fraction) = all.split_at(point as usize);
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if fraction.is_empty() {
        return format!("{sign}{whole}");
    }
    without_zeros(&format!("{sign}{whole}.{fraction}")).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shown_as_every_engine_shows_it() {
        for (kind, text, shown) in [
            (CellKind::Decimal, "1.500000000", "1.5"),
            (CellKind::Decimal, "1E-9", "0.000000001"),
            (CellKind::Decimal, "-1.25E-7", "-0.000000125"),
            (CellKind::Decimal, "1.5E3", "1500"),
            (CellKind::Decimal, "12E+2", "1200"),
            (CellKind::Decimal, "100", "100"),
            (CellKind::Moment, "1700000000000001", "2023-11-14T22:13:20.000001Z"),
            (CellKind::Date, "2026-10-05", "2026-10-05"),
            (CellKind::Flag, "true", "true"),
            (CellKind::Integer, "-7", "-7"),
            (CellKind::Float, "0.5", "0.5"),
            (CellKind::Text, "a", "a"),
            (CellKind::Date, "not a day", "not a day"),
        ] {
            assert_eq!(cell(kind, Some(text.to_owned())).to_string(), shown, "{text}");
        }
        assert_eq!(cell(CellKind::Decimal, None), Cell::Null);
    }
}
