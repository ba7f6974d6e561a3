//! A card's query: both envelopes in, one out, and what a mixture of them does.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::json::{Row, copy, int, list, object, row, set, text};

/// The kinds of template tags.
const TAG_TYPES: [&str; 9] =
    ["dimension", "text", "number", "date", "boolean", "temporal-unit", "snippet", "card", "table"];

/// Why a query is not kept as it was sent.
#[derive(Debug, PartialEq)]
pub enum Unreadable {
    /// The server's own reader stumbles, and is left with nothing.
    Mixed(String),
    /// The server says what is wrong.
    Refused(String),
}

/// Reads a query as it is sent. Native ones come back as MBQL 5 with a map of tags; others as they are.
pub fn read(query: &Value, major: u32) -> Result<Row, Unreadable> {
    let query = query.as_object().cloned().unwrap_or_default();
    let is_new = query.contains_key("lib/type") || query.contains_key("stages");
    let is_old = query.contains_key("type") || query.contains_key("native");
    let stage = list(&query, "stages").first().and_then(Value::as_object).cloned();
    let native = match (is_new, is_old) {
        (false, false) => return Err(Unreadable::Mixed("the query is empty".to_owned())),
        (true, true) => return Err(Unreadable::Mixed("both envelopes at once".to_owned())),
        (true, false) => {
            let stage = stage.ok_or_else(|| Unreadable::Mixed("no stage".to_owned()))?;
            if text(&query, "lib/type") != Some("mbql/query") || text(&stage, "lib/type").is_none() {
                return Err(Unreadable::Mixed("a `lib/type` is missing".to_owned()));
            }
            if text(&stage, "lib/type") != Some("mbql.stage/native") {
                return Ok(query);
            }
            stage
        }
        (false, true) if text(&query, "type") != Some("native") => return Ok(query),
        (false, true) => object(&query, "native").cloned().unwrap_or_default(),
    };
    let sql = text(&native, if is_new { "native" } else { "query" });
    let sql = sql.ok_or_else(|| Unreadable::Mixed("the SQL is not where this envelope has it".to_owned()))?;
    let tags = read_tags(native.get("template-tags"), is_new, major)?;
    let stage = json!({ "lib/type": "mbql.stage/native", "native": sql, "template-tags": tags });
    Ok(row(json!({ "lib/type": "mbql/query", "database": copy(&query, "database"), "stages": [stage] })))
}

fn read_tags(tags: Option<&Value>, is_new: bool, major: u32) -> Result<Row, Unreadable> {
    let named: Vec<(String, Value)> = match tags {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Object(map)) => map.iter().map(|(name, tag)| (name.clone(), tag.clone())).collect(),
        Some(Value::Array(tags)) if major >= 63 => {
            let name = |tag: &Value| tag.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            tags.iter().map(|tag| (name(tag), tag.clone())).collect()
        }
        Some(_) => return Err(Unreadable::Mixed("`template-tags` is no map".to_owned())),
    };
    let mut read = Row::new();
    for (name, tag) in named {
        let tag = tag.as_object().cloned().unwrap_or_default();
        let tag = read_tag(&name, tag, is_new)?;
        read.insert(name, Value::Object(tag));
    }
    Ok(read)
}

fn read_tag(name: &str, mut tag: Row, is_new: bool) -> Result<Row, Unreadable> {
    let refused = |what: &str| Err(Unreadable::Refused(format!("template tag `{name}`: {what}")));
    for key in ["id", "name", "display-name", "type"] {
        if text(&tag, key).is_none_or(str::is_empty) {
            return refused(&format!("`{key}` is missing"));
        }
    }
    if text(&tag, "name") != Some(name) {
        return refused("its name is not its key");
    }
    let kind = text(&tag, "type").unwrap_or_default();
    if !TAG_TYPES.contains(&kind) {
        return refused(&format!("`{kind}` is no type of tag"));
    }
    let needs_field = matches!(kind, "dimension" | "temporal-unit");
    if kind == "dimension" && text(&tag, "widget-type").is_none() {
        return refused("`widget-type` is missing");
    }
    if needs_field {
        let Some(field) = field_of(list(&tag, "dimension"), is_new) else {
            return Err(Unreadable::Mixed(format!(
                "template tag `{name}`: a field as in the other envelope"
            )));
        };
        set(&mut tag, "dimension", json!(["field", {}, field]));
    }
    Ok(tag)
}

/// The field of a reference, if it has the order of its envelope: options in the middle, or last.
fn field_of(reference: &[Value], is_new: bool) -> Option<i64> {
    match (reference, is_new) {
        ([name, Value::Object(_), id], true) if name == "field" => id.as_i64(),
        ([name, id, Value::Null | Value::Object(_)], false) if name == "field" => id.as_i64(),
        _ => None,
    }
}

/// The SQL of a native query.
pub fn sql(query: &Row) -> Option<&str> {
    text(stage(query)?, "native")
}

/// The tags of a native query, by name.
pub fn tags(query: &Row) -> Option<&Row> {
    object(stage(query)?, "template-tags")
}

fn stage(query: &Row) -> Option<&Row> {
    list(query, "stages").first()?.as_object()
}

/// The field that a tag stands for.
pub fn field(tag: &Row) -> Option<i64> {
    list(tag, "dimension").get(2)?.as_i64()
}

