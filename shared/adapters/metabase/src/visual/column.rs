//! How columns are titled and written, and where their cells lead.

use aispend_dashboards::Board;
use aispend_warehouse::{Card, Column, ColumnType, Display, Filter};
use serde_json::{Map, Value, json};

use crate::sql::slug;
use crate::value::placeholder;

/// The key of a column among the settings.
pub fn key(name: &str) -> String {
    json!(["name", name]).to_string()
}

/// Settings of a card's columns.
pub fn settings(card: &Card) -> Map<String, Value> {
    let is_table = card.display == Display::Table;
    card.columns.iter().map(|column| (key(&column.name), one(column, is_table))).collect()
}

/// The same for the table beside a chart.
pub fn table_settings(card: &Card) -> Map<String, Value> {
    card.columns.iter().map(|column| (key(&column.name), one(column, true))).collect()
}

fn one(column: &Column, is_table: bool) -> Value {
    let mut settings = Map::new();
    let mut set = |name: &str, value: Value| settings.insert(name.to_owned(), value);
    set("column_title", json!(column.label));
    let is_small = column.name.starts_with("cost_per_");
    match column.kind {
        ColumnType::Usd | ColumnType::UsdUnit => {
            set("number_style", json!("currency"));
            set("currency", json!("USD"));
            set("currency_style", json!("symbol"));
            set("currency_in_header", json!(false));
            let decimals = match column.kind {
                ColumnType::UsdUnit => 3,
                _ if is_table || is_small => 2,
                _ => 0,
            };
            set("decimals", json!(decimals));
        }
        ColumnType::Percent => {
            set("number_style", json!("percent"));
            set("decimals", json!(1));
        }
        ColumnType::Integer => {
            set("number_style", json!("decimal"));
            set("decimals", json!(0));
        }
        ColumnType::Number => {
            set("number_style", json!("decimal"));
            set("decimals", json!(1));
        }
        ColumnType::Day | ColumnType::Week => {
            set("date_style", json!("D MMMM, YYYY"));
            set("date_abbreviate", json!(true));
            set("time_enabled", Value::Null);
        }
        ColumnType::Month => {
            set("date_style", json!("MMMM, YYYY"));
            set("date_abbreviate", json!(true));
            set("time_enabled", Value::Null);
        }
        ColumnType::Headline => {
            set("text_wrapping", json!(true));
        }
        ColumnType::Text
        | ColumnType::Person
        | ColumnType::Team
        | ColumnType::Platform
        | ColumnType::Model
        | ColumnType::Key
        | ColumnType::Level
        | ColumnType::Flag => {}
    }
    if column.kind.is_number() {
        set("number_separators", json!(".,"));
    }
    if column.mini && is_table {
        set("show_mini_bar", json!(true));
    }
    Value::Object(settings)
}

/// What a placed card does when somebody clicks: per column in a table, one for all elsewhere. Only dashboards, and only
/// filters that hold one value: a month would select its first day alone.
pub fn clicks(card: &Card) -> Map<String, Value> {
    let mut settings = Map::new();
    let linked = card
        .columns
        .iter()
        .filter_map(|column| Some((column, behavior(column.link.as_deref()?)?)))
        .collect::<Vec<_>>();
    if card.display != Display::Table {
        if let Some((_, behavior)) = linked.into_iter().next() {
            settings.insert("click_behavior".to_owned(), behavior);
        }
    } else if !linked.is_empty() {
        let columns: Map<String, Value> = linked
            .into_iter()
            .map(|(column, behavior)| (key(&column.name), json!({"click_behavior": behavior})))
            .collect();
        settings.insert("column_settings".to_owned(), Value::Object(columns));
    }
    settings
}

fn behavior(link: &str) -> Option<Value> {
    let link = link.split_once('#').map_or(link, |(link, _)| link);
    let (group, query) = link.split_once('?').unwrap_or((link, ""));
    let board = Board::of_group(group)?;
    let mut mapping = Map::new();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let column = value.strip_prefix('{').and_then(|value| value.strip_suffix('}'));
        let filter = board.filters.iter().copied().find(|filter| filter.slug() == name);
        let (Some(column), Some(filter)) = (column, filter.filter(|filter| *filter != Filter::Range)) else {
            continue;
        };
        let slug = slug(filter);
        mapping.insert(
            slug.to_owned(),
            json!({
                "id": slug,
                "source": {"type": "column", "id": column, "name": column},
                "target": {"type": "parameter", "id": slug},
            }),
        );
    }
    Some(json!({
        "type": "link",
        "linkType": "dashboard",
        "targetId": placeholder(&format!("dashboard/{group}")),
        "parameterMapping": mapping,
    }))
}
