//! Start-up, set-up, logging in, and who asks.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    graph::{ADMINISTRATORS, ALL_USERS},
    json::{Row, flag, int, object, set, text},
    keys,
    reply::{self, Answer, Body, Reply},
    state::{Kind, State},
    users,
    world::{Call, Incoming},
};

/// Whoever sent a request.
#[derive(Clone, Debug)]
pub struct Caller {
    pub user: i64,
    pub groups: BTreeSet<i64>,
    /// The session it came with, where it did not come with a key.
    pub session: Option<String>,
}

impl Caller {
    pub fn is_admin(&self) -> bool {
        self.groups.contains(&ADMINISTRATORS)
    }
}

/// The endpoints that anybody may call.
pub fn is_open(method: &str, template: &str) -> bool {
    matches!(
        (method, template),
        ("GET", "/api/health" | "/api/session/properties") | ("POST", "/api/session" | "/api/setup")
    )
}

/// Who sent this, if the server knows the key or the session.
pub fn caller(state: &State, incoming: &Incoming) -> Option<Caller> {
    if let Some(key) = &incoming.key {
        return keys::caller(state, key);
    }
    let session = incoming.session.as_ref()?;
    let user = *state.sessions.get(session)?;
    Some(Caller { user, groups: users::groups(state, user), session: Some(session.clone()) })
}

pub fn initializing() -> Reply {
    Reply { status: 503, body: Body::Json(json!({ "status": "initializing", "progress": 0.65 })) }
}

pub fn sit_tight() -> Reply {
    reply::text(503, "Metabase is still initializing. Please sit tight...")
}

pub fn health() -> Answer {
    Ok(reply::json(json!({ "status": "ok" })))
}

/// What anybody may know.
pub fn properties(state: &State) -> Answer {
    let has_user = state.all(Kind::User).next().is_some();
    Ok(reply::json(json!({
        "version": {
            "tag": state.options.version.tag(), "date": "2026-11-10", "hash": "0000000", "branch": "release-x",
        },
        "token-features": { "advanced_permissions": state.options.advanced_permissions },
        "has-user-setup": has_user,
        "setup-token": state.setup_token,
        "site-name": state.settings.get("site-name"),
        "site-locale": state.settings.get("site-locale").cloned().unwrap_or(json!("en")),
    })))
}

/// The first user, once.
pub fn set_up(state: &mut State, call: &Call) -> Answer {
    if state.all(Kind::User).next().is_some() {
        let message = "The /api/setup route can only be used to create the first user, however a user currently exists.";
        return Err(reply::text(403, message));
    }
    if text(&call.body, "token") != state.setup_token.as_deref() {
        return Err(reply::invalid("token", "Token does not match the setup token."));
    }
    let empty = Row::new();
    let (user, prefs) = (object(&call.body, "user"), object(&call.body, "prefs"));
    let (user, prefs) = (user.unwrap_or(&empty), prefs.unwrap_or(&empty));
    let password = text(user, "password").unwrap_or_default();
    if password.chars().count() < 6 || !password.chars().any(|letter| letter.is_ascii_digit()) {
        return Err(reply::invalid("password", "password is too common."));
    }
    if !text(user, "email").unwrap_or_default().contains('@') {
        return Err(reply::invalid("email", "value must be a valid email address."));
    }
    // Both are taken and do nothing; whoever sends them expects otherwise.
    for ignored in ["database", "allow_tracking"] {
        if call.body.contains_key(ignored) || prefs.contains_key(ignored) {
            state.violation(format!("POST /api/setup: `{ignored}` is ignored"));
        }
    }
    let id = users::create(state, user, password);
    users::join(state, id, ALL_USERS);
    users::join(state, id, ADMINISTRATORS);
    for (setting, key) in [("site-name", "site_name"), ("site-locale", "site_locale")] {
        if let Some(value) = prefs.get(key) {
            state.settings.entry(setting.to_owned()).or_insert_with(|| value.clone());
        }
    }
    state.setup_token = None;
    Ok(reply::json(json!({ "id": open(state, id) })))
}

pub fn log_in(state: &mut State, call: &Call) -> Answer {
    let (name, password) = (text(&call.body, "username"), text(&call.body, "password"));
    let fits = |user: &Row| {
        let same_name = text(user, "email").map(str::to_lowercase) == name.map(str::to_lowercase);
        same_name && flag(user, "is_active") && text(user, "password") == password && password.is_some()
    };
    let Some(user) = state.all(Kind::User).find(|(_, user)| fits(user)).map(|(id, _)| id) else {
        let wrong = "did not match stored password";
        return Err(reply::invalid("password", wrong));
    };
    Ok(reply::json(json!({ "id": open(state, user) })))
}

pub fn log_out(state: &mut State, call: &Call) -> Answer {
    let session = call.caller.as_ref().and_then(|caller| caller.session.as_ref());
    session.and_then(|session| state.sessions.remove(session)).ok_or_else(reply::not_found)?;
    Ok(reply::nothing())
}

/// The user behind the key or the session.
pub fn current(state: &State, call: &Call) -> Answer {
    let caller = call.caller.as_ref().ok_or_else(reply::unauthenticated)?;
    let user = state.get(Kind::User, caller.user).ok_or_else(reply::not_found)?;
    let mut told = users::tell(state, caller.user, user);
    set(&mut told, "is_superuser", caller.is_admin());
    set(&mut told, "group_ids", caller.groups.iter().copied().collect::<Vec<_>>());
    set(&mut told, "personal_collection_id", int(user, "personal_collection_id"));
    Ok(reply::json(Value::Object(told)))
}

fn open(state: &mut State, user: i64) -> String {
    let session = state.uuid();
    state.sessions.insert(session.clone(), user);
    session
}
