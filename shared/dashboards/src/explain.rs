//! From a figure to the address that explains it.

use aispend_tables::Cell;
use aispend_warehouse::{Card, Column, ColumnType, Filter};

use crate::{
    answer::{Asked, place},
    filters::encode,
    link::days_of,
};

/// True where a card's figures are billed money by day, which rows of the facts add up to.
pub fn is_explained(card: &Card) -> bool {
    card.template().contains("{{spend}}") && !card.is_text()
}

/// The address that explains a card's figures as selected.
pub fn of_card(card: &Card, asked: &Asked) -> Option<String> {
    is_explained(card).then(|| address(card, &[], asked))
}

/// The address that explains one cell: the card's selection, narrowed to the cell's row. Only amounts are explained.
pub fn of_cell(card: &Card, column: &Column, row: &[Cell], asked: &Asked) -> Option<String> {
    if column.kind != ColumnType::Usd || !column.name.ends_with("cost_usd") || !is_explained(card) {
        return None;
    }
    let mut narrowed = Vec::new();
    for (at, other) in card.columns.iter().enumerate() {
        let value = row.get(at)?;
        let name = match (other.name.as_str(), other.kind) {
            ("user_email", _) => "user",
            ("team", ColumnType::Team) => "team",
            ("platform", ColumnType::Platform) => "platform",
            ("model", ColumnType::Model) => "model",
            ("api_key_id", _) => "key",
            ("cost_class", _) => "class",
            ("month", _) => "range",
            _ => continue,
        };
        match value {
            Cell::Null => {}
            Cell::Date(day) => {
                let (from, to) = days_of(*day, other.kind);
                narrowed.push((name, format!("{from}~{to}")));
            }
            // A sum of several is no filter.
            Cell::Text(text) if text == "total" || text.starts_with("Other ") => return None,
            _ => narrowed.push((name, value.to_string())),
        }
    }
    // A row that nothing names is explained by its whole card alone.
    let is_named = place(card, "display_name").is_none() || narrowed.iter().any(|(name, _)| *name == "user");
    (is_named && !narrowed.is_empty()).then(|| address(card, &narrowed, asked))
}

fn address(card: &Card, narrowed: &[(&str, String)], asked: &Asked) -> String {
    let is_narrowed = |name: &str| narrowed.iter().any(|(known, _)| *known == name);
    let mut pairs = Vec::new();
    for filter in asked.followed(card).into_iter().filter(|filter| !is_narrowed(filter.slug())) {
        if filter == Filter::Range {
            pairs.push(format!("range={}", encode(&asked.filters.range_of(asked.board).text())));
        }
        let values = asked.filters.values(filter).iter();
        pairs.extend(values.map(|value| format!("{}={}", filter.slug(), encode(value))));
    }
    pairs.extend(narrowed.iter().map(|(name, value)| format!("{name}={}", encode(value))));
    format!("/explain/{}?{}", card.id, pairs.join("&"))
}
