//! A dashboard as it is: which of its cards, tabs and filters are ours, and which people added.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::canonical::{NamesOf, archived, description, named, parameter, settings, target};
use crate::value::{Ids, id, items, object, placeholder, text};

/// The placed cards of a dashboard.
#[derive(Debug)]
pub struct Grid<'a> {
    /// Ours, by the card's id.
    pub ours: BTreeMap<String, &'a Value>,
    /// What people added.
    pub theirs: Vec<&'a Value>,
}

/// Tells ours from theirs: by the name we wrote into the settings, else by the card, else by the text.
pub fn grid<'a>(raw: &'a Value, declared: &Value, ids: &Ids) -> Grid<'a> {
    let wanted = declared.get("cards").and_then(Value::as_object);
    let mut left: Vec<&Value> = items(raw, "dashcards").iter().collect();
    left.sort_by_key(|dashcard| id(dashcard));
    let mut ours = BTreeMap::new();
    let own_name = |dashcard: &Value| setting(dashcard, "aispend.id").to_owned();
    let mut take = |is_it: &dyn Fn(&str, &Value, &Value) -> bool| {
        for (name, place) in wanted.into_iter().flatten() {
            if ours.contains_key(name) {
                continue;
            }
            if let Some(at) = left.iter().position(|dashcard| is_it(name, place, dashcard)) {
                ours.insert(name.clone(), left.remove(at));
            }
        }
    };
    take(&|name, _, dashcard| own_name(dashcard) == name);
    take(&|_, place, dashcard| {
        let card = place.get("card").and_then(Value::as_str).and_then(|name| ids.get(name));
        let is_card = card.is_some() && dashcard.get("card_id") == card;
        let wanted_text = place.get("settings").map_or("", |settings| text(settings, "text"));
        let is_text = !wanted_text.is_empty() && setting(dashcard, "text") == wanted_text;
        own_name(dashcard).is_empty() && (is_card || is_text)
    });
    Grid { ours, theirs: left }
}

fn setting<'a>(dashcard: &'a Value, name: &str) -> &'a str {
    dashcard.get("visualization_settings").map_or("", |settings| text(settings, name))
}

/// Our part of a dashboard.
pub fn canonical(raw: &Value, declared: &Value, names: &NamesOf, ids: &Ids) -> Value {
    let grid = grid(raw, declared, ids);
    let parameters: Vec<Value> =
        items(raw, "parameters").iter().filter(|raw| is_declared(raw, declared)).map(parameter).collect();
    let mut tabs: Vec<&Value> = items(raw, "tabs").iter().collect();
    tabs.sort_by_key(|tab| tab.get("position").and_then(Value::as_u64));
    let has_ours =
        |tab: &Value| grid.ours.values().any(|dashcard| dashcard.get("dashboard_tab_id") == tab.get("id"));
    let declared_tabs = items(declared, "tabs");
    let own_tabs: Vec<&str> = tabs
        .iter()
        .filter(|tab| declared_tabs.iter().any(|name| name == text(tab, "name")) || has_ours(tab))
        .map(|tab| text(tab, "name"))
        .collect();
    let cards = object(grid.ours.iter().map(|(name, dashcard)| {
        let tab = tabs.iter().find(|tab| tab.get("id") == dashcard.get("dashboard_tab_id"));
        let number = |key: &str| dashcard.get(key).cloned().unwrap_or(Value::Null);
        let place = json!({
            "tab": tab.map(|tab| text(tab, "name")), "row": number("row"), "col": number("col"),
            "size_x": number("size_x"), "size_y": number("size_y"),
            "card": named("card", dashcard.get("card_id"), names),
            "mappings": mappings(dashcard, declared),
            "settings": settings(&number("visualization_settings"), names),
        });
        (name.clone(), place)
    }));
    json!({
        "name": raw.get("name"), "description": description(raw), "width": raw.get("width"),
        "collection": named("collection", raw.get("collection_id"), names), "archived": archived(raw),
        "parameters": parameters, "tabs": own_tabs, "cards": cards,
    })
}

fn is_declared(parameter: &Value, declared: &Value) -> bool {
    items(declared, "parameters").iter().any(|known| known.get("id") == parameter.get("id"))
}

/// Mappings that count: of filters that are ours, and with the card's own id.
fn mappings(dashcard: &Value, declared: &Value) -> Value {
    let mut mappings: Vec<Value> = items(dashcard, "parameter_mappings")
        .iter()
        .filter(|mapping| mapping.get("card_id") == dashcard.get("card_id"))
        .filter(|mapping| is_parameter(text(mapping, "parameter_id"), declared))
        .map(|mapping| {
            json!({
                "parameter_id": mapping.get("parameter_id"),
                "target": target(mapping.get("target").unwrap_or(&Value::Null)),
            })
        })
        .collect();
    mappings.sort_by(|one, other| text(one, "parameter_id").cmp(text(other, "parameter_id")));
    Value::Array(mappings)
}

