//! Settings, and the mail server among them.

use serde_json::{Value, json};

use crate::{
    json::{copy, set},
    reply::{self, Answer, Body, Reply},
    state::State,
    world::Call,
};

/// One value: text bare, anything else as JSON.
pub fn get(state: &State, call: &Call) -> Answer {
    let key = call.place(0);
    let value = match key {
        "email-configured?" => json!(email_configured(state)),
        "setup-token" => json!(state.setup_token),
        "version" => json!({ "tag": state.options.version.tag() }),
        _ => state.settings.get(key).cloned().unwrap_or(Value::Null),
    };
    Ok(match value {
        Value::Null => reply::nothing(),
        Value::String(text) => reply::text(200, &text),
        value => reply::json(value),
    })
}

pub fn list(state: &State) -> Answer {
    let fixed = |key: &str| state.options.fixed_settings.iter().any(|(name, _)| name == key);
    let told = state
        .settings
        .iter()
        .map(|(key, value)| json!({ "key": key, "value": value, "is_env_setting": fixed(key) }));
    Ok(reply::json(told.collect::<Vec<_>>()))
}

pub fn put(state: &mut State, call: &Call) -> Answer {
    let key = call.place(0).to_owned();
    check_free(state, &key)?;
    write(state, key, copy(&call.body, "value"));
    Ok(reply::nothing())
}

pub fn put_all(state: &mut State, call: &Call) -> Answer {
    for key in call.body.keys() {
        check_free(state, key)?;
    }
    for (key, value) in call.body.clone() {
        write(state, key, value);
    }
    Ok(reply::nothing())
}

/// The mail server. It is taken at its word, for there is none to ask.
pub fn put_email(state: &mut State, call: &Call) -> Answer {
    put_all(state, call)?;
    let mut told = call.body.clone();
    for (key, value) in &mut told {
        *value = state.settings.get(key).cloned().unwrap_or_default();
    }
    set(&mut told, "with-corrections", json!({}));
    Ok(reply::json(Value::Object(told)))
}

pub fn delete_email(state: &mut State) -> Answer {
    state.settings.retain(|key, _| !key.starts_with("email-smtp-"));
    Ok(reply::nothing())
}

pub fn test_email(state: &State) -> Answer {
    if email_configured(state) {
        Ok(reply::json(json!({ "ok": true })))
    } else {
        Err(Reply { status: 400, body: Body::Json(json!({ "message": "Email is not configured." })) })
    }
}

/// With no mail server everything is kept and nothing is sent.
fn email_configured(state: &State) -> bool {
    state.options.email_configured || state.settings.get("email-smtp-host").is_some_and(Value::is_string)
}

fn check_free(state: &State, key: &str) -> Result<(), Reply> {
    if state.options.fixed_settings.iter().any(|(name, _)| name == key) {
        Err(reply::broken(&format!("You cannot set {key} because it is set by an environment variable.")))
    } else {
        Ok(())
    }
}

/// Nothing here sends mail, so of a password only the mask is kept.
fn write(state: &mut State, key: String, value: Value) {
    match value {
        Value::String(_) if key.ends_with("-password") => {
            drop(state.settings.insert(key, json!("**********")));
        }
        Value::Null => drop(state.settings.remove(&key)),
        value => drop(state.settings.insert(key, value)),
    }
}