/// A query as a server of this version tells it.
pub fn tell(query: &Row, major: u32) -> Value {
    let (Some(sql), Some(tags)) = (sql(query), tags(query)) else { return Value::Object(query.clone()) };
    let database = int(query, "database");
    let tags: Map<String, Value> =
        tags.iter().map(|(name, tag)| (name.clone(), tell_tag(name, tag, major))).collect();
    if major < 57 {
        return tell_legacy(query);
    }
    // The order of a list is nobody's promise.
    let tags = if major >= 63 {
        Value::Array(tags.into_iter().rev().map(|(_, tag)| tag).collect())
    } else {
        Value::Object(tags)
    };
    let stage = json!({ "lib/type": "mbql.stage/native", "lib/uuid": uuid(sql), "native": sql, "template-tags": tags });
    json!({ "lib/type": "mbql/query", "lib/uuid": uuid("query"), "database": database, "stages": [stage] })
}

/// A query in the old envelope.
pub fn tell_legacy(query: &Row) -> Value {
    let (Some(sql), Some(tags)) = (sql(query), tags(query)) else { return Value::Object(query.clone()) };
    let tags: Map<String, Value> =
        tags.iter().map(|(name, tag)| (name.clone(), tell_tag(name, tag, 0))).collect();
    json!({ "type": "native", "database": int(query, "database"), "native": { "query": sql, "template-tags": tags } })
}

fn tell_tag(name: &str, tag: &Value, major: u32) -> Value {
    let mut tag = tag.as_object().cloned().unwrap_or_default();
    if let Some(field) = field(&tag) {
        let options = json!({ "lib/uuid": uuid(name), "effective-type": "type/*" });
        let reference =
            if major >= 61 { json!(["field", options, field]) } else { json!(["field", field, null]) };
        set(&mut tag, "dimension", reference);
    }
    Value::Object(tag)
}

fn uuid(seed: &str) -> String {
    crate::state::as_uuid(&Sha256::digest(seed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(dimension: &Value) -> Value {
        json!({ "day": {
            "id": "5a1c", "name": "day", "display-name": "Day", "type": "dimension", "dimension": dimension,
            "widget-type": "date/all-options",
        }})
    }

    fn new(dimension: &Value) -> Value {
        json!({ "lib/type": "mbql/query", "database": 2, "stages": [
            { "lib/type": "mbql.stage/native", "native": "SELECT 1 WHERE {{day}}", "template-tags": tag(dimension) },
        ]})
    }

    fn old(dimension: &Value) -> Value {
        let native = json!({ "query": "SELECT 1 WHERE {{day}}", "template-tags": tag(dimension) });
        json!({ "type": "native", "database": 2, "native": native })
    }

    #[test]
    fn both_envelopes_mean_the_same() {
        let (new, old) =
            (read(&new(&json!(["field", {}, 141])), 64), read(&old(&json!(["field", 141, null])), 64));
        assert!(new.is_ok());
        assert_eq!(new, old);
    }

    #[test]
    fn a_mixture_is_unreadable() {
        let mixtures = [
            old(&json!(["field", {}, 141])),
            new(&json!(["field", 141, null])),
            json!({}),
            json!({ "type": "native", "database": 2, "stages": [] }),
            json!({ "lib/type": "mbql/query", "database": 2, "stages": [{ "lib/type": "mbql.stage/native", "query": "SELECT 1" }] }),
        ];
        for mixture in mixtures {
            assert!(matches!(read(&mixture, 64), Err(Unreadable::Mixed(_))), "{mixture}");
        }
    }

    #[test]
    fn tags_are_a_list_from_63_and_a_map_before() {
        let query = read(&new(&json!(["field", {}, 141])), 64).expect("a query");
        for (major, is_list) in [(57, false), (62, false), (63, true), (64, true), (65, true)] {
            let told = tell(&query, major);
            let tags = told.pointer("/stages/0/template-tags").expect("tags");
            assert_eq!(tags.is_array(), is_list, "{major}");
        }
        assert_eq!(
            tell(&query, 60).pointer("/stages/0/template-tags/day/dimension"),
            Some(&json!(["field", 141, null]))
        );
        assert!(tell(&query, 64).pointer("/stages/0/template-tags/0/dimension/1/lib~1uuid").is_some());
        assert_eq!(tell(&query, 56).get("type"), Some(&json!("native")));
    }

    #[test]
    fn a_list_of_tags_is_taken_from_63_on() {
        let mut query = new(&json!(["field", {}, 141]));
        let tags = query.pointer("/stages/0/template-tags/day").cloned().map(|tag| json!([tag]));
        query["stages"][0]["template-tags"] = tags.expect("a tag");
        assert!(read(&query, 63).is_ok());
        assert!(matches!(read(&query, 62), Err(Unreadable::Mixed(_))));
    }

    #[test]
    fn what_is_told_can_be_sent_again() {
        let query = read(&new(&json!(["field", {}, 141])), 64).expect("a query");
        for major in [56, 57, 61, 64] {
            let again = read(&tell(&query, major), major);
            // Between 57 and 60 the server's own answer is a mixture.
            assert_eq!(again.is_ok(), major != 57, "{major}");
        }
    }
}
