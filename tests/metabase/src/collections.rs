//! Collections, and what lies in them.

use serde_json::{Value, json};

use crate::{
    access,
    graph::Level,
    groups,
    json::{Row, copy, flag, int, set, take_over, text},
    reply::{self, Answer, Reply},
    state::{Kind, State},
    world::Call,
};

/// Every collection the caller may see, with the root before them.
pub fn list(state: &State, call: &Call) -> Answer {
    let archived = call.asked("archived") == Some("true");
    let root = (!archived && access::level(state, call, None) >= Level::Read).then(root);
    let fits = |id: i64, row: &Row| {
        flag(row, "archived") == archived
            && !is_trash(row)
            && access::level(state, call, Some(id)) >= Level::Read
    };
    let found = state.all(Kind::Collection).filter(|(id, row)| fits(*id, row)).map(|(_, row)| tell(row));
    Ok(reply::json(root.into_iter().chain(found).collect::<Vec<_>>()))
}

/// As [`list`], with the children of each inside it, and without the root.
pub fn tree(state: &State, call: &Call) -> Answer {
    Ok(reply::json(branches(state, call, "/")))
}

fn branches(state: &State, call: &Call, location: &str) -> Vec<Value> {
    let exclude = call.asked("exclude-archived") == Some("true");
    let fits = |id: i64, row: &Row| {
        text(row, "location") == Some(location)
            && !(exclude && (flag(row, "archived") || is_trash(row)))
            && access::level(state, call, Some(id)) >= Level::Read
    };
    let found = state.all(Kind::Collection).filter(|(id, row)| fits(*id, row));
    let with_children = found.map(|(id, row)| {
        let mut told = crate::json::row(tell(row));
        set(&mut told, "children", branches(state, call, &format!("{location}{id}/")));
        Value::Object(told)
    });
    with_children.collect()
}

pub fn show_root(state: &State, call: &Call) -> Answer {
    access::need(state, call, None, Level::Read)?;
    Ok(reply::json(root()))
}

pub fn show_trash(state: &State) -> Answer {
    let trash = state.all(Kind::Collection).find(|(_, row)| is_trash(row));
    trash.map(|(_, row)| reply::json(tell(row))).ok_or_else(reply::not_found)
}

pub fn show(state: &State, call: &Call) -> Answer {
    let (id, row) = find(state, call)?;
    let mut told = crate::json::row(tell(&row));
    set(&mut told, "can_write", access::level(state, call, Some(id)) == Level::Write);
    Ok(reply::json(Value::Object(told)))
}

pub fn create(state: &mut State, call: &Call) -> Answer {
    let parent = int(&call.body, "parent_id");
    let location = location_in(state, parent)?;
    access::need(state, call, parent, Level::Write)?;
    if !copy(&call.body, "authority_level").is_null() {
        return Err(reply::paid("Official collections"));
    }
    let name = text(&call.body, "name").unwrap_or_default();
    let collection = json!({
        "name": name, "slug": slug(name), "description": copy(&call.body, "description"), "location": location,
        "archived": false, "authority_level": null, "namespace": copy(&call.body, "namespace"), "type": null,
        "personal_owner_id": null,
    });
    let id = state.insert(Kind::Collection, crate::json::row(collection));
    let groups = groups::ids(state);
    state.collection_graph.inherit(&groups, id, parent);
    told(state, id)
}

pub fn update(state: &mut State, call: &Call) -> Answer {
    let (id, mut row) = find(state, call)?;
    access::need(state, call, Some(id), Level::Write)?;
    if is_trash(&row) || int(&row, "personal_owner_id").is_some() {
        return Err(reply::refused("You cannot modify this collection."));
    }
    if !copy(&call.body, "authority_level").is_null() {
        return Err(reply::paid("Official collections"));
    }
    let old = format!("{}{id}/", text(&row, "location").unwrap_or("/"));
    if call.body.contains_key("parent_id") {
        let parent = int(&call.body, "parent_id");
        let location = location_in(state, parent)?;
        if location.starts_with(&old) {
            return Err(reply::invalid("parent_id", "a collection cannot lie in itself."));
        }
        set(&mut row, "location", location);
    }
    if !copy(&call.body, "name").is_null() {
        take_over(&mut row, &call.body, &["name"]);
        let slug = slug(text(&row, "name").unwrap_or_default());
        set(&mut row, "slug", slug);
    }
    take_over(&mut row, &call.body, &["description"]);
    let archived =
        call.body.get("archived").and_then(Value::as_bool).filter(|now| *now != flag(&row, "archived"));
    let new = format!("{}{id}/", text(&row, "location").unwrap_or("/"));
    state.replace(Kind::Collection, id, row);
    move_below(state, &old, &new);
    if let Some(archived) = archived {
        archive_tree(state, id, &new, archived);
    }
    told(state, id)
}

