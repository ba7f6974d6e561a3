//! Dashboards: created empty, then filled by one `PUT`.

use serde_json::{Value, json};

use crate::{
    access, cards, collections, dashcards,
    graph::Level,
    json::{Row, copy, flag, int, list, set, take_over, text},
    pulses,
    reply::{self, Answer, Reply},
    revisions,
    state::{Kind, State},
    world::Call,
};

pub fn list_all(state: &State, call: &Call) -> Answer {
    let archived = call.asked("f") == Some("archived");
    let fits = |row: &Row| {
        flag(row, "archived") == archived
            && access::level(state, call, int(row, "collection_id")) >= Level::Read
    };
    let found = state.all(Kind::Dashboard).filter(|(_, row)| fits(row)).map(|(_, row)| {
        let mut told = row.clone();
        told.retain(|key, _| !["dashcards", "tabs", "archived_directly"].contains(&key.as_str()));
        Value::Object(told)
    });
    Ok(reply::json(found.collect::<Vec<_>>()))
}

pub fn show(state: &State, call: &Call) -> Answer {
    let (id, _) = find(state, call)?;
    told(state, id)
}

pub fn create(state: &mut State, call: &Call) -> Answer {
    let collection = int(&call.body, "collection_id");
    collections::check_place(state, collection)?;
    access::need(state, call, collection, Level::Write)?;
    let mut dashboard = crate::json::row(json!({
        "description": null, "collection_id": null, "collection_position": null, "parameters": [], "cache_ttl": null,
        "width": "fixed", "auto_apply_filters": true, "archived": false, "archived_directly": false,
        "enable_embedding": false, "public_uuid": null, "tabs": [], "dashcards": [],
        "creator_id": call.caller.as_ref().map(|caller| caller.user),
    }));
    let keys = ["name", "description", "collection_id", "collection_position", "cache_ttl"];
    take_over(&mut dashboard, &call.body, &keys);
    set(&mut dashboard, "parameters", list(&call.body, "parameters").to_vec());
    check_parameters(state, "POST /api/dashboard", &dashboard)?;
    let id = state.insert(Kind::Dashboard, dashboard);
    revisions::record(state, Kind::Dashboard, id, call);
    told(state, id)
}

pub fn update(state: &mut State, call: &Call) -> Answer {
    let (id, before) = find(state, call)?;
    let name = format!("PUT /api/dashboard/{id}");
    access::need(state, call, int(&before, "collection_id"), Level::Write)?;
    let mut dashboard = before.clone();
    for key in ["name", "width", "parameters", "archived", "enable_embedding", "auto_apply_filters"] {
        if call.body.get(key).is_some_and(|value| !value.is_null()) {
            take_over(&mut dashboard, &call.body, &[key]);
        }
    }
    let nullable = [
        "description",
        "collection_id",
        "collection_position",
        "cache_ttl",
        "caveats",
        "points_of_interest",
        "embedding_params",
        "show_in_getting_started",
    ];
    take_over(&mut dashboard, &call.body, &nullable);
    if call.body.contains_key("archived") {
        let archived = flag(&dashboard, "archived");
        set(&mut dashboard, "archived_directly", archived);
    }
    if copy(&dashboard, "collection_id") != copy(&before, "collection_id") {
        collections::check_place(state, int(&dashboard, "collection_id"))?;
        access::need(state, call, int(&dashboard, "collection_id"), Level::Write)?;
    }
    check_parameters(state, &name, &dashboard)?;
    if call.body.get("dashcards").is_some_and(Value::is_array) {
        dashcards::replace(state, &name, &mut dashboard, &call.body)?;
    } else if call.body.get("tabs").is_some_and(Value::is_array) {
        state.violation(format!("{name}: `tabs` does nothing without `dashcards`"));
    }
    if dashboard != before {
        let gone = removed_parameters(&before, &dashboard);
        state.replace(Kind::Dashboard, id, dashboard);
        revisions::record(state, Kind::Dashboard, id, call);
        pulses::archive_using(state, id, &gone);
    }
    told(state, id)
}

pub fn delete(state: &mut State, call: &Call) -> Answer {
    let (id, dashboard) = find(state, call)?;
    access::need(state, call, int(&dashboard, "collection_id"), Level::Write)?;
    state.remove(Kind::Dashboard, id);
    Ok(reply::nothing())
}

/// What lies in a dashboard besides its grid: the cards that live in it.
pub fn items(state: &State, call: &Call) -> Answer {
    let (id, _) = find(state, call)?;
    let inside = state.all(Kind::Card).filter(|(_, card)| int(card, "dashboard_id") == Some(id));
    let data: Vec<Value> = inside.map(|(_, card)| Value::Object(cards::tell(state, card))).collect();
    Ok(reply::json(json!({ "total": data.len(), "data": data, "models": ["card"] })))
}

pub fn find(state: &State, call: &Call) -> Result<(i64, Row), Reply> {
    let id = state.resolve(Kind::Dashboard, call.place(0)).ok_or_else(reply::not_found)?;
    let dashboard = state.get(Kind::Dashboard, id).ok_or_else(reply::not_found)?;
    access::need(state, call, int(dashboard, "collection_id"), Level::Read)?;
    Ok((id, dashboard.clone()))
}

fn told(state: &State, id: i64) -> Answer {
    let dashboard = state.get(Kind::Dashboard, id).ok_or_else(reply::not_found)?;
    let mut told = dashboard.clone();
    told.remove("archived_directly");
    let visible = list(dashboard, "dashcards").iter().filter_map(|dashcard| {
        let mut dashcard = dashcard.as_object()?.clone();
        let card = int(&dashcard, "card_id").map(|card| state.get(Kind::Card, card));
        // A card in the trash leaves a gap that nobody sees.
        if card.is_some_and(|card| card.is_none_or(|card| flag(card, "archived"))) {
            return None;
        }
        let card = card.flatten().map(|card| Value::Object(cards::tell(state, card)));
        set(&mut dashcard, "card", card.unwrap_or(Value::Null));
        Some(Value::Object(dashcard))
    });
    set(&mut told, "dashcards", visible.collect::<Vec<_>>());
    set(&mut told, "param_fields", json!({}));
    set(&mut told, "can_write", true);
    Ok(reply::json(Value::Object(told)))
}

/// Ids are unique, and so are slugs.
fn check_parameters(state: &mut State, name: &str, dashboard: &Row) -> Result<(), Reply> {
    for key in ["id", "slug"] {
        let mut all: Vec<&str> =
            list(dashboard, "parameters").iter().filter_map(|one| one.get(key)?.as_str()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        if all.len() != count {
            state.violation(format!("{name}: two parameters have one {key}"));
            return Err(reply::invalid("parameters", format!("the {key}s of parameters must be unique.")));
        }
    }
    Ok(())
}

fn removed_parameters(before: &Row, after: &Row) -> Vec<String> {
    let ids = |row: &Row| -> Vec<String> {
        let ids = list(row, "parameters").iter().filter_map(|one| text(one.as_object()?, "id"));
        ids.map(str::to_owned).collect()
    };
    let kept = ids(after);
    ids(before).into_iter().filter(|id| !kept.contains(id)).collect()
}
