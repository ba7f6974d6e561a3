//! What may stand in visualization settings, by display.

use serde_json::{Map, Value};

use super::known::{
    COLUMN, COMMON, Form, GRAPH, LOOK, PIE, PROGRESS, RULE, SCALAR, SCATTER, TABLE, VIRTUAL, WATERFALL,
};
use super::palette;
use Form::{
    Any, Choice, Click, Color, Colors, Column, ColumnSettings, Columns, Flag, Formatting, Looks, Number,
    PieRows, Segments, TableColumns, Text,
};

/// Looks at the settings of a display over these columns; none: nobody knows them.
///
/// # Errors
/// Every key or value that is not what Metabase documents, with its place.
pub fn check(display: &str, settings: &Value, columns: Option<&[&str]>) -> Result<(), Vec<String>> {
    let own: &[&[(&str, Form)]] = match display {
        "table" => &[TABLE],
        "scalar" => &[SCALAR],
        "progress" => &[PROGRESS],
        "pie" => &[PIE],
        "line" | "bar" | "row" | "combo" => &[GRAPH],
        "scatter" => &[GRAPH, SCATTER],
        "waterfall" => &[GRAPH, WATERFALL],
        "text" => &[VIRTUAL],
        _ => return Err(vec![format!("`{display}` is no display")]),
    };
    let known: Vec<(&str, Form)> = COMMON.iter().chain(own.iter().copied().flatten()).copied().collect();
    let mut checker = Checker { columns, problems: Vec::new() };
    checker.object("", settings, &known);
    if checker.problems.is_empty() { Ok(()) } else { Err(checker.problems) }
}

struct Checker<'a> {
    columns: Option<&'a [&'a str]>,
    problems: Vec<String>,
}

impl Checker<'_> {
    fn wrong(&mut self, place: &str, problem: &str) {
        self.problems.push(format!("{place}: {problem}"));
    }

    fn map<'v>(&mut self, place: &str, value: &'v Value) -> Option<&'v Map<String, Value>> {
        if !value.is_object() {
            self.wrong(place, "is no object");
        }
        value.as_object()
    }

    fn list<'v>(&mut self, place: &str, value: &'v Value) -> &'v [Value] {
        if !value.is_array() {
            self.wrong(place, "is no list");
        }
        value.as_array().map_or(&[], Vec::as_slice)
    }

    fn object(&mut self, place: &str, value: &Value, known: &[(&str, Form)]) {
        let Some(map) = self.map(place, value) else { return };
        for (key, value) in map {
            let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
            match known.iter().find(|(name, _)| name == key) {
                Some((_, form)) => self.value(&place, value, *form),
                None => self.wrong(&place, "is no setting of this display"),
            }
        }
    }

    fn column(&mut self, place: &str, value: &Value) {
        let is_known = |name: &str| self.columns.is_none_or(|columns| columns.contains(&name));
        if !value.as_str().is_some_and(is_known) {
            self.wrong(place, &format!("{value} is no column"));
        }
    }

    fn value(&mut self, place: &str, value: &Value, form: Form) {
        let is_right = match form {
            Any => true,
            Flag => value.is_boolean(),
            Number => value.is_number(),
            Text => value.is_string() || value.is_null(),
            Choice(words) => value.is_null() || value.as_str().is_some_and(|text| words.contains(&text)),
            Color => value.as_str().is_some_and(|text| palette::all().contains(&text)),
            Click => {
                value.get("type").and_then(Value::as_str) == Some("link") && value.get("targetId").is_some()
            }
            Column | Columns | Looks | ColumnSettings | TableColumns | Formatting | Segments | Colors
            | PieRows => {
                self.nested(place, value, form);
                true
            }
        };
        if !is_right {
            self.wrong(place, &format!("{value} is not what it takes"));
        }
    }

    fn nested(&mut self, place: &str, value: &Value, form: Form) {
        match form {
            Column => self.column(place, value),
            Columns => {
                for item in self.list(place, value) {
                    self.column(place, item);
                }
            }
            Looks => {
                for (key, look) in self.map(place, value).into_iter().flatten() {
                    self.object(&format!("{place}.{key}"), look, LOOK);
                }
            }
            ColumnSettings => {
                for (key, settings) in self.map(place, value).into_iter().flatten() {
                    match serde_json::from_str::<(String, String)>(key) {
                        Ok((kind, name)) if kind == "name" => self.column(place, &Value::from(name)),
                        _ => self.wrong(place, &format!("`{key}` is not [\"name\",\"column\"]")),
                    }
                    self.object(&format!("{place}.{key}"), settings, COLUMN);
                }
            }
            TableColumns => {
                for item in self.list(place, value) {
                    self.object(place, item, &[("name", Column), ("enabled", Flag)]);
                }
            }
            Formatting => {
                for item in self.list(place, value) {
                    self.object(place, item, RULE);
                }
            }
            Segments => {
                let known = [("min", Any), ("max", Any), ("color", Color), ("label", Text)];
                for item in self.list(place, value) {
                    self.object(place, item, &known);
                }
            }
            Colors => {
                let colors: Vec<&Value> = match value {
                    Value::Object(map) => map.values().collect(),
                    Value::Array(items) => items.iter().collect(),
                    _ => Vec::new(),
                };
                if colors.len() < 2 {
                    self.wrong(place, "needs two colours");
                }
                for color in colors {
                    self.value(place, color, Color);
                }
            }
            PieRows => {
                let known = [
                    ("key", Text),
                    ("name", Text),
                    ("originalName", Text),
                    ("color", Color),
                    ("defaultColor", Flag),
                    ("enabled", Flag),
                    ("hidden", Flag),
                    ("isOther", Flag),
                ];
                for item in self.list(place, value) {
                    self.object(place, item, &known);
                }
            }
            Any | Flag | Number | Text | Choice(_) | Color | Click => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use aispend_warehouse::cards;
    use serde_json::json;

    use super::*;
    use crate::visual::{display, settings, twin_settings};

    #[test]
    fn the_settings_of_every_card_and_of_its_table_are_known() {
        for card in cards().unwrap().iter().filter(|card| !card.is_text()) {
            let columns: Vec<&str> = card.columns.iter().map(|column| column.name.as_str()).collect();
            assert_eq!(check(display(card), &settings(card), Some(&columns)), Ok(()), "{}", card.id);
            assert_eq!(check("table", &twin_settings(card), Some(&columns)), Ok(()), "{}", card.id);
        }
    }

    #[test]
    fn what_metabase_would_ignore_is_found() {
        for (display, settings, expected) in [
            ("bar", json!({"graph.dimension": ["a"]}), "graph.dimension: is no setting"),
            ("bar", json!({"graph.dimensions": ["b"]}), "\"b\" is no column"),
            ("bar", json!({"stackable.stack_type": "piled"}), "is not what it takes"),
            ("bar", json!({"series_settings": {"x": {"color": "#00FF00"}}}), "#00FF00"),
            ("table", json!({"column_settings": {"a": {}}}), "is not [\"name\""),
            ("table", json!({"column_settings": {"[\"name\",\"a\"]": {"titel": "A"}}}), "titel"),
            ("gauge", json!({}), "is no display"),
        ] {
            let problems = check(display, &settings, Some(&["a"])).unwrap_err();
            assert!(problems[0].contains(expected), "{problems:?}");
        }
    }
}
