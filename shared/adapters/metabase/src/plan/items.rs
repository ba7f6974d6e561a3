//! Folders, cards and dashboards: made, changed, put back, or put away.

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::diff::changes;
use super::{After, Call, Step, Verb};
use crate::found::{Found, FoundItem, request};
use crate::marker::{BEGUN, marked, with_marker};
use crate::value::{fingerprint, placeholder, text};
use crate::wanted::{Item, Kind, Wanted};

/// What a thing needs.
enum Needs {
    Nothing,
    /// It is not there.
    Making,
    /// It is there, and says something else, or bears no marker.
    Writing(Verb, Vec<super::Change>),
}

fn needs(item: &Item, found: Option<&FoundItem>) -> Needs {
    let Some(found) = found else { return Needs::Making };
    let changes = changes(&found.body, &item.body);
    let expected = fingerprint(&item.body);
    if changes.is_empty() {
        let is_marked = found.fingerprint.as_deref() == Some(expected.as_str());
        return if is_marked { Needs::Nothing } else { Needs::Writing(Verb::Change, changes) };
    }
    // Somebody's hand: it says neither what we want nor what we wrote.
    let is_ours = match found.fingerprint.as_deref() {
        Some(BEGUN) => true,
        Some(written) => written == fingerprint(&found.body),
        None => false,
    };
    Needs::Writing(if is_ours { Verb::Change } else { Verb::Restore }, changes)
}

/// Folders, each after the one it stands in.
pub fn folders(wanted: &Wanted, found: &Found, steps: &mut Vec<Step>) {
    for item in wanted.items.iter().filter(|item| item.kind == Kind::Collection) {
        let body = |is_new: bool| {
            let mut body = json!({
                "name": item.body.get("name"), "description": marked(&item.body, &item.key),
                "parent_id": item.body.get("parent"),
            });
            if let (false, Some(body)) = (is_new, body.as_object_mut()) {
                body.insert("archived".to_owned(), json!(false));
            }
            body
        };
        one(item, found, steps, &body);
    }
}

/// Cards.
pub fn cards(wanted: &Wanted, found: &Found, steps: &mut Vec<Step>) {
    for item in wanted.items.iter().filter(|item| item.kind == Kind::Card) {
        one(item, found, steps, &|is_new| card_body(item, is_new));
    }
}

fn card_body(item: &Item, is_new: bool) -> Value {
    let at = |key: &str| item.body.get(key).cloned().unwrap_or(Value::Null);
    let mut body = json!({
        "name": at("name"), "description": marked(&item.body, &item.key), "type": "question",
        "display": at("display"), "collection_id": at("collection"), "parameters": at("parameters"),
        "visualization_settings": at("settings"),
        // One envelope and its own order of field references, never a mixture: that would wipe the query.
        "dataset_query": {
            "lib/type": "mbql/query", "database": placeholder("database"),
            "stages": [{"lib/type": "mbql.stage/native", "native": at("sql"), "template-tags": at("tags")}],
        },
    });
    if let (false, Some(body)) = (is_new, body.as_object_mut()) {
        body.insert("archived".to_owned(), json!(false));
    }
    body
}

fn one(item: &Item, found: &Found, steps: &mut Vec<Step>, body: &dyn Fn(bool) -> Value) {
    let here = found.items.get(&item.key);
    let what = format!("{} `{}`", word(item.kind), text(&item.body, "name"));
    let kind = item.kind.as_str();
    let check = |call: Call| if item.kind == Kind::Card { call.then(After::Query) } else { call };
    match needs(item, here) {
        Needs::Nothing => {}
        Needs::Making => {
            let call = Call::new(Method::POST, format!("/api/{kind}"), body(true));
            let call = check(call.then(After::Id(item.key.clone())));
            steps.push(Step::new(Verb::Create, what, vec![call]).of(&item.key));
        }
        Needs::Writing(verb, changes) => {
            let path = format!("/api/{kind}/{}", placeholder(&item.key));
            let call = check(Call::new(Method::PUT, path, body(false)));
            let is_gone = here.is_some_and(|here| here.body.get("archived") == Some(&Value::Bool(true)));
            steps.push(Step { is_gone, ..Step::new(verb, what, vec![call]).of(&item.key).changing(changes) });
        }
    }
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Collection => "collection",
        Kind::Card => "card",
        Kind::Dashboard => "dashboard",
    }
}

/// Dashboards: all are begun before one is filled, because cards of one lead to another.
pub fn boards(wanted: &Wanted, found: &Found, steps: &mut Vec<Step>) {
    let boards = || wanted.items.iter().filter(|item| item.kind == Kind::Dashboard);
    for item in boards().filter(|item| !found.items.contains_key(&item.key)) {
        let body = json!({
            "name": item.body.get("name"),
            "description": with_marker(text(&item.body, "description"), &item.key, BEGUN),
            "collection_id": item.body.get("collection"), "parameters": [],
        });
        let call = Call::new(Method::POST, "/api/dashboard", body).then(After::Id(item.key.clone()));
        let what = format!("dashboard `{}`, empty", text(&item.body, "name"));
        steps.push(Step::new(Verb::Create, what, vec![call]).of(&item.key));
    }
    for item in boards() {
        let here = found.items.get(&item.key);
        let (verb, changes) = match needs(item, here) {
            Needs::Nothing => continue,
            Needs::Making => (Verb::Create, Vec::new()),
            Needs::Writing(verb, changes) => (verb, changes),
        };
        let raw = here.map_or(&Value::Null, |here| &here.raw);
        let what = match verb {
            Verb::Create => format!("dashboard `{}`: its tabs, filters and cards", text(&item.body, "name")),
            _ => format!("dashboard `{}`", text(&item.body, "name")),
        };
        let path = format!("/api/dashboard/{}", placeholder(&item.key));
        let call = Call::new(Method::PUT, path, board_body(item, raw, found)).then(After::Dashcards);
        steps.push(Step::new(verb, what, vec![call]).of(&item.key).changing(changes));
    }
}

fn board_body(item: &Item, raw: &Value, found: &Found) -> Value {
    let at = |key: &str| item.body.get(key).cloned().unwrap_or(Value::Null);
    let mut body: Map<String, Value> = request(raw, &item.body, &found.ids);
    for (key, value) in [
        ("name", at("name")),
        ("description", json!(marked(&item.body, &item.key))),
        ("width", at("width")),
        ("collection_id", at("collection")),
        ("archived", json!(false)),
    ] {
        body.insert(key.to_owned(), value);
    }
    Value::Object(body)
}

/// Ours, and declared by no file any more: into the trash, from which people can take it back.
pub fn surplus(found: &Found, steps: &mut Vec<Step>) {
    for item in &found.surplus {
        if item.raw.get("archived") == Some(&Value::Bool(true)) {
            continue;
        }
        let path = format!("/api/{}/{}", item.kind.as_str(), item.id);
        let call = Call::new(Method::PUT, path, json!({"archived": true}));
        let what = format!("{} `{}`: no file declares it", word(item.kind), text(&item.raw, "name"));
        steps.push(Step::new(Verb::Archive, what, vec![call]).of(&item.key));
    }
}