/// Only what was archived first can be deleted.
pub fn delete(state: &mut State, call: &Call) -> Answer {
    let (id, row) = find(state, call)?;
    access::need(state, call, Some(id), Level::Write)?;
    if !flag(&row, "archived") {
        return Err(reply::refused("Collection must be trashed before deletion."));
    }
    let below = format!("{}{id}/", text(&row, "location").unwrap_or("/"));
    for gone in tree_ids(state, id, &below) {
        for kind in [Kind::Card, Kind::Dashboard] {
            for inside in in_collection(state, kind, gone) {
                state.remove(kind, inside);
            }
        }
        state.remove(Kind::Collection, gone);
    }
    Ok(reply::nothing())
}

/// Stops a request that puts something where nothing can be put.
pub fn check_place(state: &State, collection: Option<i64>) -> Result<(), Reply> {
    let Some(id) = collection else { return Ok(()) };
    let row = state.get(Kind::Collection, id).ok_or_else(reply::not_found)?;
    if flag(row, "archived") || is_trash(row) {
        Err(reply::invalid("collection_id", "the collection is archived."))
    } else {
        Ok(())
    }
}

/// The collection above, as its id.
pub fn parent(row: &Row) -> Option<i64> {
    text(row, "location")?.trim_matches('/').rsplit('/').next()?.parse().ok()
}

pub fn is_trash(row: &Row) -> bool {
    text(row, "type") == Some("trash")
}

/// A collection as the server tells it.
pub fn tell(row: &Row) -> Value {
    let mut told = row.clone();
    set(&mut told, "parent_id", parent(row));
    Value::Object(told)
}

fn root() -> Value {
    json!({ "id": "root", "name": "Our analytics", "authority_level": null, "is_personal": false, "can_write": true })
}

fn told(state: &State, id: i64) -> Answer {
    state.get(Kind::Collection, id).map(|row| reply::json(tell(row))).ok_or_else(reply::not_found)
}

fn find(state: &State, call: &Call) -> Result<(i64, Row), Reply> {
    let id = state.resolve(Kind::Collection, call.place(0)).ok_or_else(reply::not_found)?;
    access::need(state, call, Some(id), Level::Read)?;
    let row = state.get(Kind::Collection, id).ok_or_else(reply::not_found)?;
    Ok((id, row.clone()))
}

fn location_in(state: &State, parent: Option<i64>) -> Result<String, Reply> {
    let Some(id) = parent else { return Ok("/".to_owned()) };
    check_place(state, parent)?;
    let location = state.get(Kind::Collection, id).and_then(|row| text(row, "location")).unwrap_or("/");
    Ok(format!("{location}{id}/"))
}

fn slug(name: &str) -> String {
    let plain = name.to_lowercase();
    plain.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect()
}

fn move_below(state: &mut State, old: &str, new: &str) {
    let below: Vec<i64> = state.all(Kind::Collection).map(|(id, _)| id).collect();
    for id in below {
        state.change(Kind::Collection, id, |row| {
            let location =
                text(row, "location").and_then(|location| location.strip_prefix(old)).map(str::to_owned);
            if let Some(rest) = location {
                set(row, "location", format!("{new}{rest}"));
            }
        });
    }
}

fn tree_ids(state: &State, id: i64, below: &str) -> Vec<i64> {
    let is_below = |row: &Row| text(row, "location").is_some_and(|location| location.starts_with(below));
    let children = state.all(Kind::Collection).filter(|(_, row)| is_below(row)).map(|(id, _)| id);
    [id].into_iter().chain(children).collect()
}

fn in_collection(state: &State, kind: Kind, collection: i64) -> Vec<i64> {
    let inside = state.all(kind).filter(|(_, row)| int(row, "collection_id") == Some(collection));
    inside.map(|(id, _)| id).collect()
}

/// A collection takes what lies in it to the trash and back.
fn archive_tree(state: &mut State, id: i64, below: &str, archived: bool) {
    for collection in tree_ids(state, id, below) {
        state.change(Kind::Collection, collection, |row| set(row, "archived", archived));
        for kind in [Kind::Card, Kind::Dashboard] {
            for one in in_collection(state, kind, collection) {
                state.change(kind, one, |row| {
                    // What was archived by itself stays so.
                    if !flag(row, "archived_directly") {
                        set(row, "archived", archived);
                    }
                });
            }
        }
    }
}
