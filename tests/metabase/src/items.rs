//! What lies in a collection, page by page.

use serde_json::{Value, json};

use crate::{
    access, collections,
    graph::Level,
    json::{Row, copy, flag, int, set, text},
    reply::{self, Answer},
    state::{Kind, State},
    world::Call,
};

/// The kinds of things that may lie in a collection here, and what the server calls them.
const MODELS: [(&str, Kind); 3] =
    [("card", Kind::Card), ("dashboard", Kind::Dashboard), ("collection", Kind::Collection)];

/// Of the collection in the path, or of the root where there is none.
pub fn list(state: &State, call: &Call) -> Answer {
    let collection = match call.places.first() {
        None => None,
        Some(name) => Some(state.resolve(Kind::Collection, name).ok_or_else(reply::not_found)?),
    };
    access::need(state, call, collection, Level::Read)?;
    let is_trash = collection
        .and_then(|id| state.get(Kind::Collection, id))
        .is_some_and(|row| collections::is_trash(row) || flag(row, "archived"));
    let archived = is_trash || call.asked("archived") == Some("true");
    let asked = call.asked_all("models");
    let mut found: Vec<Row> = Vec::new();
    let mut models = Vec::new();
    for (model, kind) in MODELS {
        if !asked.is_empty() && !asked.contains(&model) {
            continue;
        }
        let fits = |id: i64, row: &Row| {
            flag(row, "archived") == archived
                && if is_trash
                    && collection
                        .is_some_and(|id| state.get(Kind::Collection, id).is_some_and(collections::is_trash))
                {
                    flag(row, "archived_directly")
                } else {
                    place(kind, row) == collection
                }
                && may_see(state, call, kind, id, row)
                && !collections::is_trash(row)
        };
        let before = found.len();
        found.extend(state.all(kind).filter(|(id, row)| fits(*id, row)).map(|(_, row)| tell(model, row)));
        if found.len() > before {
            models.push(model);
        }
    }
    sort(&mut found, call);
    let number = |name: &str| call.asked(name).and_then(|text| text.parse::<usize>().ok());
    let (limit, offset) = (number("limit"), number("offset").unwrap_or(0));
    let total = found.len();
    let page: Vec<Value> =
        found.into_iter().skip(offset).take(limit.unwrap_or(usize::MAX)).map(Value::Object).collect();
    Ok(reply::json(
        json!({ "total": total, "data": page, "models": models, "limit": limit, "offset": offset }),
    ))
}

fn place(kind: Kind, row: &Row) -> Option<i64> {
    if kind == Kind::Collection { collections::parent(row) } else { int(row, "collection_id") }
}

fn may_see(state: &State, call: &Call, kind: Kind, id: i64, row: &Row) -> bool {
    // A card that lives in a dashboard is not listed beside it.
    let hidden = kind == Kind::Card && int(row, "dashboard_id").is_some();
    let collection = if kind == Kind::Collection { Some(id) } else { int(row, "collection_id") };
    !hidden && access::level(state, call, collection) >= Level::Read
}

fn tell(model: &str, row: &Row) -> Row {
    let keys = ["id", "name", "description", "entity_id", "archived", "collection_id", "collection_position"];
    let mut told: Row = keys.iter().map(|key| ((*key).to_owned(), copy(row, key))).collect();
    set(&mut told, "model", model);
    match model {
        "card" => {
            set(&mut told, "display", copy(row, "display"));
            set(&mut told, "database_id", copy(row, "database_id"));
        }
        "collection" => {
            set(&mut told, "location", copy(row, "location"));
            set(&mut told, "authority_level", copy(row, "authority_level"));
            drop(told.remove("collection_id"));
        }
        _ => {}
    }
    told
}

/// By name unless the request says otherwise, as the server does: never by age.
fn sort(found: &mut [Row], call: &Call) {
    let column = call.asked("sort_column").unwrap_or("name").to_owned();
    let key = |row: &Row| (text(row, &column).unwrap_or_default().to_lowercase(), int(row, "id"));
    found.sort_by_key(key);
    if call.asked("sort_direction") == Some("desc") {
        found.reverse();
    }
}
