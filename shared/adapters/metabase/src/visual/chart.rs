//! Charts and figures: axes, series, colours.

use aispend_dashboards::format::platform;
use aispend_warehouse::{Card, Chart, Column, ColumnType, Display};
use serde_json::{Map, Value, json};

use super::palette::{BUDGET, CHANGE, COST_CLASSES, FORECAST, GROWTH, INK, OTHER, PLATFORMS, SERIES, SINGLE};

/// Values of series that are not platforms or kinds of cost, in the order of their colours.
const NAMED: [(&str, &[&str]); 3] = [
    ("token_type", &["input", "output", "cache_read", "cache_write"]),
    ("request_kind", &["composer", "chat", "agent", "inline edit"]),
    ("kind", &["included", "overage"]),
];

/// Settings of a chart or a figure, columns left out.
pub fn settings(card: &Card) -> Map<String, Value> {
    let mut settings = Map::new();
    match (card.display, &card.chart) {
        (Display::Scalar, _) => scalar(card, &mut settings),
        (Display::Progress, _) => progress(card, &mut settings),
        (Display::Pie, Some(chart)) => pie(chart, &mut settings),
        (_, Some(chart)) => axes(card, chart, &mut settings),
        (_, None) => {}
    }
    settings
}

fn scalar(card: &Card, settings: &mut Map<String, Value>) {
    let Some(column) = card.columns.first() else { return };
    settings.insert("scalar.field".to_owned(), json!(column.name));
    if column.name == "cost_growth_rate" {
        let [falling, growing, fast] = GROWTH;
        settings.insert(
            "scalar.segments".to_owned(),
            json!([
                {"min": null, "max": 0.05, "color": falling, "label": "Stable or falling"},
                {"min": 0.05, "max": 0.2, "color": growing, "label": "Moderate growth"},
                {"min": 0.2, "max": null, "color": fast, "label": "High growth"},
            ]),
        );
    }
}

fn progress(card: &Card, settings: &mut Map<String, Value>) {
    let [value, goal, ..] = card.columns.as_slice() else { return };
    settings.insert("progress.value".to_owned(), json!(value.name));
    settings.insert("progress.goal".to_owned(), json!(goal.name));
    settings.insert("progress.color".to_owned(), json!(SINGLE));
}

fn pie(chart: &Chart, settings: &mut Map<String, Value>) {
    let colors: Map<String, Value> =
        PLATFORMS.iter().map(|(key, color, _)| ((*key).to_owned(), json!(color))).collect();
    let rows: Vec<Value> = PLATFORMS
        .iter()
        .map(|(key, color, _)| {
            json!({
                "key": key, "name": platform(key), "originalName": key, "color": color, "defaultColor": false,
                "enabled": true, "hidden": false, "isOther": false,
            })
        })
        .collect();
    let mut set = |name: &str, value: Value| settings.insert(name.to_owned(), value);
    set("pie.dimension", json!(chart.x));
    set("pie.metric", json!(chart.y.first()));
    set("pie.show_legend", json!(true));
    set("pie.show_total", json!(true));
    set("pie.show_labels", json!(false));
    set("pie.percent_visibility", json!("both"));
    set("pie.decimal_places", json!(1));
    set("pie.slice_threshold", json!(0));
    set("pie.sort_rows", json!(false));
    set("pie.colors", Value::Object(colors));
    set("pie.rows", Value::Array(rows));
}

fn axes(card: &Card, chart: &Chart, settings: &mut Map<String, Value>) {
    let dimensions: Vec<&String> = std::iter::once(&chart.x).chain(&chart.series).collect();
    let kind = |name: &str| card.columns.iter().find(|column| column.name == *name).map(|column| column.kind);
    let mut set = |name: &str, value: Value| settings.insert(name.to_owned(), value);
    set("graph.dimensions", json!(dimensions));
    set("graph.metrics", json!(chart.y));
    set("graph.x_axis.title_text", json!(titled(card, std::slice::from_ref(&chart.x))));
    set("graph.y_axis.title_text", json!(titled(card, &chart.y)));
    match card.display {
        Display::Scatter => {
            set("graph.x_axis.scale", json!("linear"));
            if let Some(size) = chart.more.get("size").and_then(|size| size.as_str()) {
                set("scatter.bubble", json!(size));
            }
        }
        Display::Waterfall => {
            let [up, down, total] = CHANGE;
            set("waterfall.increase_color", json!(up));
            set("waterfall.decrease_color", json!(down));
            set("waterfall.total_color", json!(total));
            // Its rows begin and end with a total of their own.
            set("waterfall.show_total", json!(false));
        }
        _ => {
            let is_days = kind(&chart.x).is_some_and(ColumnType::is_day);
            set("graph.x_axis.scale", json!(if is_days { "timeseries" } else { "ordinal" }));
            if card.display != Display::Line {
                set("stackable.stack_type", stacking(chart));
            }
        }
    }
    if card.display == Display::Line {
        set("graph.show_trendline", json!(false));
    }
    set("graph.y_axis.unpin_from_zero", json!(false));
    if let Some(last) =
        chart.more.get("bands").and_then(|bands| bands.as_array()).and_then(|bands| bands.last())
    {
        set("graph.show_goal", json!(true));
        set("graph.goal_value", json!(last.as_float()));
        let words = chart.more.get("band_words").and_then(|words| words.as_array());
        let words = words.and_then(|words| words.last()).and_then(|words| words.as_str());
        set("graph.goal_label", json!(words));
    }
    let tooltip: Vec<&String> = card
        .columns
        .iter()
        .map(|column| &column.name)
        .filter(|name| !dimensions.contains(name) && !chart.y.contains(name))
        .collect();
    if !tooltip.is_empty() {
        set("graph.tooltip_columns", json!(tooltip));
    }
    let series = series(card, chart);
    if !series.is_empty() {
        set("series_settings", Value::Object(series));
    }
}

