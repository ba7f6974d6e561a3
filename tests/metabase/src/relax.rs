//! Reads the document as its server does: a property with a default may be left out, and the branches of a `oneOf` may
//! overlap.

use serde_json::{Map, Value};

/// A schema with these two readings applied, all the way down.
pub fn relaxed(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => Value::Object(relaxed_object(object)),
        Value::Array(items) => items.iter().map(relaxed).collect(),
        other => other.clone(),
    }
}

fn relaxed_object(object: &Map<String, Value>) -> Map<String, Value> {
    let properties = object.get("properties").and_then(Value::as_object);
    let has_default = |name: &Value| {
        let name = name.as_str().unwrap_or_default();
        properties.and_then(|all| all.get(name)).is_some_and(|schema| schema.get("default").is_some())
    };
    let mut all = Map::new();
    for (key, value) in object {
        match (key.as_str(), value) {
            ("required", Value::Array(names)) => {
                let kept = names.iter().filter(|name| !has_default(name)).cloned().collect();
                all.insert(key.clone(), Value::Array(kept));
            }
            // The keys in here are names, whatever they look like.
            ("properties", Value::Object(named)) => {
                let named = named.iter().map(|(name, schema)| (name.clone(), relaxed(schema))).collect();
                all.insert(key.clone(), Value::Object(named));
            }
            ("oneOf" | "anyOf", value) => add_alternatives(&mut all, relaxed(value)),
            // Values, not schemas.
            ("default" | "const" | "enum", value) => {
                all.insert(key.clone(), value.clone());
            }
            (_, value) => {
                all.insert(key.clone(), relaxed(value));
            }
        }
    }
    all
}

/// Puts a choice beside the one that may be there already.
fn add_alternatives(all: &mut Map<String, Value>, alternatives: Value) {
    let Some(first) = all.insert("anyOf".to_owned(), alternatives) else { return };
    if let Some(second) = all.remove("anyOf") {
        let both = [first, second]
            .into_iter()
            .map(|choice| Value::Object(Map::from_iter([("anyOf".to_owned(), choice)])));
        all.insert("allOf".to_owned(), both.collect());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_the_server_cannot_fill_in_stays_required() {
        let schema = json!({
            "required": ["name", "archived"],
            "properties": { "name": { "oneOf": [{ "type": "string" }] }, "archived": { "default": false }, "required": {} }
        });
        let expected = json!({
            "required": ["name"],
            "properties": { "name": { "anyOf": [{ "type": "string" }] }, "archived": { "default": false }, "required": {} }
        });
        assert_eq!(relaxed(&schema), expected);
    }

    #[test]
    fn two_choices_side_by_side_both_hold() {
        let schema = json!({ "oneOf": [{ "type": "string" }], "anyOf": [{ "minLength": 2 }] });
        let relaxed = relaxed(&schema);
        assert_eq!(relaxed.pointer("/allOf").and_then(Value::as_array).map(Vec::len), Some(2));
    }
}
