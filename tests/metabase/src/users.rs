//! People, and the hidden users that keys act as.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    graph::ALL_USERS,
    json::{Row, copy, flag, int, list, row, set, take_over, text},
    reply::{self, Answer, Reply},
    state::{Kind, State},
    world::Call,
};

/// Keeps a user, with an own collection, and gives the id.
pub fn create(state: &mut State, given: &Row, password: &str) -> i64 {
    let (first, last) = (text(given, "first_name"), text(given, "last_name"));
    let common = [first, last].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let user = json!({
        "email": copy(given, "email"), "first_name": first, "last_name": last, "common_name": common,
        "password": password, "is_active": true, "kind": "personal",
    });
    let id = state.insert(Kind::User, row(user));
    let own = json!({
        "name": format!("{common}'s Personal Collection"), "slug": "personal", "location": "/", "archived": false,
        "personal_owner_id": id, "description": null, "authority_level": null, "namespace": null,
    });
    let collection = state.insert(Kind::Collection, row(own));
    state.change(Kind::User, id, |user| set(user, "personal_collection_id", collection));
    id
}

/// Puts a user into a group, once.
pub fn join(state: &mut State, user: i64, group: i64) -> i64 {
    let is_it = |one: &Row| int(one, "user_id") == Some(user) && int(one, "group_id") == Some(group);
    let found = state.all(Kind::Membership).find(|(_, one)| is_it(one)).map(|(id, _)| id);
    found
        .unwrap_or_else(|| state.insert(Kind::Membership, row(json!({ "user_id": user, "group_id": group }))))
}

pub fn groups(state: &State, user: i64) -> BTreeSet<i64> {
    let own = state.all(Kind::Membership).filter(|(_, one)| int(one, "user_id") == Some(user));
    own.filter_map(|(_, one)| int(one, "group_id")).collect()
}

/// A user as the server tells it: never the password.
pub fn tell(state: &State, id: i64, user: &Row) -> Row {
    let mut told = user.clone();
    for hidden in ["password", "kind", "personal_collection_id"] {
        told.remove(hidden);
    }
    let groups = groups(state, id);
    set(&mut told, "is_superuser", groups.contains(&crate::graph::ADMINISTRATORS));
    set(&mut told, "group_ids", groups.into_iter().collect::<Vec<_>>());
    told
}

pub fn list_all(state: &State, call: &Call) -> Answer {
    let wanted = call.asked("query").unwrap_or_default().to_lowercase();
    let group = call.asked("group_id").and_then(|group| group.parse::<i64>().ok());
    let with_inactive =
        call.asked("include_deactivated") == Some("true") || call.asked("status") == Some("all");
    let fits = |id: i64, user: &Row| {
        let named = ["email", "first_name", "last_name"].iter().filter_map(|key| text(user, key));
        text(user, "kind") == Some("personal")
            && (with_inactive || flag(user, "is_active"))
            && named.map(str::to_lowercase).any(|name| name.contains(&wanted))
            && group.is_none_or(|group| groups(state, id).contains(&group))
    };
    let users = state.all(Kind::User).filter(|(id, user)| fits(*id, user));
    let users: Vec<Value> = users.map(|(id, user)| Value::Object(tell(state, id, user))).collect();
    Ok(reply::json(json!({ "total": users.len(), "data": users, "limit": null, "offset": null })))
}

pub fn invite(state: &mut State, call: &Call) -> Answer {
    let email = text(&call.body, "email").unwrap_or_default().to_owned();
    if !email.contains('@') {
        return Err(reply::invalid("email", "value must be a valid email address."));
    }
    let same = |user: &Row| text(user, "email").is_some_and(|other| other.eq_ignore_ascii_case(&email));
    if state.all(Kind::User).any(|(_, user)| same(user)) {
        return Err(reply::invalid("email", "Email address already in use."));
    }
    let groups = memberships(state, &call.body)?;
    let id = create(state, &call.body, "");
    for group in groups {
        join(state, id, group);
    }
    told(state, id)
}

pub fn update(state: &mut State, call: &Call) -> Answer {
    let (id, mut user) = find(state, call)?;
    let groups = if call.body.contains_key("user_group_memberships") {
        Some(memberships(state, &call.body)?)
    } else {
        None
    };
    take_over(&mut user, &call.body, &["email", "first_name", "last_name", "locale"]);
    state.replace(Kind::User, id, user);
    if let Some(groups) = groups {
        let left: Vec<i64> = state
            .all(Kind::Membership)
            .filter(|(_, one)| int(one, "user_id") == Some(id))
            .filter(|(_, one)| int(one, "group_id").is_some_and(|group| !groups.contains(&group)))
            .map(|(membership, _)| membership)
            .collect();
        for membership in left {
            state.remove(Kind::Membership, membership);
        }
        for group in groups {
            join(state, id, group);
        }
    }
    told(state, id)
}

pub fn show(state: &State, call: &Call) -> Answer {
    let (id, _) = find(state, call)?;
    told(state, id)
}

pub fn deactivate(state: &mut State, call: &Call) -> Answer {
    let (id, mut user) = find(state, call)?;
    set(&mut user, "is_active", false);
    state.replace(Kind::User, id, user);
    state.sessions.retain(|_, user| *user != id);
    Ok(reply::json(json!({ "success": true })))
}

/// The groups a body asks for. Everybody is in All Users, and a body that says otherwise is refused.
fn memberships(state: &State, body: &Row) -> Result<Vec<i64>, Reply> {
    let asked: Vec<i64> =
        list(body, "user_group_memberships").iter().filter_map(|one| one.get("id")?.as_i64()).collect();
    if asked.is_empty() {
        return Ok(vec![ALL_USERS]);
    }
    let unknown = asked.iter().any(|group| state.get(Kind::Group, *group).is_none());
    if asked.contains(&ALL_USERS) && !unknown {
        Ok(asked)
    } else {
        Err(reply::invalid("user_group_memberships", "must include the All Users group."))
    }
}

fn find(state: &State, call: &Call) -> Result<(i64, Row), Reply> {
    let id = call.place(0).parse().map_err(|_| reply::not_found())?;
    let user = state.get(Kind::User, id).ok_or_else(reply::not_found)?;
    Ok((id, user.clone()))
}

fn told(state: &State, id: i64) -> Answer {
    let user = state.get(Kind::User, id).ok_or_else(reply::not_found)?;
    Ok(reply::json(Value::Object(tell(state, id, user))))
}
