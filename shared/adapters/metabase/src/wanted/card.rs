//! A card, and the table beside it, as Metabase should hold them.

use aispend_dashboards::{Board, format::PLATFORMS};
use aispend_warehouse::{Card, Engine, Filter};
use serde_json::{Map, Value, json};

use super::{Item, Kind, Names};
use crate::sql::{Question, alias, field, question, slug, twin_question};
use crate::value::{placeholder, uuid};
use crate::visual;

/// Charts whose table is a card of its own, with more in it.
const OWN_TABLES: [&str; 4] = ["alloc/team-stack", "alloc/team-share", "alloc/models", "roi/scatter"];

/// True where a chart's rows stand beside it as a table made here.
pub fn has_twin(card: &Card) -> bool {
    card.display.is_chart() && !OWN_TABLES.contains(&card.id.as_str())
}

/// The id of that table.
pub fn twin_id(card: &Card) -> String {
    format!("{}-table", card.id)
}

/// A card and its table; none for text.
pub fn items(card: &Card, names: &Names) -> Result<Vec<Item>, String> {
    let Some(question) = question(card, Engine::BigQuery, &names.dataset) else { return Ok(Vec::new()) };
    let columns: Vec<&str> = card.columns.iter().map(|column| column.name.as_str()).collect();
    let settings = visual::settings(card);
    let mut made = vec![item(card, &question, &card.id, &card.title, visual::display(card), &settings)];
    if let Some(question) = twin_question(card, Engine::BigQuery, &names.dataset).filter(|_| has_twin(card)) {
        let title = format!("{}, figures", card.title);
        made.push(item(card, &question, &twin_id(card), &title, "table", &visual::twin_settings(card)));
    }
    for one in &made {
        let settings = one.body.get("settings").unwrap_or(&Value::Null);
        let display = crate::value::text(&one.body, "display");
        visual::check(display, settings, Some(&columns))
            .map_err(|problems| format!("{}: {}", one.key, problems.join("; ")))?;
    }
    Ok(made)
}

fn item(card: &Card, asked: &Question, id: &str, title: &str, display: &str, settings: &Value) -> Item {
    let board = Board::of_group(&card.group);
    let default = board.map_or("thismonth", |board| board.default_range);
    let mut tags = Map::new();
    let mut parameters = Vec::new();
    for filter in asked.filters.iter().copied() {
        let slug = slug(filter);
        let tag_id = uuid(&format!("{id} {slug}"));
        let mut tag = json!({
            "id": tag_id, "name": slug, "display-name": label(filter), "type": "dimension",
            "dimension": ["field", {}, placeholder(&format!("field/{}", field(filter)))],
            "widget-type": widget(filter), "alias": alias(filter),
        });
        let mut parameter = parameter(filter, default);
        if let (Filter::Range, Some(tag)) = (filter, tag.as_object_mut()) {
            tag.insert("default".to_owned(), json!(default));
            tag.insert("required".to_owned(), json!(true));
        }
        if let Some(parameter) = parameter.as_object_mut() {
            parameter.insert("id".to_owned(), json!(tag_id));
            parameter.insert("target".to_owned(), target(filter));
            parameter.remove("sectionId");
        }
        tags.insert(slug.to_owned(), tag);
        parameters.push(parameter);
    }
    let body = json!({
        "name": title, "description": description(card), "display": display,
        "collection": placeholder(&format!("collection/{}", card.group)),
        "sql": asked.sql, "tags": tags, "parameters": parameters, "settings": settings, "archived": false,
    });
    Item { key: format!("card/{id}"), kind: Kind::Card, body }
}

/// What a filter is mapped to.
pub fn target(filter: Filter) -> Value {
    json!(["dimension", ["template-tag", slug(filter)]])
}

const fn widget(filter: Filter) -> &'static str {
    match filter {
        Filter::Range => "date/all-options",
        Filter::Team | Filter::User | Filter::Platform | Filter::Model => "string/=",
    }
}

/// A filter as people read it.
pub const fn label(filter: Filter) -> &'static str {
    match filter {
        Filter::Range => "Date range",
        Filter::Team => "Team",
        Filter::User => "Person",
        Filter::Platform => "Platform",
        Filter::Model => "Model",
    }
}

/// A filter of a dashboard.
pub fn parameter(filter: Filter, default: &str) -> Value {
    let slug = slug(filter);
    let mut parameter = json!({
        "id": slug, "name": label(filter), "slug": slug, "type": widget(filter),
        "sectionId": if filter == Filter::Range { "date" } else { "string" },
    });
    let mut set = |name: &str, value: Value| {
        if let Some(map) = parameter.as_object_mut() {
            map.insert(name.to_owned(), value);
        }
    };
    match filter {
        Filter::Range => {
            set("default", json!(default));
            set("required", json!(true));
        }
        Filter::Platform => {
            let values: Vec<[&str; 2]> = PLATFORMS.iter().map(|(key, label)| [*key, *label]).collect();
            set("values_query_type", json!("list"));
            set("values_source_type", json!("static-list"));
            set("values_source_config", json!({ "values": values }));
        }
        Filter::User => set("values_query_type", json!("search")),
        Filter::Team | Filter::Model => set("values_query_type", json!("list")),
    }
    parameter
}

/// What it answers, what it counts, and what it does not follow.
fn description(card: &Card) -> String {
    let mut text = format!("{} {}", card.question, card.definition);
    if let Some(formula) = &card.formula {
        text.extend([" Formula: ", formula, "."]);
    }
    let board = Board::of_group(&card.group).map_or(&[][..], |board| board.filters);
    let ignored: Vec<&str> =
        board.iter().filter(|filter| card.ignores.contains(filter)).map(|filter| label(*filter)).collect();
    if !ignored.is_empty() {
        text.extend([" Does not follow: ", &ignored.join(", "), "."]);
    }
    for note in &card.notes {
        text.extend([" ", note]);
    }
    text.trim().to_owned()
}
