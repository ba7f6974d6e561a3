//! How long results are kept: one policy for the whole instance.

use serde_json::json;

use crate::{
    access,
    json::{copy, object, text},
    reply::{self, Answer},
    state::State,
    world::Call,
};

pub fn get(state: &State, call: &Call) -> Answer {
    access::need_admin(call)?;
    let models = call.asked_all("model");
    if models.iter().any(|model| *model != "root") {
        return Err(reply::paid("Granular Caching"));
    }
    let policy =
        state.cache.iter().map(|strategy| json!({ "model": "root", "model_id": 0, "strategy": strategy }));
    Ok(reply::json(json!({ "data": policy.collect::<Vec<_>>() })))
}

pub fn put(state: &mut State, call: &Call) -> Answer {
    access::need_admin(call)?;
    if text(&call.body, "model") != Some("root") {
        return Err(reply::paid("Granular Caching"));
    }
    let strategy = object(&call.body, "strategy");
    match strategy.and_then(|strategy| text(strategy, "type")) {
        Some("ttl" | "nocache") => state.cache = Some(copy(&call.body, "strategy")),
        _ => return Err(reply::invalid("strategy", "value must be either adaptive or no caching.")),
    }
    Ok(reply::json(json!({ "id": 1 })))
}

pub fn delete(state: &mut State, call: &Call) -> Answer {
    access::need_admin(call)?;
    if text(&call.body, "model") != Some("root") {
        return Err(reply::paid("Granular Caching"));
    }
    state.cache = None;
    Ok(reply::nothing())
}

pub fn invalidate() -> Answer {
    Err(reply::paid("Granular Caching"))
}
