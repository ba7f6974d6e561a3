//! Search, which looks into an index that is some writes behind.

use serde_json::{Value, json};

use crate::{
    access,
    graph::Level,
    json::{Row, copy, flag, int, set, text},
    reply::{self, Answer},
    state::{Kind, State},
    world::Call,
};

/// One thing in the index.
pub type Entry = Row;

/// Takes the index after a write. What changes nothing that can be found is no write.
pub fn remember(state: &mut State) {
    let entries = entries(state);
    if state.index.back() != Some(&entries) {
        state.index.push_back(entries);
    }
    while state.index.len() > state.options.search_lag + 1 {
        state.index.pop_front();
    }
}

/// Brings the index up to date.
pub fn reindex(state: &mut State, call: &Call) -> Answer {
    access::need_admin(call)?;
    let entries = entries(state);
    state.index = vec![entries; state.options.search_lag + 1].into();
    Ok(reply::json(json!({ "message": "success" })))
}

fn entries(state: &State) -> Vec<Entry> {
    let kinds = [("card", Kind::Card), ("dashboard", Kind::Dashboard), ("collection", Kind::Collection)];
    let of_kind = |(model, kind)| state.all(kind).map(move |(_, row)| entry(model, row));
    kinds.into_iter().flat_map(of_kind).collect()
}

pub fn find(state: &State, call: &Call) -> Answer {
    let wanted = call.asked("q").unwrap_or_default().to_lowercase();
    let models = call.asked_all("models");
    let archived = call.asked("archived") == Some("true");
    let ids = call.asked_all("ids");
    // Fewer writes than the lag: nothing is indexed yet.
    let ready = state.index.len() > state.options.search_lag;
    let entries = state.index.front().filter(|_| ready).map_or(&[][..], Vec::as_slice);
    let fits = |entry: &&Entry| {
        let model = text(entry, "model").unwrap_or_default();
        let named = ["name", "description"].iter().filter_map(|key| text(entry, key)).map(str::to_lowercase);
        let collection = int(entry, if model == "collection" { "id" } else { "collection_id" });
        (models.is_empty() || models.contains(&model))
            && flag(entry, "archived") == archived
            && (ids.is_empty() || int(entry, "id").is_some_and(|id| ids.contains(&id.to_string().as_str())))
            && named.into_iter().any(|name| name.contains(&wanted))
            && access::level(state, call, collection) >= Level::Read
    };
    let found: Vec<Value> = entries.iter().filter(fits).cloned().map(Value::Object).collect();
    let number = |name: &str| call.asked(name).and_then(|text| text.parse::<usize>().ok());
    let (limit, offset) = (number("limit").unwrap_or(50), number("offset").unwrap_or(0));
    let total = found.len();
    let data: Vec<Value> = found.into_iter().skip(offset).take(limit).collect();
    Ok(reply::json(
        json!({ "total": total, "data": data, "limit": limit, "offset": offset, "engine": "search.engine/appdb" }),
    ))
}

fn entry(model: &str, row: &Row) -> Entry {
    let keys = ["id", "name", "description", "archived", "collection_id", "updated_at"];
    let mut entry: Row = keys.iter().map(|key| ((*key).to_owned(), copy(row, key))).collect();
    set(&mut entry, "model", model);
    entry
}
