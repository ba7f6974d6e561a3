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

/// Cards whose figures are all billed money of the selection. Others choose among it in their own SQL; of those, cells are
/// explained, or nothing is.
const WHOLE: [&str; 9] = [
    "exec/headline",
    "exec/total-spend",
    "exec/platform-share",
    "alloc/headline",
    "alloc/heatmap",
    "alloc/people",
    "alloc/teams",
    "alloc/team-stack",
    "alloc/ledger",
];

/// The address that explains a card's figures as selected.
pub fn of_card(card: &Card, asked: &Asked) -> Option<String> {
    (is_explained(card) && WHOLE.contains(&card.id.as_str())).then(|| address(card, &[], asked))
}

/// Columns that split money in a way no address can say.
const UNSAID: [&str; 6] = ["service_tier", "workspace_id", "token_type", "token_class", "driver", "reason"];

/// The address that explains one cell: the card's selection, narrowed to the cell's row. Only amounts that rows of the facts
/// add up to are explained; where that is not certain, there is no address.
pub fn of_cell(card: &Card, column: &Column, row: &[Cell], asked: &Asked) -> Option<String> {
    let is_money = matches!(card.group.as_str(), "exec" | "alloc") && column.name == "cost_usd";
    if !is_money || !is_explained(card) || UNSAID.iter().any(|name| place(card, name).is_some()) {
        return None;
    }
    // Seats have neither model nor key.
    let is_seat =
        place(card, "cost_class").and_then(|at| row.get(at)) == Some(&Cell::Text("seat".to_owned()));
    let mut narrowed = Vec::new();
    for (at, other) in card.columns.iter().enumerate() {
        let name = match (other.name.as_str(), other.kind) {
            ("user_email", _) => "user",
            ("team", ColumnType::Team) => "team",
            ("platform", ColumnType::Platform) => "platform",
            ("model", ColumnType::Model) => "model",
            ("api_key_id", _) => "key",
            ("cost_class", _) => "class",
            ("cost_type", _) => "type",
            ("attribution", _) => "attribution",
            ("month", _) => "range",
            _ => continue,
        };
        match row.get(at)? {
            Cell::Null if is_seat => {}
            Cell::Null => return None,
            Cell::Date(day) => {
                let (from, to) = days_of(*day, other.kind);
                narrowed.push((name, format!("{from}~{to}")));
            }
            // A sum of several, or words for what has no name, is no filter.
            Cell::Text(text) if text == "total" || text.starts_with("Other ") || text.ends_with(')') => {
                return None;
            }
            value => narrowed.push((name, value.to_string())),
        }
    }
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
