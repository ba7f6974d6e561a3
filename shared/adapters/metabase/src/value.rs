//! JSON that two sides can be compared by: one spelling, and what differs between two values.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Names in braces and what stands for them: `{card/exec/headline}` and 31.
pub type Ids = BTreeMap<String, Value>;

/// A name that an id takes the place of when it is known.
pub fn placeholder(key: &str) -> String {
    format!("{{{key}}}")
}

/// One spelling of a value, whatever order its keys came in.
pub fn spelled(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&String, &Value> = map.iter().collect();
            let parts: Vec<String> =
                sorted.into_iter().map(|(key, value)| format!("{key:?}:{}", spelled(value))).collect();
            format!("{{{}}}", parts.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(spelled).collect::<Vec<_>>().join(",")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

/// Twelve letters that change with the value.
pub fn fingerprint(value: &Value) -> String {
    hex(&spelled(value)).chars().take(12).collect()
}

fn hex(text: &str) -> String {
    format!("{:x}", Sha256::digest(text))
}

/// An id in the form of a UUID, always the same for a name.
pub fn uuid(name: &str) -> String {
    let hex = hex(name);
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

/// The text at a key, or nothing.
pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The items at a key, or none.
pub fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The number of an object.
pub fn id(value: &Value) -> Option<u64> {
    value.get("id").and_then(Value::as_u64)
}

/// An object of pairs.
pub fn object<K: Into<String>>(pairs: impl IntoIterator<Item = (K, Value)>) -> Value {
    Value::Object(pairs.into_iter().map(|(key, value)| (key.into(), value)).collect::<Map<_, _>>())
}

/// Puts ids in the place of names; a name without an id is the error.
pub fn resolved(value: &Value, ids: &Ids) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => match ids.get(text.as_str()) {
            Some(id) => id.clone(),
            None if is_placeholder(text) => return Err(text.clone()),
            None => value.clone(),
        },
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| resolved(item, ids)).collect::<Result<_, _>>()?)
        }
        Value::Object(map) => {
            let mut resolved_map = Map::new();
            for (key, value) in map {
                let key = match ids.get(key.as_str()) {
                    Some(id) => plain(id),
                    None if is_placeholder(key) => return Err(key.clone()),
                    None => key.clone(),
                };
                resolved_map.insert(key, resolved(value, ids)?);
            }
            Value::Object(resolved_map)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    })
}

/// The same for a path.
pub fn resolved_path(path: &str, ids: &Ids) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}').ok_or_else(|| path.to_owned())?;
        let name = placeholder(name);
        out.push_str(before);
        out.push_str(&plain(ids.get(&name).ok_or(name)?));
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

fn plain(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

/// The kinds of things that names stand for.
const KINDS: [&str; 9] = [
    "card/",
    "dashboard/",
    "dashcard/",
    "collection/",
    "field/",
    "group/",
    "revision/",
    "secret/",
    "database",
];

fn is_placeholder(text: &str) -> bool {
    text.strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'))
        .is_some_and(|name| KINDS.iter().any(|kind| name.starts_with(kind)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_keys_does_not_matter_and_everything_else_does() {
        let one: Value = serde_json::from_str(r#"{"a":1,"b":{"d":2,"c":3}}"#).unwrap();
        let other: Value = serde_json::from_str(r#"{"b":{"c":3,"d":2},"a":1}"#).unwrap();
        assert_eq!(fingerprint(&one), fingerprint(&other));
        assert_ne!(fingerprint(&one), fingerprint(&json!({"a": 1, "b": {"d": 2, "c": "3"}})));
    }

    #[test]
    fn names_become_ids_in_values_keys_and_paths() {
        let ids = Ids::from([("{card/a}".to_owned(), json!(7)), ("{database}".to_owned(), json!(2))]);
        let value = json!({"x": "{card/a}", "{database}": [1, "{card/a}"], "text": "{card/a} here"});
        assert_eq!(resolved(&value, &ids).unwrap(), json!({"x": 7, "2": [1, 7], "text": "{card/a} here"}));
        assert_eq!(resolved(&json!(["{card/b}"]), &ids).unwrap_err(), "{card/b}");
        assert_eq!(resolved_path("/api/card/{card/a}/query", &ids).unwrap(), "/api/card/7/query");
        assert_eq!(resolved_path("/api/card/{card/b}", &ids).unwrap_err(), "{card/b}");
    }

    #[test]
    fn an_id_has_the_form_of_a_uuid() {
        let id = uuid("exec/headline date_range");
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert_eq!(id, uuid("exec/headline date_range"));
    }
}
