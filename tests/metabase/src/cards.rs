//! Cards: kept as sent, with a query that is read before it is kept.

use serde_json::{Value, json};

use crate::{
    access, collections,
    graph::Level,
    json::{Row, copy, flag, int, set, take_over, text},
    queries::{self, Unreadable},
    reply::{self, Answer, Reply},
    revisions,
    state::{Kind, State},
    world::Call,
};

pub fn list(state: &State, call: &Call) -> Answer {
    let archived = call.asked("f") == Some("archived");
    let database = call.asked("model_id").and_then(|id| id.parse::<i64>().ok());
    let fits = |row: &Row| {
        flag(row, "archived") == archived
            && (call.asked("f") != Some("database") || int(row, "database_id") == database)
            && access::level(state, call, int(row, "collection_id")) >= Level::Read
    };
    let cards =
        state.all(Kind::Card).filter(|(_, row)| fits(row)).map(|(_, row)| Value::Object(tell(state, row)));
    Ok(reply::json(cards.collect::<Vec<_>>()))
}

pub fn show(state: &State, call: &Call) -> Answer {
    let (_, card) = find(state, call)?;
    let mut told = tell(state, &card);
    if call.asked("legacy-mbql") == Some("true") {
        let query = crate::json::row(copy(&card, "dataset_query"));
        set(&mut told, "dataset_query", queries::tell_legacy(&query));
    }
    Ok(reply::json(Value::Object(told)))
}

pub fn create(state: &mut State, call: &Call) -> Answer {
    let query = copy(&call.body, "dataset_query");
    let query = match queries::read(&query, state.major()) {
        Ok(query) => query,
        Err(Unreadable::Refused(what)) => return Err(refused_query(state, "POST /api/card", &what)),
        Err(Unreadable::Mixed(what)) => {
            state.violation(format!("POST /api/card: {what}"));
            let message = "ERROR: null value in column \"database_id\" of relation \"report_card\" violates not-null constraint";
            return Err(reply::broken(message));
        }
    };
    check_database(state, "POST /api/card", &query)?;
    let mut card = json!({
        "type": "question", "description": null, "archived": false, "archived_directly": false, "collection_id": null,
        "collection_position": null, "dashboard_id": null, "cache_ttl": null, "enable_embedding": false,
        "parameters": [], "parameter_mappings": [], "result_metadata": null, "public_uuid": null, "table_id": null,
    });
    if let Some(card) = card.as_object_mut() {
        let keys = [
            "name",
            "description",
            "display",
            "visualization_settings",
            "parameters",
            "parameter_mappings",
            "collection_id",
            "collection_position",
            "dashboard_id",
            "entity_id",
            "type",
            "result_metadata",
        ];
        take_over(card, &call.body, &keys);
        set(card, "dataset_query", query.clone());
        set(card, "database_id", copy(&query, "database"));
        set(card, "creator_id", call.caller.as_ref().map(|caller| caller.user));
    }
    let mut card = crate::json::row(card);
    resolve_collection(state, &mut card)?;
    access::need(state, call, int(&card, "collection_id"), Level::Write)?;
    check_dashboard(state, &card)?;
    check_entity_id(state, &card)?;
    note_query(state, "POST /api/card", &query);
    let id = state.insert(Kind::Card, card);
    revisions::record(state, Kind::Card, id, call);
    told(state, id)
}

pub fn update(state: &mut State, call: &Call) -> Answer {
    let (id, before) = find(state, call)?;
    let name = format!("PUT /api/card/{id}");
    access::need(state, call, int(&before, "collection_id"), Level::Write)?;
    let mut card = before.clone();
    if let Some(query) = call.body.get("dataset_query").filter(|query| !query.is_null()) {
        match queries::read(query, state.major()) {
            Ok(query) => {
                check_database(state, &name, &query)?;
                note_query(state, &name, &query);
                set(&mut card, "database_id", copy(&query, "database"));
                set(&mut card, "dataset_query", query);
            }
            Err(Unreadable::Refused(what)) => return Err(refused_query(state, &name, &what)),
            // The damage of the real one: the answer is 200, and the query is gone.
            Err(Unreadable::Mixed(what)) => {
                state.violation(format!("{name}: {what}; the card's query is wiped"));
                set(&mut card, "dataset_query", json!({}));
            }
        }
        if copy(&card, "dataset_query") != copy(&before, "dataset_query") {
            set(&mut card, "result_metadata", Value::Null);
        }
    }
    // A null says nothing about these.
    for key in ["name", "display", "visualization_settings", "type", "archived", "enable_embedding"] {
        if call.body.get(key).is_some_and(|value| !value.is_null()) {
            take_over(&mut card, &call.body, &[key]);
        }
    }
    let nullable = [
        "description",
        "collection_id",
        "collection_position",
        "parameters",
        "parameter_mappings",
        "dashboard_id",
        "cache_ttl",
        "collection_preview",
        "embedding_params",
    ];
    take_over(&mut card, &call.body, &nullable);
    if call.body.contains_key("archived") {
        let archived = flag(&card, "archived");
        set(&mut card, "archived_directly", archived);
    }
    if copy(&card, "collection_id") != copy(&before, "collection_id") {
        collections::check_place(state, int(&card, "collection_id"))?;
        access::need(state, call, int(&card, "collection_id"), Level::Write)?;
    }
    check_dashboard(state, &card)?;
    if card != before {
        let archived = flag(&card, "archived");
        state.replace(Kind::Card, id, card);
        revisions::record(state, Kind::Card, id, call);
        if archived {
            crate::notifications::stop_for(state, id);
        }
    }
    told(state, id)
}

