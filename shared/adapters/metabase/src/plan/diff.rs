//! What differs between two values, place by place.

use std::collections::BTreeSet;

use serde_json::Value;

/// Letters of a value that are shown.
const SHOWN: usize = 120;

/// One difference.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Change {
    /// Keys, joined by dots.
    pub place: String,
    /// What is there.
    pub from: Value,
    /// What should be there.
    pub to: Value,
}

/// Every difference; the smallest places that differ.
pub fn changes(from: &Value, to: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    walk("", from, to, &mut changes);
    changes
}

fn walk(place: &str, from: &Value, to: &Value, changes: &mut Vec<Change>) {
    let inside = |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
    match (from, to) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let at = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
                walk(&inside(key), &at(one), &at(other), changes);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (at, (one, other)) in one.iter().zip(other).enumerate() {
                walk(&inside(&at.to_string()), one, other, changes);
            }
        }
        (from, to) if from != to => {
            changes.push(Change { place: place.to_owned(), from: from.clone(), to: to.clone() });
        }
        _ => {}
    }
}

impl Change {
    /// Lines for a person: `-` what is there, `+` what should be. Long texts by the lines that differ.
    pub fn lines(&self) -> Vec<String> {
        if let (Value::String(from), Value::String(to)) = (&self.from, &self.to)
            && (from.contains('\n') || to.contains('\n'))
        {
            let mut lines = vec![format!("{}:", self.place)];
            let without = |these: &str, those: &str, sign: &str| -> Vec<String> {
                let others: BTreeSet<&str> = those.lines().collect();
                let only = these.lines().filter(|line| !others.contains(line));
                only.map(|line| format!("  {sign} {}", short(line.trim_end()))).collect()
            };
            lines.extend(without(from, to, "-"));
            lines.extend(without(to, from, "+"));
            return lines;
        }
        vec![format!("{}: {} -> {}", self.place, shown(&self.from), shown(&self.to))]
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        value => short(&value.to_string()),
    }
}

fn short(text: &str) -> String {
    let mut letters = text.chars();
    let start: String = letters.by_ref().take(SHOWN).collect();
    if letters.next().is_some() { format!("{start}…") } else { start }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_smallest_places_that_differ_are_named() {
        let from = json!({"name": "A", "settings": {"color": "#111111", "size": 1}, "tabs": ["x", "y"]});
        let to = json!({"name": "B", "settings": {"color": "#111111", "size": 2}, "tabs": ["x"]});
        let places: Vec<String> = changes(&from, &to).into_iter().map(|change| change.place).collect();
        assert_eq!(places, ["name", "settings.size", "tabs"]);
        assert_eq!(changes(&from, &from), []);
    }

    #[test]
    fn a_long_text_shows_the_lines_that_differ() {
        let lines = Change { place: "sql".into(), from: json!("a\nb\nc"), to: json!("a\nx\nc") }.lines();
        assert_eq!(lines, ["sql:", "  - b", "  + x"]);
        let lines = Change { place: "name".into(), from: Value::Null, to: json!("x") }.lines();
        assert_eq!(lines, ["name: nothing -> \"x\""]);
    }
}
