//! For the day it meets a live Metabase: runs every card through the query interface and holds the totals against the
//! warehouse.

use aispend_warehouse::{Card, Display};
use serde_json::{Value, json};

use crate::client::Client;
use crate::error::MetabaseError;
use crate::found::Found;
use crate::value::{items, text};
use crate::wanted::{Kind, Wanted};

/// What came of one card.
#[derive(Debug, Clone, PartialEq)]
pub struct Smoked {
    /// Such as `exec/headline`.
    pub card: String,
    /// What is wrong; none where it ran and has its columns.
    pub problem: Option<String>,
    /// Rows that came back.
    pub rows: usize,
    /// The sums of its money columns, by name, as whole millionths of a dollar.
    pub totals: Vec<(String, i128)>,
}

/// Runs the cards, each with its filters' own defaults. Changes nothing.
///
/// # Errors
/// The connection broke; what a card says is in its line.
pub async fn smoke(
    client: &Client,
    wanted: &Wanted,
    found: &Found,
    cards: &[Card],
) -> Result<Vec<Smoked>, MetabaseError> {
    let mut lines = Vec::new();
    for item in wanted.items.iter().filter(|item| item.kind == Kind::Card) {
        let name = item.key.trim_start_matches("card/");
        let mut line = Smoked { card: name.to_owned(), problem: None, rows: 0, totals: Vec::new() };
        let Some(here) = found.items.get(&item.key) else {
            line.problem = Some("is not there: apply first".to_owned());
            lines.push(line);
            continue;
        };
        let body = json!({"ignore_cache": true, "parameters": parameters(&item.body)});
        let answer = match client.query(&format!("/api/card/{}/query", here.id), &body).await {
            Err(error) if error.status().is_some() => {
                line.problem = Some(error.to_string());
                lines.push(line);
                continue;
            }
            answer => answer?,
        };
        read(&answer, shown(cards, name), &mut line);
        lines.push(line);
    }
    Ok(lines)
}

/// The card file behind a card of Metabase: its own, else that of the chart beside which it stands as a table.
pub fn shown<'a>(cards: &'a [Card], name: &str) -> Option<&'a Card> {
    let by_id = |id: &str| cards.iter().find(|card| card.id == id);
    by_id(name).or_else(|| by_id(name.strip_suffix("-table")?))
}

fn parameters(body: &Value) -> Vec<Value> {
    items(body, "parameters")
        .iter()
        .filter_map(|parameter| {
            let value = parameter.get("default")?;
            Some(json!({"type": parameter.get("type"), "target": parameter.get("target"), "value": value}))
        })
        .collect()
}

fn read(answer: &Value, card: Option<&Card>, line: &mut Smoked) {
    if text(answer, "status") != "completed" {
        let error = text(answer, "error");
        line.problem = Some(if error.is_empty() { "did not complete".to_owned() } else { error.to_owned() });
        return;
    }
    let data = answer.get("data").unwrap_or(&Value::Null);
    let rows = items(data, "rows");
    let names: Vec<&str> = items(data, "cols").iter().map(|column| text(column, "name")).collect();
    line.rows = rows.len();
    let Some(card) = card.filter(|card| card.display != Display::Text) else { return };
    let expected: Vec<&str> = card.columns.iter().map(|column| column.name.as_str()).collect();
    if names != expected {
        line.problem = Some(format!("has the columns {} and not {}", names.join(", "), expected.join(", ")));
        return;
    }
    for (at, column) in card.columns.iter().enumerate() {
        if column.kind == aispend_warehouse::ColumnType::Usd {
            let cells = rows.iter().filter_map(|row| row.get(at));
            line.totals.push((column.name.clone(), cells.filter_map(millionths).sum()));
        }
    }
}

/// A cell of money by its digits, in whole millionths.
pub fn millionths(cell: &Value) -> Option<i128> {
    let text = match cell {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    read_millionths(&text)
}

/// The same of a text such as `12.5`.
pub fn read_millionths(text: &str) -> Option<i128> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (mantissa, power) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let power: i32 = power.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all: i128 = format!("{whole}{fraction}").parse().ok()?;
    // All the digits stand for so many of ten to this power; a millionth is ten to the minus six.
    let shift = power - i32::try_from(fraction.len()).ok()? + 6;
    let factor = |count: u32| 10_i128.checked_pow(count);
    let amount = if shift >= 0 {
        all.checked_mul(factor(shift.unsigned_abs())?)?
    } else {
        // What is finer than a millionth is rounded once.
        let divisor = factor(shift.unsigned_abs())?;
        all.checked_add(divisor / 2)? / divisor
    };
    Some(sign * amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_by_its_digits() {
        for (text, expected) in [
            ("12.5", 12_500_000),
            ("-0.000001", -1),
            ("3", 3_000_000),
            ("1.25E2", 125_000_000),
            ("0.0000015", 2),
            ("1e-7", 0),
        ] {
            assert_eq!(read_millionths(text), Some(expected), "{text}");
        }
        assert_eq!(read_millionths("twelve"), None);
        assert_eq!(millionths(&serde_json::json!(1.5)), Some(1_500_000));
        assert_eq!(millionths(&Value::Null), None);
    }

    #[test]
    fn a_table_is_known_by_its_own_file_before_that_of_its_chart() {
        let cards = aispend_warehouse::cards().unwrap();
        let id = |name: &str| shown(&cards, name).map(|card| card.id.clone());
        assert_eq!(id("alloc/models-table").as_deref(), Some("alloc/models-table"));
        assert_eq!(id("exec/monthly-trend-table").as_deref(), Some("exec/monthly-trend"));
        assert_eq!(id("alert/stale"), None);
    }

    #[test]
    fn a_card_that_fails_or_answers_with_other_columns_is_named() {
        let cards = aispend_warehouse::cards().unwrap();
        let card = cards.iter().find(|card| card.id == "exec/total-spend");
        let line = |answer: Value| {
            let mut line = Smoked { card: "x".into(), problem: None, rows: 0, totals: Vec::new() };
            read(&answer, card, &mut line);
            line
        };
        let columns = json!([{"name": "total_usd"}, {"name": "previous"}, {"name": "base"}]);
        let good = line(json!({"status": "completed", "data": {"rows": [["1.5", 2, "x"]], "cols": columns}}));
        assert_eq!((good.problem, good.rows), (None, 1));
        assert_eq!(good.totals, [("total_usd".to_owned(), 1_500_000), ("previous".to_owned(), 2_000_000)]);
        let failed = line(json!({"status": "failed", "error": "Unrecognized name"}));
        assert_eq!(failed.problem.unwrap(), "Unrecognized name");
        let other = line(json!({"status": "completed", "data": {"rows": [], "cols": [{"name": "a"}]}}));
        assert!(other.problem.unwrap().contains("has the columns a"));
    }
}
