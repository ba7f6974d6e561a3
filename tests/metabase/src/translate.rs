//! From ids of 21 characters to numbers.

use serde_json::{Map, Value, json};

use crate::{
    json::object,
    reply::{self, Answer},
    state::{Kind, State},
    world::Call,
};

pub fn entity_ids(state: &State, call: &Call) -> Answer {
    let mut told = Map::new();
    for (model, ids) in object(&call.body, "entity_ids").into_iter().flatten() {
        let kind = match model.as_str() {
            "card" => Kind::Card,
            "dashboard" => Kind::Dashboard,
            "collection" => Kind::Collection,
            _ => {
                return Err(reply::invalid(
                    "entity_ids",
                    format!("`{model}` is no kind of thing with an entity id"),
                ));
            }
        };
        for id in ids.as_array().into_iter().flatten().filter_map(Value::as_str) {
            let found = match state.by_entity_id(kind, id) {
                Some(number) => json!({ "id": number, "type": model, "status": "ok" }),
                None if id.len() == 21 => json!({ "type": model, "status": "not-found" }),
                None => json!({ "type": model, "status": "invalid-format" }),
            };
            told.insert(id.to_owned(), found);
        }
    }
    Ok(reply::json(json!({ "entity_ids": told })))
}
