//! The connection, groups, rights and caching.

use reqwest::Method;
use serde_json::{Value, json};

use super::diff::changes;
use super::{After, Call, Step, Verb};
use crate::found::Found;
use crate::value::placeholder;
use crate::wanted::{self, Wanted};

/// The connection, and how the values of filters are offered.
pub fn database(wanted: &Wanted, found: &Found, steps: &mut Vec<Step>) {
    let declared = wanted::database(&wanted.names);
    let what = format!("connection `{}`", wanted.names.database);
    match &found.database {
        None => {
            let call = Call::new(Method::POST, "/api/database", request(&declared));
            let call = call.then(After::Id("database".to_owned())).then(After::Columns);
            steps.push(Step::new(Verb::Create, what, vec![call]).of("database"));
        }
        Some((_, here)) => {
            let changes = changes(here, &declared);
            if !changes.is_empty() {
                let path = format!("/api/database/{}", placeholder("database"));
                let call = Call::new(Method::PUT, path, request(&declared)).then(After::Columns);
                steps.push(Step::new(Verb::Restore, what, vec![call]).of("database").changing(changes));
            } else if wanted::fields().iter().any(|(name, _)| !found.fields.contains_key(name)) {
                let path = format!("/api/database/{}/sync_schema", placeholder("database"));
                let call = Call { method: Method::POST, path, body: None, after: vec![After::Columns] };
                let what = format!("{what}: look at its tables again");
                steps.push(Step::new(Verb::Change, what, vec![call]).of("database"));
            }
        }
    }
    for (name, how) in wanted::fields() {
        let Some(how) = how else { continue };
        let here = found.fields.get(&name).map(|(_, how)| how);
        if here != Some(&how) {
            let path = format!("/api/field/{}", placeholder(&format!("field/{name}")));
            let changes = here.map(|here| changes(here, &how)).unwrap_or_default();
            let call = Call::new(Method::PUT, path, how);
            let what = format!("how values of `{name}` are offered");
            steps.push(
                Step::new(Verb::Change, what, vec![call]).of(&format!("field/{name}")).changing(changes),
            );
        }
    }
}

fn request(declared: &Value) -> Value {
    let mut body = declared.clone();
    if let Some(details) = body.get_mut("details").and_then(Value::as_object_mut) {
        details.insert("service-account-json".to_owned(), json!("{secret/service-account}"));
    }
    if let Some(body) = body.as_object_mut() {
        for (key, value) in [
            ("auto_run_queries", json!(true)),
            ("is_full_sync", json!(false)),
            ("is_on_demand", json!(true)),
            (
                "schedules",
                json!({
                    "metadata_sync": {"schedule_type": "daily", "schedule_hour": 15, "schedule_minute": 30},
                    "cache_field_values": null,
                }),
            ),
        ] {
            body.insert(key.to_owned(), value);
        }
    }
    body
}

/// Groups that are missing. Who is in them is the administrator's.
pub fn groups(wanted: &Wanted, found: &Found, steps: &mut Vec<Step>) {
    for name in wanted::groups(&wanted.names) {
        let key = format!("group/{name}");
        if !found.ids.contains_key(&placeholder(&key)) {
            let call = Call::new(Method::POST, "/api/permissions/group", json!({"name": name}));
            let call = call.then(After::Id(key.clone()));
            steps.push(Step::new(Verb::Create, format!("group `{name}`"), vec![call]).of(&key));
        }
    }
}

/// Rights of our groups on our folders and on the connection. Kept without asking: a folder that is open by mistake shows
/// people's work. Other groups, other folders and other connections are left alone.
pub fn rights(wanted: &Wanted, found: &Found, steps: &mut Vec<Step>) {
    for (what, path, revision, declared, here) in [
        (
            "who sees which folder",
            "/api/collection/graph",
            "{revision/collection}",
            wanted::collection_graph(&wanted.names),
            &found.collection_graph,
        ),
        (
            if found.edition.limits_downloads {
                "who may ask the connection by hand, administrators alone, and who may download: finance"
            } else {
                "who may ask the connection by hand: administrators alone"
            },
            "/api/permissions/graph",
            "{revision/permissions}",
            wanted::data_graph(&wanted.names, found.edition),
            &found.data_graph,
        ),
    ] {
        if *here == declared {
            continue;
        }
        let changes = changes(here, &declared);
        let call = Call::new(Method::PUT, path, json!({"revision": revision, "groups": declared}));
        steps.push(Step::new(Verb::Change, what, vec![call]).changing(changes));
    }
}

/// How long answers are kept: of the whole instance, so what somebody chose stays unless a person agrees.
pub fn cache(found: &Found, steps: &mut Vec<Step>) {
    let declared = wanted::cache();
    if found.cache.as_ref() == Some(&declared) {
        return;
    }
    let verb = if found.cache.is_some() { Verb::Restore } else { Verb::Change };
    let changes = changes(found.cache.as_ref().unwrap_or(&Value::Null), &declared);
    let body = json!({"model": "root", "model_id": 0, "strategy": declared});
    let call = Call::new(Method::PUT, "/api/cache", body);
    steps.push(
        Step::new(verb, "how long answers are kept, of the whole instance", vec![call]).changing(changes),
    );
}
