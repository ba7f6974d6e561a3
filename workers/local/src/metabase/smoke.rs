//! Cards of a live Metabase against the warehouse.

use std::collections::{BTreeMap, btree_map::Entry};
use std::process::ExitCode;

use aispend_config::Settings;
use aispend_dashboards::{Board, Filters};
use aispend_metabase::{Client, Found, Smoked, Wanted, read_millionths, shown, smoke as ask};
use aispend_warehouse::{Card, Engine, Filter, cards};
use jiff::civil::Date;
use serde_json::json;

use crate::failure::{Failure, INCOMPLETE};
use crate::site::Site;

/// Metabase cuts longer answers off: their totals say nothing.
const MOST_ROWS: usize = 2_000;

/// Runs every card and compares.
pub async fn smoke(
    settings: &Settings,
    client: &Client,
    wanted: &Wanted,
    found: &Found,
    as_json: bool,
) -> Result<ExitCode, Failure> {
    let cards = cards().map_err(|error| Failure::world(error.to_string()))?;
    let mut lines = ask(client, wanted, found, &cards).await?;
    let site = Site::open(settings).await?;
    let today = site.clock().now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut known = BTreeMap::new();
    for line in &mut lines {
        let (Some(card), None) = (shown(&cards, &line.card), &line.problem) else { continue };
        if line.totals.is_empty() || line.rows >= MOST_ROWS {
            continue;
        }
        // A chart and the table beside it ask the same.
        let totals = match known.entry(&card.id) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(here(&site, card, today).await),
        };
        line.problem = match totals {
            Ok(totals) => difference(line, totals),
            Err(failure) => Some(format!("the warehouse does not answer: {}", failure.message())),
        };
    }
    let wrong = lines.iter().filter(|line| line.problem.is_some()).count();
    if as_json {
        let all: Vec<_> = lines
            .iter()
            .map(|line| json!({"card": line.card, "rows": line.rows, "problem": line.problem}))
            .collect();
        super::print_json(&json!({"cards": all, "wrong": wrong}))?;
    } else {
        for line in &lines {
            println!(
                "{} {}: {} rows",
                if line.problem.is_some() { "WRONG" } else { "ok   " },
                line.card,
                line.rows
            );
            if let Some(problem) = &line.problem {
                println!("      {problem}");
            }
        }
        println!("{} cards, {wrong} wrong", lines.len());
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) })
}

/// Totals of a card by the warehouse itself, over its dashboard's own range.
async fn here(site: &Site, card: &Card, today: Date) -> Result<Vec<(String, i128)>, Failure> {
    let Some(board) = Board::of_group(&card.group) else { return Ok(Vec::new()) };
    let kept: Vec<Filter> =
        board.filters.iter().copied().filter(|filter| !card.ignores.contains(filter)).collect();
    let selection = Filters::default().selection(board, today).keeping(&kept);
    let engine = match site {
        Site::Machine(_) => Engine::DuckDb,
        Site::Cloud(_) => Engine::BigQuery,
    };
    let Some(sql) = card.sql(engine, &selection) else { return Ok(Vec::new()) };
    let answer = site.query(&sql).await?;
    let sum = |name: &str| {
        let at = answer.columns.iter().position(|column| column.name == name);
        let cells = answer.rows.iter().filter_map(|row| row.get(at?));
        cells.filter_map(|cell| read_millionths(&cell.to_string())).sum::<i128>()
    };
    let money = card.columns.iter().filter(|column| column.kind == aispend_warehouse::ColumnType::Usd);
    Ok(money.map(|column| (column.name.clone(), sum(&column.name))).collect())
}

/// Rows are rounded to millionths one by one: a total may be off by one for each.
fn difference(line: &Smoked, expected: &[(String, i128)]) -> Option<String> {
    let slack = line.rows as i128;
    let is_off = |(name, total): &(String, i128)| {
        let known = expected.iter().find(|(known, _)| known == name).map(|(_, total)| *total)?;
        ((known - total).abs() > slack).then(|| {
            format!(
                "`{name}` adds up to ${} there and to ${} in the warehouse",
                dollars(*total),
                dollars(known)
            )
        })
    };
    line.totals.iter().find_map(is_off)
}

/// `12.500001` of 12,500,001 millionths.
fn dollars(millionths: i128) -> String {
    let sign = if millionths < 0 { "-" } else { "" };
    let (whole, rest) = (millionths.unsigned_abs() / 1_000_000, millionths.unsigned_abs() % 1_000_000);
    let rest = format!("{rest:06}");
    let rest = rest.trim_end_matches('0');
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_told_to_its_last_digit() {
        for (millionths, told) in [(0, "0"), (12_500_000, "12.5"), (-1, "-0.000001"), (3_000_000, "3")] {
            assert_eq!(dollars(millionths), told);
        }
    }

    #[test]
    fn a_total_may_be_off_by_a_millionth_a_row_and_no_more() {
        let line = |total: i128| Smoked {
            card: "exec/total-spend".to_owned(),
            problem: None,
            rows: 2,
            totals: vec![("total_usd".to_owned(), total)],
        };
        let expected = [("total_usd".to_owned(), 100)];
        assert_eq!(difference(&line(102), &expected), None);
        assert_eq!(
            difference(&line(103), &expected).unwrap(),
            "`total_usd` adds up to $0.000103 there and to $0.0001 in the warehouse"
        );
        assert_eq!(difference(&line(7), &[]), None, "nothing is known of another column");
    }
}
