//! Everything the server holds, for a test to compare.

use serde_json::{Map, Value, json};

use crate::{
    databases,
    json::{Row, list, set, text},
    state::{Kind, State},
};

/// The kinds that are told, under these names.
const KINDS: [(&str, Kind); 13] = [
    ("api_keys", Kind::ApiKey),
    ("cards", Kind::Card),
    ("collections", Kind::Collection),
    ("dashboards", Kind::Dashboard),
    ("databases", Kind::Database),
    ("fields", Kind::Field),
    ("groups", Kind::Group),
    ("memberships", Kind::Membership),
    ("notifications", Kind::Notification),
    ("pulses", Kind::Pulse),
    ("revisions", Kind::Revision),
    ("tables", Kind::Table),
    ("users", Kind::User),
];

/// Rows lie in the order of their names, so that it does not matter which was made first. Keys and passwords are left
/// out.
pub fn take(state: &State) -> Value {
    let mut all = Map::new();
    for (name, kind) in KINDS {
        let mut rows: Vec<Row> = state.all(kind).map(|(_, row)| plain(state, kind, row)).collect();
        let order = |row: &Row| {
            let name = text(row, "name").or_else(|| text(row, "email")).unwrap_or_default().to_owned();
            (name, text(row, "description").unwrap_or_default().to_owned())
        };
        rows.sort_by_key(order);
        set(&mut all, name, rows.into_iter().map(Value::Object).collect::<Vec<_>>());
    }
    set(&mut all, "settings", json!(state.settings));
    set(&mut all, "collection_graph", named_graph(state, &collection_graph(state), Kind::Collection));
    set(&mut all, "data_graph", named_graph(state, &data_graph(state), Kind::Database));
    set(&mut all, "cache", json!(state.cache));
    Value::Object(all)
}

fn collection_graph(state: &State) -> Value {
    let collections = state.all(Kind::Collection).map(|(id, _)| id).collect();
    state.collection_graph.tell(&crate::groups::ids(state), &collections, state.major())
}

fn data_graph(state: &State) -> Value {
    let databases: Vec<i64> = state.all(Kind::Database).map(|(id, _)| id).collect();
    state.data_graph.tell(&crate::groups::ids(state), &databases)
}

/// A graph with names in the place of ids.
fn named_graph(state: &State, graph: &Value, kind: Kind) -> Value {
    let name = |kind: Kind, id: &str| {
        let row = id.parse().ok().and_then(|id| state.get(kind, id));
        row.and_then(|row| text(row, "name")).unwrap_or(id).to_owned()
    };
    let groups = graph.get("groups").and_then(Value::as_object).into_iter().flatten();
    let named = groups.map(|(group, places)| {
        let places = places.as_object().into_iter().flatten();
        let places: Map<String, Value> =
            places.map(|(place, right)| (name(kind, place), right.clone())).collect();
        (name(Kind::Group, group), Value::Object(places))
    });
    Value::Object(named.collect())
}

fn plain(state: &State, kind: Kind, row: &Row) -> Row {
    let mut row = if kind == Kind::Database { databases::tell(row) } else { row.clone() };
    row.retain(|key, _| !["secret", "password", "slug"].contains(&key.as_str()));
    if kind == Kind::Collection {
        let above = text(&row, "location").unwrap_or("/").trim_matches('/').split('/').filter_map(|id| {
            let id = id.parse().ok()?;
            text(state.get(Kind::Collection, id)?, "name")
        });
        let above = above.collect::<Vec<_>>().join("/");
        set(&mut row, "location", above);
    }
    if kind == Kind::Dashboard {
        let tabs: Vec<Value> = list(&row, "tabs").iter().filter_map(|tab| tab.get("id").cloned()).collect();
        let mut dashcards = list(&row, "dashcards").to_vec();
        dashcards.sort_by_key(|dashcard| place(&tabs, dashcard));
        set(&mut row, "dashcards", dashcards);
    }
    row
}

/// Where a card lies: the position of its tab, then its corner.
fn place(tabs: &[Value], dashcard: &Value) -> (Option<usize>, i64, i64) {
    let at = |key: &str| dashcard.get(key).and_then(Value::as_i64).unwrap_or_default();
    let tab = tabs.iter().position(|tab| dashcard.get("dashboard_tab_id") == Some(tab));
    (tab, at("row"), at("col"))
}