fn is_parameter(name: &str, declared: &Value) -> bool {
    items(declared, "parameters").iter().any(|known| text(known, "id") == name)
}

/// The request that makes a dashboard what it should be: all of ours, and all that people added, as it is. Cards of ours
/// keep their numbers, so that subscriptions stay attached.
pub fn request(raw: &Value, declared: &Value, ids: &Ids) -> Map<String, Value> {
    let grid = grid(raw, declared, ids);
    let (tabs, tab_ids) = tabs(raw, declared, &grid);
    let mut next_id = 0_i64;
    let mut dashcards: Vec<Value> = Vec::new();
    let wanted = declared.get("cards").and_then(Value::as_object);
    for (name, place) in wanted.into_iter().flatten() {
        let here = grid.ours.get(name).copied();
        let number = here.and_then(id).map_or_else(
            || {
                next_id -= 1;
                json!(next_id)
            },
            |id| json!(id),
        );
        let card = place.get("card").cloned().unwrap_or(Value::Null);
        let mut mappings: Vec<Value> = items(place, "mappings")
            .iter()
            .map(|mapping| {
                json!({
                    "parameter_id": mapping.get("parameter_id"), "card_id": card, "target": mapping.get("target"),
                })
            })
            .collect();
        let added = here.map_or(&[][..], |here| items(here, "parameter_mappings"));
        let is_theirs = |mapping: &&Value| !is_parameter(text(mapping, "parameter_id"), declared);
        mappings.extend(added.iter().filter(is_theirs).cloned());
        let tab = tab_ids.get(text(place, "tab"));
        let at = |key: &str| place.get(key).cloned().unwrap_or(Value::Null);
        dashcards.push(json!({
            "id": number, "card_id": card, "dashboard_tab_id": tab, "row": at("row"), "col": at("col"),
            "size_x": at("size_x"), "size_y": at("size_y"), "series": here.map_or(&[][..], |here| items(here, "series")),
            "parameter_mappings": mappings, "visualization_settings": at("settings"),
        }));
    }
    let kept = [
        "id",
        "card_id",
        "dashboard_tab_id",
        "row",
        "col",
        "size_x",
        "size_y",
        "series",
        "parameter_mappings",
        "inline_parameters",
        "visualization_settings",
    ];
    dashcards.extend(
        grid.theirs
            .iter()
            .map(|theirs| object(kept.iter().filter_map(|key| Some((*key, theirs.get(*key)?.clone()))))),
    );
    let mut parameters = items(declared, "parameters").to_vec();
    parameters.extend(
        items(raw, "parameters").iter().filter(|parameter| !is_declared(parameter, declared)).cloned(),
    );
    let pairs =
        [("parameters", Value::Array(parameters)), ("tabs", tabs), ("dashcards", Value::Array(dashcards))];
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Tabs as they are sent, and the number of each of ours by its declared name. A renamed one is known by what stands on it.
fn tabs(raw: &Value, declared: &Value, grid: &Grid<'_>) -> (Value, BTreeMap<String, Value>) {
    let mut left: Vec<&Value> = items(raw, "tabs").iter().collect();
    let names: Vec<&str> = items(declared, "tabs").iter().filter_map(Value::as_str).collect();
    let (mut sent, mut numbers) = (Vec::new(), BTreeMap::new());
    for (place, name) in names.iter().enumerate() {
        let by_name = left.iter().position(|tab| text(tab, "name") == *name);
        let at = by_name.or_else(|| {
            let cards = declared.get("cards").and_then(Value::as_object);
            let stood = cards
                .into_iter()
                .flatten()
                .filter(|(_, card)| text(card, "tab") == *name)
                .find_map(|(card, _)| grid.ours.get(card)?.get("dashboard_tab_id"));
            left.iter().position(|tab| {
                stood.is_some() && tab.get("id") == stood && !names.contains(&text(tab, "name"))
            })
        });
        let number = match at {
            Some(at) => left.remove(at).get("id").cloned().unwrap_or(Value::Null),
            None => json!(-1 - place as i64),
        };
        sent.push(json!({"id": number, "name": name}));
        numbers.insert((*name).to_owned(), number);
    }
    sent.extend(left.iter().map(|tab| json!({"id": tab.get("id"), "name": tab.get("name")})));
    (Value::Array(sent), numbers)
}

/// The numbers of our placed cards in the answer to that request.
pub fn dashcard_ids(answer: &Value) -> Vec<(String, Value)> {
    let numbered = items(answer, "dashcards").iter().filter_map(|dashcard| {
        let name = setting(dashcard, "aispend.id");
        (!name.is_empty()).then_some((placeholder(&format!("dashcard/{name}")), dashcard.get("id")?.clone()))
    });
    // What somebody copied comes later and is not ours.
    let mut first = BTreeMap::new();
    for (name, id) in numbered {
        first.entry(name).or_insert(id);
    }
    first.into_iter().collect()
}
