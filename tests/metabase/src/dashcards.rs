//! The grid of a dashboard: what is not sent is gone.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    json::{Row, copy, flag, int, list, object, set, take_over, text},
    queries,
    reply::{self, Reply},
    state::{Kind, State},
    tabs::{self, Tabs},
};

/// So many columns.
const COLUMNS: i64 = 24;

/// Replaces tabs and cards as a whole, or changes nothing.
pub fn replace(state: &mut State, name: &str, dashboard: &mut Row, body: &Row) -> Result<(), Reply> {
    let had_tabs = !list(dashboard, "tabs").is_empty();
    if had_tabs && !body.get("tabs").is_some_and(Value::is_array) {
        state.violation(format!("{name}: without `tabs` the tabs and their cards are deleted"));
    }
    let sent: Vec<&Row> = list(body, "dashcards").iter().filter_map(Value::as_object).collect();
    let ids: BTreeSet<i64> = sent.iter().filter_map(|one| int(one, "id")).collect();
    if ids.len() != sent.len() {
        return Err(reply::invalid("dashcards", "the ids of dashcards must be unique."));
    }
    for one in &sent {
        check_card(state, dashboard, one)?;
    }
    let tabs = tabs::replace(state, dashboard, body)?;
    let mut cards = Vec::new();
    for one in sent {
        cards.extend(place(state, name, dashboard, &tabs, one)?.map(Value::Object));
    }
    set(dashboard, "tabs", tabs.tabs);
    set(dashboard, "dashcards", cards);
    note(state, name, dashboard);
    Ok(())
}

/// A card that is gone leaves every grid.
pub fn forget_card(state: &mut State, card: i64) {
    let dashboards: Vec<i64> = state.all(Kind::Dashboard).map(|(id, _)| id).collect();
    for id in dashboards {
        state.change(Kind::Dashboard, id, |dashboard| {
            let kept = list(dashboard, "dashcards").iter();
            let kept = kept.filter(|one| one.get("card_id").and_then(Value::as_i64) != Some(card)).cloned();
            let kept: Vec<Value> = kept.collect();
            set(dashboard, "dashcards", kept);
        });
    }
}

/// One card where it is sent to, with the ids it has from now on. None where its tab was deleted under it.
fn place(
    state: &mut State,
    name: &str,
    dashboard: &Row,
    tabs: &Tabs,
    sent: &Row,
) -> Result<Option<Row>, Reply> {
    let id = int(sent, "id").unwrap_or_default();
    let old = list(dashboard, "dashcards")
        .iter()
        .filter_map(Value::as_object)
        .find(|one| int(one, "id") == Some(id));
    if id >= 0 && old.is_none() {
        state.violation(format!("{name}: there is no dashcard {id} here"));
        return Err(reply::invalid("dashcards", format!("there is no dashcard {id} here.")));
    }
    if !sent.contains_key("card_id") {
        state.violation(format!("{name}: dashcard {id} is sent without `card_id`"));
    }
    let mut card = old.cloned().unwrap_or_else(|| {
        crate::json::row(json!({
            "card_id": null, "dashboard_tab_id": null, "parameter_mappings": [], "series": [], "inline_parameters": [],
            "visualization_settings": {}, "action_id": null,
        }))
    });
    let keys = [
        "card_id",
        "row",
        "col",
        "size_x",
        "size_y",
        "parameter_mappings",
        "series",
        "visualization_settings",
        "inline_parameters",
    ];
    take_over(&mut card, sent, &keys);
    let tab = int(sent, "dashboard_tab_id");
    let tab = match (tab.map(|tab| tabs.ids.get(&tab)), tabs.tabs.as_slice()) {
        (Some(Some(tab)), _) => Some(*tab),
        // The tab is deleted by this very request, and its cards with it.
        (Some(None), _) if old.is_some() => return Ok(None),
        (Some(None), _) => return Err(reply::invalid("dashcards", format!("there is no tab {tab:?}."))),
        (None, []) => None,
        (None, [only]) => only.get("id").and_then(Value::as_i64),
        (None, _) => {
            return Err(reply::invalid("dashcards", "every dashcard must have a `dashboard_tab_id`."));
        }
    };
    set(&mut card, "dashboard_tab_id", tab);
    if id < 0 {
        state.stamp(Kind::Dashcard, &mut card);
        set(&mut card, "dashboard_id", int(dashboard, "id"));
    }
    Ok(Some(card))
}