/// What these columns are called, with the card's unit where it is theirs and no label says it.
fn titled(card: &Card, names: &[String]) -> String {
    let columns: Vec<&Column> =
        names.iter().filter_map(|name| card.columns.iter().find(|column| column.name == *name)).collect();
    let label = columns.iter().map(|column| column.label.as_str()).collect::<Vec<_>>().join(", ");
    let unit = card.unit.as_str();
    let is_theirs = columns.iter().all(|column| match unit {
        // Words, or several units at once.
        "" | "text" => false,
        "USD" => matches!(column.kind, ColumnType::Usd | ColumnType::UsdUnit),
        "percent" => column.kind == ColumnType::Percent,
        _ => matches!(column.kind, ColumnType::Integer | ColumnType::Number),
    });
    let is_said = label.to_lowercase().contains(&unit.to_lowercase());
    if is_theirs && !is_said { format!("{label} ({unit})") } else { label }
}

fn stacking(chart: &Chart) -> Value {
    match (chart.stack, chart.percent) {
        (_, true) => json!("normalized"),
        (true, false) => json!("stacked"),
        (false, false) => Value::Null,
    }
}

/// A look for each series: by its value where there are several, by its column where there are not.
fn series(card: &Card, chart: &Chart) -> Map<String, Value> {
    let is_line = card.display == Display::Line;
    let look = |title: &str, color: &str, dash: &str, is_thick: bool| {
        let mut look = json!({"title": title, "color": color});
        if let (true, Some(look)) = (is_line, look.as_object_mut()) {
            look.insert("line.style".to_owned(), json!(dash));
            look.insert("line.size".to_owned(), json!(if is_thick { "L" } else { "M" }));
            look.insert("line.interpolate".to_owned(), json!("linear"));
            look.insert("line.marker_enabled".to_owned(), json!(true));
            // A gap is a gap: there is no figure for it.
            look.insert("line.missing".to_owned(), json!("none"));
        }
        look
    };
    let Some(by) = chart.series.as_deref() else { return columns(card, chart, look) };
    match chart.colors.as_deref() {
        Some("platform") => PLATFORMS
            .iter()
            .map(|(key, color, dash)| ((*key).to_owned(), look(platform(key), color, dash, *key == "cursor")))
            .chain([("total".to_owned(), look("Total", INK, "solid", true))])
            .collect(),
        Some("cost_class") => COST_CLASSES
            .iter()
            .map(|(key, title, color)| ((*key).to_owned(), look(title, color, "solid", false)))
            .collect(),
        // Which teams there are, the data alone says; what is left over has names of ours.
        _ if by == "team" => [("Other teams", "solid"), ("No team", "dotted"), ("Unattributed", "dashed")]
            .into_iter()
            .map(|(team, dash)| (team.to_owned(), look(team, OTHER, dash, false)))
            .collect(),
        _ => {
            let values = NAMED.iter().find(|(name, _)| *name == by).map_or(&[][..], |(_, values)| values);
            let looks = values.iter().zip(SERIES);
            looks
                .map(|(value, color)| ((*value).to_owned(), look(&title(value), color, "solid", false)))
                .collect()
        }
    }
}

fn columns(card: &Card, chart: &Chart, look: impl Fn(&str, &str, &str, bool) -> Value) -> Map<String, Value> {
    let label = |name: &str| {
        let column = card.columns.iter().find(|column| column.name == *name);
        column.map_or_else(|| name.to_owned(), |column| column.label.clone())
    };
    let mut settings = Map::new();
    for (place, name) in chart.y.iter().enumerate() {
        let color = match (card.display, name.as_str()) {
            (Display::Combo, "budget_usd") => BUDGET,
            (Display::Combo, "actual_usd") => SINGLE,
            (Display::Combo, _) => FORECAST,
            (_, _) if chart.y.len() == 1 => SINGLE,
            (_, _) => SERIES.get(place).copied().unwrap_or(SINGLE),
        };
        let mut one = look(&label(name), color, if place == 0 { "solid" } else { "dashed" }, false);
        if let (Display::Combo, Some(one)) = (card.display, one.as_object_mut()) {
            let is_line = name == "budget_usd";
            one.insert("display".to_owned(), json!(if is_line { "line" } else { "bar" }));
            if is_line {
                one.insert("line.style".to_owned(), json!("dashed"));
                one.insert("line.marker_enabled".to_owned(), json!(true));
            }
        }
        settings.insert(name.clone(), one);
    }
    settings
}

/// `cache_read` as people read it.
fn title(value: &str) -> String {
    let words = value.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
