//! What cards and dashboards were before.

use serde_json::{Value, json};

use crate::{
    access,
    graph::Level,
    json::{Row, copy, int, object, row, set, text},
    reply::{self, Answer, Reply},
    state::{Kind, State},
    world::Call,
};

/// Keeps how a thing is now.
pub fn record(state: &mut State, kind: Kind, id: i64, call: &Call) {
    let Some(mut now) = state.get(kind, id).cloned() else { return };
    now.remove("updated_at");
    let entity = if kind == Kind::Card { "card" } else { "dashboard" };
    let creates = of(state, entity, id).next().is_none();
    let revision = json!({
        "entity": entity, "entity_row": id, "object": now, "is_creation": creates, "is_reversion": false,
        "user": call.caller.as_ref().map(|caller| json!({ "id": caller.user })), "message": null,
    });
    state.insert(Kind::Revision, row(revision));
}

/// The newest first.
pub fn list(state: &State, call: &Call) -> Answer {
    let by_path = !call.places.is_empty();
    let entity = if by_path { call.place(0) } else { call.asked("entity").unwrap_or_default() };
    let id = if by_path { call.place(1) } else { call.asked("id").unwrap_or_default() };
    let id = id.parse().map_err(|_| reply::not_found())?;
    check(state, call, entity, id, Level::Read)?;
    let told = of(state, entity, id).rev().map(|(_, revision)| {
        json!({
            "id": copy(revision, "id"), "timestamp": copy(revision, "created_at"), "user": copy(revision, "user"),
            "is_creation": copy(revision, "is_creation"), "is_reversion": copy(revision, "is_reversion"),
            "message": null, "diff": null, "has_multiple_changes": false,
        })
    });
    Ok(reply::json(told.collect::<Vec<_>>()))
}

pub fn revert(state: &mut State, call: &Call) -> Answer {
    let entity = text(&call.body, "entity").unwrap_or_default().to_owned();
    let id = int(&call.body, "id").unwrap_or_default();
    let kind = check(state, call, &entity, id, Level::Write)?;
    let wanted = int(&call.body, "revision_id");
    let found = of(state, &entity, id).find(|(revision, _)| Some(*revision) == wanted);
    let object =
        found.and_then(|(_, revision)| object(revision, "object")).cloned().ok_or_else(reply::not_found)?;
    state.replace(kind, id, object);
    record(state, kind, id, call);
    let newest = state.all(Kind::Revision).next_back().map(|(id, _)| id).unwrap_or_default();
    state.change(Kind::Revision, newest, |revision| set(revision, "is_reversion", true));
    let told = state.get(Kind::Revision, newest).cloned().map(Value::Object).unwrap_or_default();
    Ok(reply::json(told))
}

fn of<'a>(state: &'a State, entity: &'a str, id: i64) -> impl DoubleEndedIterator<Item = (i64, &'a Row)> {
    let is_it = move |row: &Row| text(row, "entity") == Some(entity) && int(row, "entity_row") == Some(id);
    state.all(Kind::Revision).filter(move |(_, row)| is_it(row))
}

fn check(state: &State, call: &Call, entity: &str, id: i64, needed: Level) -> Result<Kind, Reply> {
    let kind = match entity {
        "card" => Kind::Card,
        "dashboard" => Kind::Dashboard,
        _ => return Err(reply::not_found()),
    };
    let thing = state.get(kind, id).ok_or_else(reply::not_found)?;
    access::need(state, call, int(thing, "collection_id"), needed)?;
    Ok(kind)
}
