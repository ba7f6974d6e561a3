//! Visualization settings of a card. Metabase stores whatever it is given, so [`check`] is the only one who looks.

mod chart;
mod column;
mod known;
mod palette;
mod schema;
mod table;

pub use column::clicks;
pub use schema::check;

use aispend_warehouse::{Card, Display};
use serde_json::{Map, Value};

/// What Metabase calls a display.
pub const fn display(card: &Card) -> &'static str {
    match card.display {
        Display::Table => "table",
        Display::Scalar => "scalar",
        Display::Progress => "progress",
        Display::Line => "line",
        Display::Bar => "bar",
        Display::Row => "row",
        Display::Pie => "pie",
        Display::Combo => "combo",
        Display::Waterfall => "waterfall",
        Display::Scatter => "scatter",
        Display::Text => "text",
    }
}

/// The settings of a card, by its file.
pub fn settings(card: &Card) -> Value {
    let mut settings = match card.display {
        Display::Table => table::settings(card),
        Display::Text => Map::new(),
        _ => chart::settings(card),
    };
    let columns = column::settings(card);
    if !columns.is_empty() {
        settings.insert("column_settings".to_owned(), Value::Object(columns));
    }
    Value::Object(settings)
}

/// The settings of the table beside a chart.
pub fn twin_settings(card: &Card) -> Value {
    let mut settings = table::settings(card);
    if let Some((series, measure)) = table::pivots(card) {
        settings.insert("table.pivot".to_owned(), Value::Bool(true));
        settings.insert("table.pivot_column".to_owned(), Value::from(series));
        settings.insert("table.cell_column".to_owned(), Value::from(measure));
    }
    let columns = column::table_settings(card);
    settings.insert("column_settings".to_owned(), Value::Object(columns));
    Value::Object(settings)
}

#[cfg(test)]
mod tests;
