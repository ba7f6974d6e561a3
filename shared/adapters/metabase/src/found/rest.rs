//! The connection, rights, caching, keys and e-mails, as they are.

use serde_json::{Map, Value, json};

use super::{Found, list};
use crate::client::Client;
use crate::error::MetabaseError;
use crate::keeper::KEY_NAME;
use crate::value::{Ids, id, items, object, placeholder, text};
use crate::wanted::{Wanted, collection_graph, data_graph, database as wanted_database, fields, pulses};

/// The connection, and the columns behind filters.
pub async fn database(client: &Client, wanted: &Wanted, found: &mut Found) -> Result<(), MetabaseError> {
    let all = list(&client.get("/api/database").await?);
    let ours: Vec<&Value> = all.iter().filter(|raw| Found::is_ours(raw, wanted)).collect();
    if let [first, second, ..] = ours.as_slice() {
        return Err(MetabaseError::Twice {
            key: wanted.names.database.clone(),
            kind: "database",
            first: id(first).unwrap_or(0),
            second: id(second).unwrap_or(0),
        });
    }
    let Some((number, raw)) = ours.first().and_then(|raw| Some((id(raw)?, *raw))) else { return Ok(()) };
    let declared = wanted_database(&wanted.names);
    let empty = Map::new();
    let wanted_details = declared.get("details").and_then(Value::as_object).unwrap_or(&empty);
    let details = raw.get("details").unwrap_or(&Value::Null);
    let details = object(
        wanted_details.keys().map(|key| (key.clone(), details.get(key).cloned().unwrap_or(Value::Null))),
    );
    let body = json!({"name": raw.get("name"), "engine": raw.get("engine"), "details": details});
    found.database = Some((number, body));
    found.ids.insert(placeholder("database"), number.into());
    for (name, number, how) in columns(client, number, &wanted.names.dataset).await? {
        found.ids.insert(placeholder(&format!("field/{name}")), number.into());
        found.fields.insert(name, (number, how));
    }
    Ok(())
}

/// Columns behind filters that Metabase sees: name, number, how values are offered.
pub async fn columns(
    client: &Client,
    database: u64,
    dataset: &str,
) -> Result<Vec<(String, u64, Value)>, MetabaseError> {
    let metadata = client.get(&format!("/api/database/{database}/metadata?include_hidden=true")).await?;
    let wanted = fields();
    let mut seen = Vec::new();
    for table in items(&metadata, "tables").iter().filter(|table| text(table, "schema") == dataset) {
        for field in items(table, "fields") {
            let name = format!("{}.{}", text(table, "name"), text(field, "name"));
            if let (Some(id), true) = (id(field), wanted.iter().any(|(known, _)| *known == name)) {
                let how = json!({
                    "has_field_values": field.get("has_field_values"), "semantic_type": field.get("semantic_type"),
                });
                seen.push((name, id, how));
            }
        }
    }
    Ok(seen)
}

/// Rights, caching, keys.
pub async fn access(client: &Client, wanted: &Wanted, found: &mut Found) -> Result<(), MetabaseError> {
    let graph = client.get("/api/collection/graph").await?;
    let declared = collection_graph(&wanted.names);
    found.collection_graph =
        restricted(&graph, &declared, &found.ids, |right| json!(right.as_str().unwrap_or("none")));
    let graph = client.get("/api/permissions/graph").await?;
    let declared = data_graph(&wanted.names, found.edition);
    let limits_downloads = found.edition.limits_downloads;
    found.data_graph = restricted(&graph, &declared, &found.ids, |right| {
        let or = |key: &str, value: &str| json!(right.get(key).and_then(Value::as_str).unwrap_or(value));
        let mut rights = json!({"view-data": or("view-data", "unrestricted"), "create-queries": or("create-queries", "no")});
        if let (true, Some(rights)) = (limits_downloads, rights.as_object_mut()) {
            // What a group may not do is left out.
            let schemas = right.pointer("/download/schemas").cloned().unwrap_or_else(|| json!("none"));
            rights.insert("download".to_owned(), json!({"schemas": schemas}));
        }
        rights
    });
    let cache = client.get("/api/cache?model=root").await?;
    found.cache = items(&cache, "data").first().and_then(|entry| entry.get("strategy")).map(|strategy| {
        let kept = ["type", "multiplier", "min_duration_ms"];
        object(kept.iter().filter_map(|key| Some((*key, strategy.get(*key)?.clone()))))
    });
    let keys = list(&client.get("/api/api-key").await?);
    found.key = keys.iter().find(|key| text(key, "name") == KEY_NAME).and_then(id);
    Ok(())
}

/// That part of a graph which is declared, by our names; what is absent is what `right` makes of nothing. A folder or group
/// that is not there yet has no right at all: the servers' defaults are wider than ours.
fn restricted(graph: &Value, declared: &Value, ids: &Ids, right: impl Fn(&Value) -> Value) -> Value {
    let key = |name: &str| match ids.get(name) {
        Some(id) => Some(id.to_string()),
        None => (!name.starts_with('{')).then(|| name.to_owned()),
    };
    let groups = graph.get("groups").unwrap_or(&Value::Null);
    object(declared.as_object().into_iter().flatten().map(|(group, rights)| {
        let here = |thing: &str| {
            let (group, thing) = (key(group)?, key(thing)?);
            let rights = groups.get(group).and_then(|rights| rights.get(thing));
            Some(right(rights.unwrap_or(&Value::Null)))
        };
        let rights = rights.as_object().into_iter().flatten();
        let rights = rights.map(|(thing, _)| (thing.clone(), here(thing).unwrap_or(Value::Null)));
        (group.clone(), object(rights))
    }))
}

/// Subscriptions and alerts.
pub async fn letters(client: &Client, wanted: &Wanted, found: &mut Found) -> Result<(), MetabaseError> {
    if let Some(board) = found.ids.get(&placeholder("dashboard/exec")) {
        let all = list(&client.get(&format!("/api/pulse?dashboard_id={board}")).await?);
        for (name, _) in pulses(wanted) {
            let mut ours = all
                .iter()
                .filter(|raw| text(raw, "name") == name && raw.get("archived") != Some(&Value::Bool(true)));
            if let Some((number, raw)) = ours.next().and_then(|raw| Some((id(raw)?, raw))) {
                found.pulses.insert(name.to_owned(), (number, raw.clone()));
            }
        }
    }
    let all =
        list(&client.get("/api/notification?payload_type=notification/card&include_inactive=true").await?);
    for (key, _) in &wanted.schedules {
        let Some(card) = found.ids.get(&placeholder(key)) else { continue };
        let is_ours = |raw: &&Value| {
            let on_card = raw.get("payload").and_then(|payload| payload.get("card_id")) == Some(card);
            on_card
                && items(raw, "subscriptions").iter().any(|one| text(one, "ui_display_type") == "cron/raw")
        };
        if let Some(raw) = all.iter().find(is_ours) {
            found.notifications.insert(key.clone(), raw.clone());
        }
    }
    let names = &wanted.names;
    if !(names.monthly_to.is_empty() && names.weekly_to.is_empty() && names.alerts_to.is_empty()) {
        let answer = client.get("/api/setting/email-configured%3F").await?;
        found.sends_email = Some(answer == Value::Bool(true) || answer.as_str() == Some("true"));
    }
    Ok(())
}
