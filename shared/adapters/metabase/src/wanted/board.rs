//! A dashboard: its tabs, its filters, and every card on its place.

use aispend_dashboards::{BOARDS, Board};
use aispend_warehouse::{Card, Engine, Filter};
use serde_json::{Map, Value, json};

use super::card::{has_twin, parameter, target, twin_id};
use super::{Item, Kind};
use crate::sql::{question, slug};
use crate::value::placeholder;
use crate::visual;

/// Where the tables of the charts stand, on dashboards that have such a tab.
const TABLES: &str = "Tables";

/// Tabs that stay last.
const LAST: [&str; 2] = ["Definitions", "Assumptions"];

/// The dashboard without a tab for tables: they stand under their charts there.
const WITHOUT_TABLES: &str = "alloc";

/// A table's height.
const TABLE_HEIGHT: u16 = 7;

/// All four.
pub fn items(cards: &[Card]) -> Result<Vec<Item>, String> {
    BOARDS.iter().map(|board| item(board, cards)).collect()
}

fn item(board: &Board, cards: &[Card]) -> Result<Item, String> {
    let mut placed = Map::new();
    let own: Vec<&Card> = cards.iter().filter(|card| card.group == board.group).collect();
    for card in own.iter().filter(|card| card.place.is_some()) {
        placed.insert(card.id.clone(), place(card)?);
    }
    for (tab, card, row) in tables(board, &own) {
        let at = json!({"tab": tab, "row": row, "col": 0, "size_x": 24, "size_y": TABLE_HEIGHT});
        placed.insert(twin_id(card), on_grid(at, card, &twin_id(card), Map::new())?);
    }
    let parameters: Vec<Value> =
        board.filters.iter().map(|filter| parameter(*filter, board.default_range)).collect();
    let description =
        board.lead.unwrap_or("Managed as code: change the card files of aispend, not this page.");
    let body = json!({
        "name": board.title, "description": description, "width": "full",
        "collection": placeholder(&format!("collection/{}", board.group)), "archived": false,
        "parameters": parameters, "tabs": tabs(board), "cards": placed,
    });
    Ok(Item { key: format!("dashboard/{}", board.group), kind: Kind::Dashboard, body })
}

fn tabs(board: &Board) -> Vec<&'static str> {
    let mut tabs = board.tabs.to_vec();
    if board.group != WITHOUT_TABLES {
        let at = tabs.iter().position(|tab| LAST.contains(tab)).unwrap_or(tabs.len());
        tabs.insert(at, TABLES);
    }
    tabs
}

/// Tables of charts: their tab, their chart, their row.
fn tables<'a>(board: &Board, own: &[&'a Card]) -> Vec<(String, &'a Card, u16)> {
    let twins = own.iter().copied().filter(|card| has_twin(card));
    if board.group != WITHOUT_TABLES {
        return twins.zip(0..).map(|(card, place)| (TABLES.to_owned(), card, place * TABLE_HEIGHT)).collect();
    }
    let mut placed: Vec<(String, &Card, u16)> = Vec::new();
    for card in twins {
        let ends = own.iter().filter(|other| other.tab == card.tab).filter_map(|other| other.place);
        let below = ends.map(|place| place.row + place.height).max().unwrap_or(0);
        let before = placed.iter().filter(|(tab, _, _)| *tab == card.tab).count() as u16;
        placed.push((card.tab.clone(), card, below + before * TABLE_HEIGHT));
    }
    placed
}

fn place(card: &Card) -> Result<Value, String> {
    let place = card.place.ok_or_else(|| format!("{} has no place", card.id))?;
    let at = json!({
        "tab": card.tab, "row": place.row, "col": place.col, "size_x": place.width, "size_y": place.height,
    });
    on_grid(at, card, &card.id, visual::clicks(card))
}

fn on_grid(mut at: Value, card: &Card, id: &str, mut settings: Map<String, Value>) -> Result<Value, String> {
    settings.insert("aispend.id".to_owned(), json!(id));
    let filters = question(card, Engine::BigQuery, "d").map(|question| question.filters);
    if let Some(body) = &card.body {
        settings.insert("text".to_owned(), json!(format!("### {}\n\n{}", card.title, body.trim())));
        settings.insert(
            "virtual_card".to_owned(),
            json!({"name": null, "display": "text", "visualization_settings": {}, "dataset_query": {}, "archived": false}),
        );
    }
    let display = if card.is_text() {
        "text"
    } else if id == card.id {
        visual::display(card)
    } else {
        "table"
    };
    let columns: Vec<&str> = card.columns.iter().map(|column| column.name.as_str()).collect();
    let settings = Value::Object(settings);
    visual::check(display, &settings, Some(&columns))
        .map_err(|problems| format!("{id} on its dashboard: {}", problems.join("; ")))?;
    let mut filters = filters.unwrap_or_default();
    filters.sort_by_key(|filter| slug(*filter));
    let mappings: Vec<Value> = filters.into_iter().map(mapping).collect();
    if let Some(map) = at.as_object_mut() {
        let shown = if card.is_text() { Value::Null } else { json!(placeholder(&format!("card/{id}"))) };
        map.insert("card".to_owned(), shown);
        map.insert("mappings".to_owned(), Value::Array(mappings));
        map.insert("settings".to_owned(), settings);
    }
    Ok(at)
}

/// Without the card's id, which the request adds: Metabase ignores a mapping that lacks it.
fn mapping(filter: Filter) -> Value {
    json!({"parameter_id": slug(filter), "target": target(filter)})
}