/// For good, with its places on dashboards.
pub fn delete(state: &mut State, call: &Call) -> Answer {
    let (id, card) = find(state, call)?;
    access::need(state, call, int(&card, "collection_id"), Level::Write)?;
    state.remove(Kind::Card, id);
    crate::dashcards::forget_card(state, id);
    crate::notifications::stop_for(state, id);
    Ok(reply::nothing())
}

/// A card as the server tells it.
pub fn tell(state: &State, card: &Row) -> Row {
    let mut told = card.clone();
    let query = crate::json::row(copy(card, "dataset_query"));
    set(&mut told, "dataset_query", queries::tell(&query, state.major()));
    set(&mut told, "query_type", if queries::sql(&query).is_some() { json!("native") } else { Value::Null });
    set(&mut told, "can_write", true);
    told.remove("archived_directly");
    told
}

pub fn find(state: &State, call: &Call) -> Result<(i64, Row), Reply> {
    let id = state.resolve(Kind::Card, call.place(0)).ok_or_else(reply::not_found)?;
    let card = state.get(Kind::Card, id).ok_or_else(reply::not_found)?;
    access::need(state, call, int(card, "collection_id"), Level::Read)?;
    Ok((id, card.clone()))
}

fn told(state: &State, id: i64) -> Answer {
    let card = state.get(Kind::Card, id).ok_or_else(reply::not_found)?;
    Ok(reply::json(Value::Object(tell(state, card))))
}

/// A new card may name its collection by the 21 characters.
fn resolve_collection(state: &State, card: &mut Row) -> Result<(), Reply> {
    if let Some(name) = text(card, "collection_id").map(str::to_owned) {
        let id = state.by_entity_id(Kind::Collection, &name).ok_or_else(reply::not_found)?;
        set(card, "collection_id", id);
    }
    collections::check_place(state, int(card, "collection_id"))
}

fn refused_query(state: &mut State, name: &str, what: &str) -> Reply {
    state.violation(format!("{name}: {what}"));
    reply::invalid("dataset_query", what)
}

fn check_database(state: &mut State, name: &str, query: &Row) -> Result<(), Reply> {
    let database = int(query, "database");
    if database.is_some_and(|id| state.get(Kind::Database, id).is_some()) {
        return Ok(());
    }
    state.violation(format!("{name}: there is no database {database:?}"));
    Err(reply::not_found())
}

/// What the server takes and can never run.
fn note_query(state: &mut State, name: &str, query: &Row) {
    let database = int(query, "database");
    let in_database = |field: i64| {
        let table = state.get(Kind::Field, field).and_then(|field| int(field, "table_id"))?;
        (state.get(Kind::Table, table).and_then(|table| int(table, "db_id")) == database).then_some(())
    };
    let fields = queries::tags(query).into_iter().flat_map(|tags| tags.iter());
    let lost = fields.filter_map(|(tag, row)| {
        let field = queries::field(row.as_object()?)?;
        in_database(field)
            .is_none()
            .then(|| format!("{name}: template tag `{tag}`: there is no field {field}"))
    });
    let lost: Vec<String> = lost.collect();
    for what in lost {
        state.violation(what);
    }
}

fn check_dashboard(state: &State, card: &Row) -> Result<(), Reply> {
    match int(card, "dashboard_id") {
        Some(id) if state.get(Kind::Dashboard, id).is_none() => Err(reply::not_found()),
        _ => Ok(()),
    }
}

/// An id chosen by the client has 21 characters, and is nobody else's.
fn check_entity_id(state: &mut State, card: &Row) -> Result<(), Reply> {
    let Some(id) = text(card, "entity_id") else { return Ok(()) };
    let fits =
        id.len() == 21 && id.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter));
    if !fits {
        state.violation(format!("POST /api/card: `{id}` is no entity id"));
        return Err(reply::invalid("entity_id", "value must be a 21-character NanoID."));
    }
    match state.by_entity_id(Kind::Card, id) {
        Some(_) => Err(reply::broken(
            "ERROR: duplicate key value violates unique constraint \"report_card_entity_id_key\"",
        )),
        None => Ok(()),
    }
}
