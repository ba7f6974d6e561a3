//! What a server gave, in the form that both sides are compared in: names for numbers, nothing that it adds by itself.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::marker;
use crate::value::{Ids, items, object, text};

/// Names in braces by kind and number.
pub type NamesOf = BTreeMap<(String, u64), String>;

/// Names by number.
pub fn names(ids: &Ids) -> NamesOf {
    let kind = |name: &str| name.trim_matches(['{', '}']).split('/').next().unwrap_or_default().to_owned();
    ids.iter().filter_map(|(name, id)| Some(((kind(name), id.as_u64()?), name.clone()))).collect()
}

/// A number by its name, or itself.
pub fn named(kind: &str, id: Option<&Value>, names: &NamesOf) -> Value {
    let known = id.and_then(Value::as_u64).and_then(|id| names.get(&(kind.to_owned(), id)));
    known.map_or_else(|| id.cloned().unwrap_or(Value::Null), |name| json!(name))
}

/// Description without the marker.
pub fn description(raw: &Value) -> String {
    marker::read(text(raw, "description")).0
}

pub fn archived(raw: &Value) -> Value {
    json!(raw.get("archived").and_then(Value::as_bool).unwrap_or(false))
}

/// The folder that a folder stands in: its own key, or the last number of its path.
pub fn parent(raw: &Value) -> Option<u64> {
    let last =
        || text(raw, "location").trim_end_matches('/').rsplit('/').next().and_then(|id| id.parse().ok());
    raw.get("parent_id").and_then(Value::as_u64).or_else(last)
}

pub fn collection(raw: &Value, names: &NamesOf) -> Value {
    json!({
        "name": raw.get("name"), "description": description(raw),
        "parent": named("collection", parent(raw).map(Value::from).as_ref(), names),
        "archived": archived(raw),
    })
}

pub fn card(raw: &Value, names: &NamesOf) -> Value {
    let (sql, tags) = query(raw.get("dataset_query").unwrap_or(&Value::Null), names);
    let parameters: Vec<Value> = items(raw, "parameters").iter().map(parameter).collect();
    json!({
        "name": raw.get("name"), "description": description(raw), "display": raw.get("display"),
        "collection": named("collection", raw.get("collection_id"), names),
        "sql": sql, "tags": tags, "parameters": parameters,
        "settings": raw.get("visualization_settings"), "archived": archived(raw),
    })
}

/// The SQL and its tags by name, from either envelope and from tags as a map or as a list.
fn query(query: &Value, names: &NamesOf) -> (Value, Value) {
    let stage = items(query, "stages").first();
    let native = query.get("native");
    let (sql, tags) = stage.map_or_else(
        || {
            (
                native.and_then(|native| native.get("query")),
                native.and_then(|native| native.get("template-tags")),
            )
        },
        |stage| (stage.get("native"), stage.get("template-tags")),
    );
    let tags: Vec<&Value> = match tags {
        Some(Value::Object(map)) => map.values().collect(),
        Some(Value::Array(list)) => list.iter().collect(),
        _ => Vec::new(),
    };
    let tags = object(tags.into_iter().map(|one| (text(one, "name"), tag(one, names))));
    (sql.cloned().unwrap_or(Value::Null), tags)
}

fn tag(raw: &Value, names: &NamesOf) -> Value {
    let kept = ["id", "name", "display-name", "type", "widget-type", "alias", "default", "required"];
    let mut tag = keeping(raw, &kept);
    if let Some(parts) = raw.get("dimension").and_then(Value::as_array) {
        // The number stands in another place in the old form.
        let id = parts.iter().find(|part| part.is_u64());
        tag.insert("dimension".to_owned(), json!(["field", {}, named("field", id, names)]));
    }
    Value::Object(tag)
}

/// A filter of a card or a dashboard.
pub fn parameter(raw: &Value) -> Value {
    let kept = [
        "id",
        "name",
        "slug",
        "type",
        "sectionId",
        "default",
        "required",
        "values_query_type",
        "values_source_type",
        "values_source_config",
    ];
    let mut parameter = keeping(raw, &kept);
    if let Some(target) = raw.get("target").filter(|target| !target.is_null()) {
        parameter.insert("target".to_owned(), self::target(target));
    }
    Value::Object(parameter)
}

/// A target without the options that newer servers add.
pub fn target(raw: &Value) -> Value {
    raw.as_array().map_or_else(|| raw.clone(), |parts| parts.iter().take(2).cloned().collect())
}

fn keeping(raw: &Value, keys: &[&str]) -> Map<String, Value> {
    let is_something = |value: &&Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Object(map) => !map.is_empty(),
        _ => true,
    };
    keys.iter()
        .filter_map(|key| Some(((*key).to_owned(), raw.get(*key).filter(is_something)?.clone())))
        .collect()
}

/// Settings with names where clicks lead.
pub fn settings(raw: &Value, names: &NamesOf) -> Value {
    match raw {
        Value::Object(map) => {
            let leads_to_board = map.get("linkType").and_then(Value::as_str) == Some("dashboard");
            object(map.iter().map(|(key, value)| {
                let is_target = leads_to_board && key == "targetId";
                let value =
                    if is_target { named("dashboard", Some(value), names) } else { settings(value, names) };
                (key.clone(), value)
            }))
        }
        Value::Array(list) => Value::Array(list.iter().map(|item| settings(item, names)).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => raw.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> NamesOf {
        NamesOf::from([
            (("field".to_owned(), 141), "{field/dim_calendar.day}".to_owned()),
            (("collection".to_owned(), 12), "{collection/exec}".to_owned()),
        ])
    }

    #[test]
    fn tags_are_read_from_a_map_a_list_and_the_old_envelope_alike() {
        let tag = |dimension: Value| {
            json!({"id": "x", "name": "d", "display-name": "D", "type": "dimension", "dimension": dimension,
                "widget-type": "date/all-options", "lib/uuid": "u", "required": false})
        };
        let stage = |tags: Value| json!({"lib/type": "mbql/query", "database": 2, "stages": [{"native": "S", "template-tags": tags}]});
        let new = tag(json!(["field", {"lib/uuid": "q", "effective-type": "type/Date"}, 141]));
        let old = tag(json!(["field", 141, null]));
        let expected = super::query(&stage(json!({"d": new})), &names());
        assert_eq!(expected.0, "S");
        assert_eq!(expected.1["d"]["dimension"], json!(["field", {}, "{field/dim_calendar.day}"]));
        assert_eq!(super::query(&stage(json!([new])), &names()), expected);
        let legacy = json!({"type": "native", "native": {"query": "S", "template-tags": {"d": old}}});
        assert_eq!(super::query(&legacy, &names()), expected);
    }

    #[test]
    fn a_folder_knows_its_parent_by_number_or_by_path() {
        assert_eq!(parent(&json!({"parent_id": 12})), Some(12));
        assert_eq!(parent(&json!({"location": "/3/12/"})), Some(12));
        assert_eq!(parent(&json!({"location": "/"})), None);
        assert_eq!(collection(&json!({"location": "/12/"}), &names())["parent"], "{collection/exec}");
    }
}
