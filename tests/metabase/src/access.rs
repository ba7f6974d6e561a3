//! Who may see and change which collection.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    graph::{ADMINISTRATORS, Level},
    groups,
    json::{Row, int, object},
    reply::{self, Answer, Reply},
    state::{Kind, State},
    world::Call,
};

/// What the caller may do in a collection. Rights add up over groups.
pub fn level(state: &State, call: &Call, collection: Option<i64>) -> Level {
    let Some(caller) = &call.caller else { return Level::Nothing };
    let own = |id: i64| state.get(Kind::Collection, id).and_then(|row| int(row, "personal_owner_id"));
    if caller.is_admin() || collection.is_some_and(|id| own(id) == Some(caller.user)) {
        return Level::Write;
    }
    let levels = caller.groups.iter().map(|group| state.collection_graph.level(*group, collection));
    levels.max().unwrap_or(Level::Nothing)
}

/// Stops a caller who may not do this in a collection.
pub fn need(state: &State, call: &Call, collection: Option<i64>, needed: Level) -> Result<(), Reply> {
    if level(state, call, collection) >= needed { Ok(()) } else { Err(reply::forbidden()) }
}

/// Stops everybody but administrators.
pub fn need_admin(call: &Call) -> Result<(), Reply> {
    let is_admin = call.caller.as_ref().is_some_and(super::session::Caller::is_admin);
    if is_admin { Ok(()) } else { Err(reply::forbidden()) }
}

pub fn get_graph(state: &State) -> Answer {
    Ok(reply::json(tell(state)))
}

/// Changes the parts that are sent, all or none.
pub fn put_graph(state: &mut State, call: &Call) -> Answer {
    let forced = call.asked("force") == Some("true");
    if !forced && int(&call.body, "revision") != Some(state.collection_graph.revision) {
        return Err(reply::stale());
    }
    let groups = object(&call.body, "groups").cloned().unwrap_or_default();
    let changes = read_changes(state, &groups)?;
    let changed =
        changes.iter().any(|(group, place, level)| state.collection_graph.level(*group, *place) != *level);
    for (group, place, level) in changes {
        state.collection_graph.set(group, place, level);
    }
    state.collection_graph.revision += i64::from(changed);
    if call.asked("skip-graph") == Some("true") {
        return Ok(reply::json(json!({ "revision": state.collection_graph.revision })));
    }
    get_graph(state)
}

type Change = (i64, Option<i64>, Level);

fn read_changes(state: &State, groups: &Row) -> Result<Vec<Change>, Reply> {
    let wrong = |what: String| reply::invalid("groups", what);
    let mut changes = Vec::new();
    for (group, places) in groups {
        let id = group.parse().ok().filter(|id| state.get(Kind::Group, *id).is_some());
        let id = id.ok_or_else(|| wrong(format!("no group `{group}`")))?;
        let places =
            places.as_object().ok_or_else(|| wrong(format!("group `{group}` has no map of collections")))?;
        for (place, level) in places {
            let collection = match place.as_str() {
                "root" => None,
                _ => Some(
                    place
                        .parse()
                        .ok()
                        .filter(|id| shared(state).contains(id))
                        .ok_or_else(|| wrong(format!("no collection `{place}`")))?,
                ),
            };
            let parsed = level.as_str().and_then(Level::parse);
            let level = parsed.ok_or_else(|| wrong(format!("`{level}` is none of read, write, none")))?;
            if id == ADMINISTRATORS && level != Level::Write {
                return Err(reply::refused("You cannot change the rights of administrators."));
            }
            changes.push((id, collection, level));
        }
    }
    Ok(changes)
}

fn tell(state: &State) -> Value {
    state.collection_graph.tell(&groups::ids(state), &shared(state), state.major())
}

/// The collections that rights are given on: nobody's own, and not the trash.
fn shared(state: &State) -> BTreeSet<i64> {
    let is_shared =
        |row: &Row| int(row, "personal_owner_id").is_none() && row.get("type").is_none_or(Value::is_null);
    state.all(Kind::Collection).filter(|(_, row)| is_shared(row)).map(|(id, _)| id).collect()
}
