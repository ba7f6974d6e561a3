//! Databases, and what a sync finds in them.

use serde_json::{Value, json};

use crate::{
    access,
    json::{Row, copy, int, object, row, set, take_over, text},
    reply::{self, Answer, Reply},
    state::{Kind, State},
    tables,
    world::Call,
};

/// Stands for a secret wherever one is read back, and keeps it where it is sent.
const HIDDEN: &str = "**MetabasePass**";

/// The details that are secret.
const SECRETS: [&str; 2] = ["service-account-json", "password"];

/// What the server keeps for itself: looks until the sync is done, and until the fields of new tables are there.
const SYNC_LEFT: &str = "sync_left";
const FIELDS_LEFT: &str = "fields_left";

pub fn list(state: &State, call: &Call) -> Answer {
    let with_tables = call.asked("include") == Some("tables");
    let told = state.all(Kind::Database).map(|(id, database)| {
        let mut told = tell(database);
        if with_tables {
            set(&mut told, "tables", tables::of(state, id, false));
        }
        Value::Object(told)
    });
    let told: Vec<Value> = told.collect();
    Ok(reply::json(json!({ "total": told.len(), "data": told })))
}

/// Each look brings a running sync nearer to its end.
pub fn show(state: &mut State, call: &Call) -> Answer {
    let (id, _) = find(state, call)?;
    look(state, id);
    told(state, id)
}

pub fn create(state: &mut State, call: &Call) -> Answer {
    access::need_admin(call)?;
    let engine = text(&call.body, "engine").unwrap_or_default();
    let details = object(&call.body, "details").cloned().unwrap_or_default();
    connect(state, engine, &details)?;
    if call.body.get("schedules").is_some_and(Value::is_object)
        && details.get("let-user-control-scheduling") != Some(&json!(true))
    {
        state.violation("POST /api/database: `schedules` is ignored without `let-user-control-scheduling`");
    }
    let body = |key: &str, otherwise: Value| call.body.get(key).cloned().unwrap_or(otherwise);
    let database = json!({
        "name": copy(&call.body, "name"), "engine": engine, "details": details,
        "description": null, "auto_run_queries": body("auto_run_queries", json!(true)),
        "is_full_sync": body("is_full_sync", json!(true)), "is_on_demand": body("is_on_demand", json!(false)),
        "schedules": copy(&call.body, "schedules"), "features": ["basic-aggregations", "native-parameters"],
        "is_saved_questions": false, "is_sample": false, "initial_sync_status": "incomplete", "timezone": "UTC",
    });
    let id = state.insert(Kind::Database, row(database));
    start_sync(state, id);
    told(state, id)
}

pub fn update(state: &mut State, call: &Call) -> Answer {
    access::need_admin(call)?;
    let (id, mut database) = find(state, call)?;
    if let Some(details) = object(&call.body, "details") {
        let mut details = details.clone();
        let kept = object(&database, "details").cloned().unwrap_or_default();
        for secret in SECRETS {
            if text(&details, secret) == Some(HIDDEN) {
                set(&mut details, secret, copy(&kept, secret));
            }
        }
        connect(state, text(&database, "engine").unwrap_or_default(), &details)?;
        set(&mut database, "details", details);
    }
    let keys = [
        "name",
        "description",
        "caveats",
        "auto_run_queries",
        "is_full_sync",
        "is_on_demand",
        "schedules",
        "settings",
    ];
    take_over(&mut database, &call.body, &keys);
    state.replace(Kind::Database, id, database);
    told(state, id)
}

pub fn delete(state: &mut State, call: &Call) -> Answer {
    access::need_admin(call)?;
    let (id, _) = find(state, call)?;
    tables::forget(state, id);
    state.remove(Kind::Database, id);
    Ok(reply::nothing())
}

/// Checks a connection without keeping it.
pub fn validate(state: &State, call: &Call) -> Answer {
    access::need_admin(call)?;
    let given = object(&call.body, "details").cloned().unwrap_or_default();
    let details = object(&given, "details").cloned().unwrap_or_default();
    connect(state, text(&given, "engine").unwrap_or_default(), &details)?;
    Ok(reply::json(json!({ "valid": true })))
}