fn check_card(state: &State, dashboard: &Row, sent: &Row) -> Result<(), Reply> {
    let Some(id) = int(sent, "card_id") else { return Ok(()) };
    let card = state.get(Kind::Card, id).ok_or_else(reply::not_found)?;
    if flag(card, "archived") {
        return Err(reply::invalid("dashcards", format!("card {id} is archived.")));
    }
    match int(card, "dashboard_id") {
        Some(other) if Some(other) != int(dashboard, "id") => {
            Err(reply::invalid("dashcards", format!("card {id} belongs to another dashboard.")))
        }
        _ => Ok(()),
    }
}

/// What the server keeps without a word, though nobody can want it.
fn note(state: &mut State, name: &str, dashboard: &Row) {
    let cards: Vec<&Row> = list(dashboard, "dashcards").iter().filter_map(Value::as_object).collect();
    let mut wrong = Vec::new();
    for (at, card) in cards.iter().enumerate() {
        let id = int(card, "id").unwrap_or_default();
        let (left, right, ..) = edges(card);
        if right > COLUMNS {
            wrong.push(format!("dashcard {id} ends beyond the grid: {left} to {right}"));
        }
        if cards.iter().skip(at + 1).any(|other| overlap(card, other)) {
            wrong.push(format!("dashcard {id} lies over another"));
        }
        let settings = object(card, "visualization_settings");
        let is_virtual =
            settings.is_some_and(|settings| settings.get("virtual_card").is_some_and(Value::is_object));
        if is_virtual == int(card, "card_id").is_some() {
            wrong.push(format!("dashcard {id} has neither a card nor a virtual one, or both"));
        }
        let mappings = list(card, "parameter_mappings").iter().filter_map(Value::as_object);
        wrong.extend(
            mappings
                .filter_map(|mapping| wrong_mapping(state, dashboard, card, mapping))
                .map(|what| format!("dashcard {id}: {what}")),
        );
    }
    for what in wrong {
        state.violation(format!("{name}: {what}"));
    }
}

fn wrong_mapping(state: &State, dashboard: &Row, dashcard: &Row, mapping: &Row) -> Option<String> {
    let parameter = text(mapping, "parameter_id").unwrap_or_default();
    let known = list(dashboard, "parameters")
        .iter()
        .any(|one| one.get("id").and_then(Value::as_str) == Some(parameter));
    if !known {
        return Some(format!("a mapping of the unknown parameter `{parameter}`"));
    }
    let card = int(dashcard, "card_id")?;
    if int(mapping, "card_id") != Some(card) {
        return Some(format!("the mapping of `{parameter}` does nothing without the dashcard's `card_id`"));
    }
    let query = state.get(Kind::Card, card).map(|card| crate::json::row(copy(card, "dataset_query")))?;
    let (is_filter, tag) = crate::filters::target(mapping.get("target")?)?;
    let row = queries::tags(&query).and_then(|tags| object(tags, &tag));
    if row.is_some_and(|row| crate::filters::is_dimension(row) == is_filter) {
        None
    } else {
        Some(format!("the mapping of `{parameter}` is for no tag of card {card}"))
    }
}

fn edges(card: &Row) -> (i64, i64, i64, i64) {
    let at = |key: &str| int(card, key).unwrap_or_default();
    (at("col"), at("col") + at("size_x"), at("row"), at("row") + at("size_y"))
}

fn overlap(one: &Row, other: &Row) -> bool {
    let ((left, right, top, bottom), (other_left, other_right, other_top, other_bottom)) =
        (edges(one), edges(other));
    let same_tab = copy(one, "dashboard_tab_id") == copy(other, "dashboard_tab_id");
    same_tab && left < other_right && other_left < right && top < other_bottom && other_top < bottom
}
