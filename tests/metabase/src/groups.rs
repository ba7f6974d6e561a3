//! Groups, and who is in them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    graph::{ADMINISTRATORS, ALL_USERS},
    json::{Row, flag, int, row, set, text},
    reply::{self, Answer, Reply},
    state::{Kind, State},
    users,
    world::Call,
};

/// The ids of all groups.
pub fn ids(state: &State) -> Vec<i64> {
    state.all(Kind::Group).map(|(id, _)| id).collect()
}

pub fn list(state: &State) -> Answer {
    let counted = |id: i64, group: &Row| {
        let members = members(state, id).count();
        let mut told = group.clone();
        set(&mut told, "member_count", members);
        Value::Object(told)
    };
    Ok(reply::json(state.all(Kind::Group).map(|(id, group)| counted(id, group)).collect::<Vec<_>>()))
}

pub fn show(state: &State, call: &Call) -> Answer {
    let (id, mut group) = find(state, call)?;
    let people = members(state, id).filter_map(|(membership, one)| {
        let user = state.get(Kind::User, int(one, "user_id")?)?;
        Some(json!({ "membership_id": membership, "user_id": user.get("id"), "email": user.get("email") }))
    });
    set(&mut group, "members", people.collect::<Vec<_>>());
    Ok(reply::json(Value::Object(group)))
}

pub fn create(state: &mut State, call: &Call) -> Answer {
    let name = text(&call.body, "name").unwrap_or_default().to_owned();
    check_name(state, &name, None)?;
    let id = state.insert(Kind::Group, row(json!({ "name": name })));
    state.get(Kind::Group, id).cloned().map(Value::Object).map(reply::json).ok_or_else(reply::not_found)
}

pub fn rename(state: &mut State, call: &Call) -> Answer {
    let (id, mut group) = find_own(state, call)?;
    let name = text(&call.body, "name").unwrap_or_default();
    check_name(state, name, Some(id))?;
    set(&mut group, "name", name);
    state.replace(Kind::Group, id, group.clone());
    Ok(reply::json(Value::Object(group)))
}

pub fn delete(state: &mut State, call: &Call) -> Answer {
    let (id, _) = find_own(state, call)?;
    clear(state, id);
    state.remove(Kind::Group, id);
    Ok(reply::nothing())
}

/// Every membership, by user.
pub fn memberships(state: &State) -> Answer {
    let mut by_user: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (id, one) in state.all(Kind::Membership) {
        let user = int(one, "user_id").unwrap_or_default();
        let told = json!({ "membership_id": id, "group_id": one.get("group_id"), "user_id": user, "is_group_manager": false });
        by_user.entry(user.to_string()).or_default().push(told);
    }
    Ok(reply::json(json!(by_user)))
}

pub fn join(state: &mut State, call: &Call) -> Answer {
    let (group, user) =
        (int(&call.body, "group_id").unwrap_or_default(), int(&call.body, "user_id").unwrap_or_default());
    if flag(&call.body, "is_group_manager") {
        return Err(reply::paid("Group managers"));
    }
    let there = state.get(Kind::Group, group).is_some() && state.get(Kind::User, user).is_some();
    if !there || group == ALL_USERS {
        return Err(reply::not_found());
    }
    users::join(state, user, group);
    let people = members(state, group)
        .map(|(id, one)| json!({ "membership_id": id, "user_id": one.get("user_id"), "group_id": group }));
    Ok(reply::json(people.collect::<Vec<_>>()))
}

pub fn leave(state: &mut State, call: &Call) -> Answer {
    let id = call.place(0).parse().map_err(|_| reply::not_found())?;
    let one = state.get(Kind::Membership, id).ok_or_else(reply::not_found)?;
    if int(one, "group_id") == Some(ALL_USERS) {
        return Err(reply::refused("You cannot remove a user from the All Users group."));
    }
    state.remove(Kind::Membership, id);
    Ok(reply::nothing())
}

pub fn empty(state: &mut State, call: &Call) -> Answer {
    let (id, _) = find_own(state, call)?;
    clear(state, id);
    Ok(reply::nothing())
}

fn members(state: &State, group: i64) -> impl Iterator<Item = (i64, &Row)> {
    state.all(Kind::Membership).filter(move |(_, one)| int(one, "group_id") == Some(group))
}

fn clear(state: &mut State, group: i64) {
    let left: Vec<i64> = members(state, group).map(|(id, _)| id).collect();
    for membership in left {
        state.remove(Kind::Membership, membership);
    }
}

fn find(state: &State, call: &Call) -> Result<(i64, Row), Reply> {
    let id = call.place(0).parse().map_err(|_| reply::not_found())?;
    let group = state.get(Kind::Group, id).ok_or_else(reply::not_found)?;
    Ok((id, group.clone()))
}

/// As [`find`], but not one of the two that come with the server.
fn find_own(state: &State, call: &Call) -> Result<(i64, Row), Reply> {
    let (id, group) = find(state, call)?;
    if [ALL_USERS, ADMINISTRATORS].contains(&id) {
        Err(reply::refused("You cannot edit or delete a built-in permissions group!"))
    } else {
        Ok((id, group))
    }
}

/// Unlike cards and collections, two groups never share a name.
fn check_name(state: &State, name: &str, own: Option<i64>) -> Result<(), Reply> {
    let taken = |(id, group): (i64, &Row)| {
        Some(id) != own && text(group, "name").is_some_and(|other| other.eq_ignore_ascii_case(name))
    };
    if state.all(Kind::Group).any(taken) {
        Err(reply::refused("A group with that name already exists."))
    } else {
        Ok(())
    }
}
