//! Tables: which columns show, and the tint behind some cells.

use aispend_dashboards::level_class;
use aispend_warehouse::{Card, Column, ColumnType};
use serde_json::{Map, Value, json};

use super::palette::{COST_HEAT, HEAT, TINTS};

/// Words of ordered scales that get a tint; the word says the same.
const WORDS: [&str; 12] = [
    "High",
    "Excellent",
    "Top Performer",
    "Highly Active",
    "Low",
    "Poor",
    "Needs Support",
    "Needs Attention",
    "Over",
    "High Growth",
    "alert",
    "stale",
];

/// What a month may grow before its cell is tinted.
const FAST: &str = "mom_change_pct";

/// Settings of a table.
pub fn settings(card: &Card) -> Map<String, Value> {
    let shown = |column: &Column| json!({"name": column.name, "enabled": !column.hidden});
    let columns: Vec<Value> = card.columns.iter().map(shown).collect();
    let is_headline = card.columns.iter().any(|column| column.kind == ColumnType::Headline);
    let mut settings = Map::new();
    let mut set = |name: &str, value: Value| settings.insert(name.to_owned(), value);
    set("table.columns", json!(columns));
    set("table.row_index", json!(false));
    set("table.pagination", json!(!is_headline));
    let formatting = formatting(card);
    if !formatting.is_empty() {
        set("table.column_formatting", Value::Array(formatting));
    }
    if card.columns.iter().any(|column| column.heat) {
        set("table.freeze_columns", json!(true));
        set("table.freeze_columns_count", json!(1));
    }
    settings
}

fn formatting(card: &Card) -> Vec<Value> {
    let mut rules = Vec::new();
    let heat: Vec<&Column> = card.columns.iter().filter(|column| column.heat).collect();
    let names: Vec<&str> = heat.iter().map(|column| column.name.as_str()).collect();
    if heat.iter().any(|column| column.kind == ColumnType::UsdUnit) {
        // A price a line: from nothing to half a dollar, where "poor" begins.
        rules.push(json!({
            "columns": names, "type": "range", "colors": COST_HEAT, "min_type": "custom", "max_type": "custom",
            "min_value": 0, "max_value": 0.5,
        }));
    } else if !heat.is_empty() {
        rules.push(json!({
            "columns": names, "type": "range", "colors": HEAT, "min_type": "all", "max_type": "all",
            "min_value": 0, "max_value": 100,
        }));
    }
    let [best, worst] = TINTS;
    for column in card.columns.iter().filter(|column| column.kind == ColumnType::Level && !column.hidden) {
        for word in WORDS {
            let color = match level_class(word) {
                "best" => best,
                _ => worst,
            };
            rules.push(json!({
                "columns": [column.name], "type": "single", "operator": "=", "value": word, "color": color,
                "highlight_row": false,
            }));
        }
    }
    if card.columns.iter().any(|column| column.name == FAST) {
        rules.push(json!({
            "columns": [FAST], "type": "single", "operator": ">", "value": 0.2, "color": worst,
            "highlight_row": false,
        }));
    }
    rules
}

/// The columns that Metabase may turn into a wide table: three of them, one a series, one a measure.
pub fn pivots(card: &Card) -> Option<(&str, &str)> {
    let chart = card.chart.as_ref()?;
    let [measure] = chart.y.as_slice() else { return None };
    let series = chart.series.as_deref()?;
    (card.columns.len() == 3).then_some((series, measure.as_str()))
}
