//! Where a figure leads: a card's link against the address it stands in.

use aispend_tables::Cell;
use aispend_warehouse::{Card, ColumnType, Filter};
use jiff::{ToSpan, civil::Date};

use crate::{
    answer::{Asked, place},
    board::Board,
    filters::encode,
};

/// The address a link leads to, columns still in braces; what the link does not choose stays as it is. `None` where the link
/// names no dashboard.
pub fn template(link: &str, asked: &Asked) -> Option<String> {
    let (link, fragment) = link.split_once('#').map_or((link, None), |(link, tab)| (link, Some(tab)));
    let (group, query) = link.split_once('?').unwrap_or((link, ""));
    let board = Board::of_group(group.split('/').next()?)?;
    let chosen: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let is_chosen = |filter: Filter| chosen.iter().any(|(name, _)| *name == filter.slug());
    let mut pairs = Vec::new();
    for filter in board.filters.iter().copied().filter(|filter| !is_chosen(*filter)) {
        if filter == Filter::Range {
            pairs.push(format!("range={}", encode(&asked.filters.range_of(asked.board).text())));
        }
        let values = asked.filters.values(filter).iter();
        pairs.extend(values.map(|value| format!("{}={}", filter.slug(), encode(value))));
    }
    pairs.extend(chosen.iter().map(|(name, value)| format!("{name}={value}")));
    let fragment = fragment.map_or(String::new(), |tab| format!("#{tab}"));
    Some(format!("{}?{}{fragment}", board.path, pairs.join("&")))
}

/// The address for one row; `None` where the row lacks what the link needs.
pub fn of_row(link: &str, card: &Card, row: &[Cell], asked: &Asked) -> Option<String> {
    let mut rest = template(link, asked)?;
    let mut address = String::new();
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}')?;
        let at = place(card, name)?;
        let (cell, column) = (row.get(at)?, card.columns.get(at)?);
        address.push_str(before);
        match cell {
            Cell::Null => return None,
            Cell::Date(day) if before.ends_with("range=") => {
                let (from, to) = days_of(*day, column.kind);
                address.push_str(&format!("{from}~{to}"));
            }
            _ => address.push_str(&encode(&cell.to_string())),
        }
        rest = tail.to_owned();
    }
    address.push_str(&rest);
    Some(address)
}

/// The days that a day, week or month stands for.
pub fn days_of(day: Date, kind: ColumnType) -> (Date, Date) {
    match kind {
        ColumnType::Month => (day, day.last_of_month()),
        ColumnType::Week => (day, day.saturating_add(6.days())),
        _ => (day, day),
    }
}
