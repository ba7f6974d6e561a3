//! Who may query which database.

use serde_json::{Value, json};

use crate::{
    graph::ADMINISTRATORS,
    groups,
    json::{Row, int, object},
    reply::{self, Answer, Reply},
    state::{Kind, State},
    world::Call,
};

pub fn get(state: &State) -> Answer {
    Ok(reply::json(tell(state, &groups::ids(state), &databases(state))))
}

pub fn of_database(state: &State, call: &Call) -> Answer {
    let id = call.place(0).parse().map_err(|_| reply::not_found())?;
    Ok(reply::json(tell(state, &groups::ids(state), &[id])))
}

pub fn of_group(state: &State, call: &Call) -> Answer {
    let id = call.place(0).parse().map_err(|_| reply::not_found())?;
    Ok(reply::json(tell(state, &[id], &databases(state))))
}

/// Changes the parts that are sent, all or none. Whatever this licence does not have is refused.
pub fn put(state: &mut State, call: &Call) -> Answer {
    let forced = call.asked("force") == Some("true");
    let groups =
        object(&call.body, "groups").ok_or_else(|| reply::invalid("groups", "missing required key"))?;
    if !forced && int(&call.body, "revision") != Some(state.data_graph.revision) {
        return Err(reply::stale());
    }
    let (mut changes, mut downloads) = (Vec::new(), Vec::new());
    for (group, databases) in groups {
        let group = known(state, Kind::Group, group)?;
        for (database, rights) in databases.as_object().into_iter().flatten() {
            let database = known(state, Kind::Database, database)?;
            let rights = rights.as_object().ok_or_else(|| reply::invalid("groups", "no map of rights"))?;
            let (create, download) = read_rights(state, group, database, rights)?;
            changes.extend(create.map(|create| ((group, database), create)));
            downloads.extend(download.map(|download| ((group, database), download)));
        }
    }
    let graph = &mut state.data_graph;
    let old = (graph.create_queries.clone(), graph.downloads.clone());
    graph.create_queries.extend(changes);
    graph.downloads.extend(downloads);
    graph.revision += i64::from((&graph.create_queries, &graph.downloads) != (&old.0, &old.1));
    if call.asked("skip-graph") == Some("true") {
        return Ok(reply::json(json!({ "revision": state.data_graph.revision })));
    }
    get(state)
}

/// The new values of `create-queries` and `download`, if they are sent.
fn read_rights(
    state: &State,
    group: i64,
    database: i64,
    rights: &Row,
) -> Result<(Option<Value>, Option<Value>), Reply> {
    let now = state.data_graph.rights(group, database);
    let mut download = None;
    for (key, value) in rights {
        match key.as_str() {
            "create-queries" => {}
            "download" if state.options.advanced_permissions => {
                let is_known =
                    ["full", "limited", "none"].iter().any(|known| value == &json!({ "schemas": known }));
                if !is_known {
                    return Err(reply::invalid("groups", format!("`{value}` is no value of download")));
                }
                download = Some(value.clone());
            }
            // A graph read and sent back changes nothing, so nobody pays for it.
            _ if now.get(key) == Some(value) => {}
            "view-data" | "download" | "data-model" | "details" => {
                return Err(reply::paid("Advanced permissions"));
            }
            _ => return Err(reply::invalid("groups", format!("`{key}` is no right on data"))),
        }
    }
    let Some(create) = rights.get("create-queries") else { return Ok((None, download)) };
    let is_known = create.is_object()
        || ["query-builder-and-native", "query-builder", "no"].iter().any(|known| create == known);
    if !is_known {
        return Err(reply::invalid("groups", format!("`{create}` is no value of create-queries")));
    }
    if group == ADMINISTRATORS && now.get("create-queries") != Some(create) {
        return Err(reply::refused("You cannot change the rights of administrators."));
    }
    Ok((Some(create.clone()), download))
}

fn known(state: &State, kind: Kind, id: &str) -> Result<i64, Reply> {
    let found = id.parse().ok().filter(|id| state.get(kind, *id).is_some());
    found.ok_or_else(|| reply::invalid("groups", format!("there is no {kind:?} `{id}`")))
}

fn databases(state: &State) -> Vec<i64> {
    state.all(Kind::Database).map(|(id, _)| id).collect()
}

fn tell(state: &State, groups: &[i64], databases: &[i64]) -> Value {
    state.data_graph.tell(groups, databases)
}