/// Answers at once; the work goes on.
pub fn sync(state: &mut State, call: &Call) -> Answer {
    access::need_admin(call)?;
    let (id, _) = find(state, call)?;
    start_sync(state, id);
    Ok(reply::json(json!({ "status": "ok" })))
}

pub fn rescan(state: &State, call: &Call) -> Answer {
    access::need_admin(call)?;
    find(state, call)?;
    Ok(reply::json(json!({ "status": "ok" })))
}

/// The tables and fields that are there by now. Fields come one look after their tables.
pub fn metadata(state: &mut State, call: &Call) -> Answer {
    let (id, _) = find(state, call)?;
    look(state, id);
    let database = state.get(Kind::Database, id).cloned().unwrap_or_default();
    let done = int(&database, SYNC_LEFT) == Some(0);
    let left = int(&database, FIELDS_LEFT).unwrap_or(0);
    if done && left == 0 {
        tables::fill_fields(state, id);
    }
    if done && left > 0 {
        state.change(Kind::Database, id, |database| set(database, FIELDS_LEFT, left - 1));
    }
    let mut told = tell(&database);
    set(&mut told, "tables", tables::of(state, id, call.asked("skip_fields") != Some("true")));
    Ok(reply::json(Value::Object(told)))
}

fn start_sync(state: &mut State, id: i64) {
    let polls = state.options.sync_polls;
    state.change(Kind::Database, id, |database| {
        set(database, SYNC_LEFT, polls);
        set(database, FIELDS_LEFT, 1);
    });
}

fn look(state: &mut State, id: i64) {
    let Some(left) = state.get(Kind::Database, id).and_then(|database| int(database, SYNC_LEFT)) else {
        return;
    };
    if left > 0 {
        return state.change(Kind::Database, id, |database| set(database, SYNC_LEFT, left - 1));
    }
    tables::fill(state, id);
    state.change(Kind::Database, id, |database| set(database, "initial_sync_status", "complete"));
}

/// What the server finds wrong before it keeps a connection.
fn connect(state: &State, engine: &str, details: &Row) -> Result<(), Reply> {
    if engine != "bigquery-cloud-sdk" {
        return Err(reply::invalid("engine", "value must be a valid database engine."));
    }
    let key = text(details, "service-account-json").and_then(|key| serde_json::from_str::<Value>(key).ok());
    let is_account = key.is_some_and(|key| key.get("type") == Some(&json!("service_account")));
    if !is_account {
        return Err(reply::invalid("service-account-json", "Unable to parse the service account JSON."));
    }
    let matches = state.options.tables.iter().any(|table| in_filter(details, &table.schema));
    if matches || state.options.tables.is_empty() {
        Ok(())
    } else {
        Err(reply::invalid("dataset-filters-patterns", "Looks like we cannot find any matching datasets."))
    }
}

/// Whether the dataset filter of a connection lets a dataset in.
pub fn in_filter(details: &Row, dataset: &str) -> bool {
    let patterns = text(details, "dataset-filters-patterns").unwrap_or_default();
    let fits = patterns.split(',').map(str::trim).any(|pattern| matches_pattern(pattern, dataset));
    match text(details, "dataset-filters-type") {
        Some("inclusion") => fits,
        Some("exclusion") => !fits,
        _ => true,
    }
}

fn matches_pattern(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|left| {
            (0..=left.len()).filter_map(|at| left.get(at..)).any(|tail| matches_pattern(rest, tail))
        }),
    }
}

fn find(state: &State, call: &Call) -> Result<(i64, Row), Reply> {
    let id = call.place(0).parse().map_err(|_| reply::not_found())?;
    let database = state.get(Kind::Database, id).ok_or_else(reply::not_found)?;
    Ok((id, database.clone()))
}

fn told(state: &State, id: i64) -> Answer {
    let database = state.get(Kind::Database, id).ok_or_else(reply::not_found)?;
    Ok(reply::json(Value::Object(tell(database))))
}

/// A database as the server tells it: no secrets.
pub fn tell(database: &Row) -> Row {
    let mut told = database.clone();
    told.remove(SYNC_LEFT);
    told.remove(FIELDS_LEFT);
    let mut details = object(database, "details").cloned().unwrap_or_default();
    for secret in SECRETS {
        if details.contains_key(secret) {
            set(&mut details, secret, HIDDEN);
        }
    }
    set(&mut told, "details", details);
    told
}
