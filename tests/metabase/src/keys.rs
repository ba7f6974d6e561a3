//! API keys: shown once, and each the key of a hidden user.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    graph::ALL_USERS,
    json::{Row, copy, int, row, set, text},
    reply::{self, Answer, Reply},
    session::Caller,
    state::{Kind, State},
    world::Call,
};

/// Who a key stands for.
pub fn caller(state: &State, key: &str) -> Option<Caller> {
    let (_, found) = state.all(Kind::ApiKey).find(|(_, row)| text(row, "secret") == Some(key))?;
    let group = int(found, "group_id")?;
    Some(Caller { user: int(found, "user_id")?, groups: BTreeSet::from([ALL_USERS, group]), session: None })
}

pub fn list(state: &State) -> Answer {
    Ok(reply::json(
        state.all(Kind::ApiKey).map(|(_, key)| Value::Object(tell(state, key))).collect::<Vec<_>>(),
    ))
}

pub fn count(state: &State) -> Answer {
    Ok(reply::json(state.all(Kind::ApiKey).count()))
}

pub fn create(state: &mut State, call: &Call) -> Answer {
    let name = text(&call.body, "name").unwrap_or_default().to_owned();
    check_name(state, &name, None)?;
    let group = int(&call.body, "group_id").unwrap_or_default();
    if state.get(Kind::Group, group).is_none() {
        return Err(reply::invalid("group_id", "no such group."));
    }
    let hidden = format!("api-key-user-{}@api-key.invalid", state.uuid());
    let user = json!({
        "email": hidden, "first_name": name, "last_name": "", "common_name": name, "is_active": true, "kind": "api-key",
    });
    let user = state.insert(Kind::User, row(user));
    let creator = call.caller.as_ref().map(|caller| caller.user);
    let secret = new_secret(state);
    let key = json!({ "name": name, "group_id": group, "user_id": user, "updated_by_id": creator, "secret": secret });
    let id = state.insert(Kind::ApiKey, row(key));
    shown_once(state, id)
}

pub fn update(state: &mut State, call: &Call) -> Answer {
    let (id, mut key) = find(state, call)?;
    if let Some(name) = text(&call.body, "name") {
        check_name(state, name, Some(id))?;
        set(&mut key, "name", name);
    }
    if let Some(group) = int(&call.body, "group_id") {
        state.get(Kind::Group, group).ok_or_else(|| reply::invalid("group_id", "no such group."))?;
        set(&mut key, "group_id", group);
    }
    state.replace(Kind::ApiKey, id, key.clone());
    Ok(reply::json(Value::Object(tell(state, &key))))
}

/// A new key for the same user. The old one is worth nothing from now on.
pub fn regenerate(state: &mut State, call: &Call) -> Answer {
    let (id, mut key) = find(state, call)?;
    set(&mut key, "secret", new_secret(state));
    state.replace(Kind::ApiKey, id, key);
    shown_once(state, id)
}

pub fn delete(state: &mut State, call: &Call) -> Answer {
    let (id, key) = find(state, call)?;
    state.remove(Kind::ApiKey, id);
    if let Some(user) = int(&key, "user_id") {
        state.change(Kind::User, user, |user| set(user, "is_active", false));
    }
    Ok(reply::nothing())
}

fn check_name(state: &State, name: &str, own: Option<i64>) -> Result<(), Reply> {
    let taken = |(id, key): (i64, &Row)| Some(id) != own && text(key, "name") == Some(name);
    if state.all(Kind::ApiKey).any(taken) {
        Err(reply::invalid("name", "An API key with this name already exists."))
    } else {
        Ok(())
    }
}

fn find(state: &State, call: &Call) -> Result<(i64, Row), Reply> {
    let id = call.place(0).parse().map_err(|_| reply::not_found())?;
    let key = state.get(Kind::ApiKey, id).ok_or_else(reply::not_found)?;
    Ok((id, key.clone()))
}

fn new_secret(state: &mut State) -> String {
    format!("mb_{}", state.secret())
}

fn shown_once(state: &State, id: i64) -> Answer {
    let key = state.get(Kind::ApiKey, id).ok_or_else(reply::not_found)?;
    let mut told = tell(state, key);
    set(&mut told, "unmasked_key", copy(key, "secret"));
    Ok(reply::json(Value::Object(told)))
}

fn tell(state: &State, key: &Row) -> Row {
    let mut told = key.clone();
    for hidden in ["secret", "group_id", "user_id", "updated_by_id"] {
        told.remove(hidden);
    }
    let masked = text(key, "secret").and_then(|secret| secret.get(..7)).unwrap_or("mb_");
    set(&mut told, "masked_key", format!("{masked}***"));
    let group = int(key, "group_id").and_then(|group| state.get(Kind::Group, group));
    set(
        &mut told,
        "group",
        group.map(|group| json!({ "id": copy(group, "id"), "name": copy(group, "name") })),
    );
    let by = int(key, "updated_by_id").and_then(|user| state.get(Kind::User, user));
    set(
        &mut told,
        "updated_by",
        by.map(|user| json!({ "id": copy(user, "id"), "common_name": copy(user, "common_name") })),
    );
    told
}
