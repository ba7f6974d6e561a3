//! Alerts on cards.

use serde_json::{Value, json};

use crate::{
    access,
    graph::Level,
    json::{Row, copy, flag, int, list, object, row, set, take_over, text},
    reply::{self, Answer, Reply},
    state::{Kind, State},
    world::Call,
};

pub fn list_all(state: &State, call: &Call) -> Answer {
    let number = |name: &str| call.asked(name).and_then(|text| text.parse::<i64>().ok());
    let (card, creator) = (number("card_id"), number("creator_id"));
    let with_inactive = call.asked("include_inactive") == Some("true");
    let kind = call.asked("payload_type");
    let fits = |one: &Row| {
        (with_inactive || flag(one, "active"))
            && (card.is_none() || object(one, "payload").and_then(|payload| int(payload, "card_id")) == card)
            && (creator.is_none() || int(one, "creator_id") == creator)
            && (kind.is_none() || text(one, "payload_type") == kind)
    };
    let own =
        state.all(Kind::Notification).filter(|(_, one)| fits(one)).map(|(_, one)| Value::Object(one.clone()));
    // The server's own are in the list as well, unless it is narrowed.
    let system = (card.is_none()
        && creator.is_none()
        && kind.is_none_or(|kind| kind == "notification/system-event"))
    .then(
        || json!({ "id": 1, "active": true, "payload_type": "notification/system-event", "payload": null }),
    );
    Ok(reply::json(system.into_iter().chain(own).collect::<Vec<_>>()))
}

pub fn show(state: &State, call: &Call) -> Answer {
    let (_, one) = find(state, call)?;
    Ok(reply::json(Value::Object(one)))
}

pub fn create(state: &mut State, call: &Call) -> Answer {
    check(state, call, "POST /api/notification")?;
    let mut one = crate::json::row(json!({
        "active": true, "payload_type": copy(&call.body, "payload_type"),
        "creator_id": call.caller.as_ref().map(|caller| caller.user),
    }));
    take_parts(state, &mut one, &call.body);
    let id = state.insert(Kind::Notification, one);
    Ok(reply::json(state.get(Kind::Notification, id).cloned().map(Value::Object).unwrap_or_default()))
}

/// Takes the whole thing back: parts that are not sent, or come without their id, are made anew.
pub fn update(state: &mut State, call: &Call) -> Answer {
    let (id, mut one) = find(state, call)?;
    let name = format!("PUT /api/notification/{id}");
    check(state, call, &name)?;
    let own = |row: &Row| object(row, "payload").and_then(|payload| int(payload, "id"));
    if own(&one) != own(&call.body) {
        state.violation(format!("{name}: without the id of its payload it is made anew"));
    }
    take_over(&mut one, &call.body, &["active"]);
    take_parts(state, &mut one, &call.body);
    state.replace(Kind::Notification, id, one.clone());
    Ok(reply::json(Value::Object(one)))
}

pub fn send(state: &State, call: &Call) -> Answer {
    find(state, call)?;
    Ok(reply::nothing())
}

/// An alert on a card in the trash is off.
pub fn stop_for(state: &mut State, card: i64) {
    let is_on = |one: &Row| object(one, "payload").and_then(|payload| int(payload, "card_id")) == Some(card);
    let stopped: Vec<i64> =
        state.all(Kind::Notification).filter(|(_, one)| is_on(one)).map(|(id, _)| id).collect();
    for id in stopped {
        state.change(Kind::Notification, id, |one| set(one, "active", false));
    }
}

fn find(state: &State, call: &Call) -> Result<(i64, Row), Reply> {
    let id = call.place(0).parse().map_err(|_| reply::not_found())?;
    let one = state.get(Kind::Notification, id).ok_or_else(reply::not_found)?;
    Ok((id, one.clone()))
}

fn take_parts(state: &mut State, one: &mut Row, body: &Row) {
    let payload = row(copy(body, "payload"));
    let known: Vec<i64> = part_ids(one);
    let keep = |mut part: Row, state: &mut State| {
        part.remove("card");
        if int(&part, "id").is_none_or(|id| !known.contains(&id)) {
            part.remove("id");
            state.stamp(Kind::Part, &mut part);
        }
        Value::Object(part)
    };
    let payload = keep(payload, state);
    set(one, "payload_id", payload.get("id").cloned().unwrap_or_default());
    set(one, "payload", payload);
    for key in ["subscriptions", "handlers"] {
        let parts: Vec<Value> = list(body, key).iter().map(|part| keep(row(part.clone()), state)).collect();
        set(one, key, parts);
    }
}

fn part_ids(one: &Row) -> Vec<i64> {
    let payload = object(one, "payload").and_then(|payload| int(payload, "id"));
    let parts = ["subscriptions", "handlers"].into_iter().flat_map(|key| list(one, key));
    payload.into_iter().chain(parts.filter_map(|part| part.get("id")?.as_i64())).collect()
}

fn check(state: &mut State, call: &Call, name: &str) -> Result<(), Reply> {
    if text(&call.body, "payload_type") != Some("notification/card") {
        return Ok(());
    }
    let card = object(&call.body, "payload").and_then(|payload| int(payload, "card_id")).unwrap_or_default();
    let card = state.get(Kind::Card, card).ok_or_else(reply::not_found)?;
    access::need(state, call, int(card, "collection_id"), Level::Read)?;
    let settings = object(card, "visualization_settings").cloned().unwrap_or_default();
    let condition = object(&call.body, "payload").and_then(|payload| text(payload, "send_condition"));
    let has_goal = flag(&settings, "graph.show_goal") && settings.contains_key("graph.goal_value")
        || settings.contains_key("progress.goal");
    if matches!(condition, Some("goal_above" | "goal_below")) && !has_goal {
        state.violation(format!("{name}: the card has no goal, so the alert never comes"));
    }
    for subscription in list(&call.body, "subscriptions").iter().filter_map(Value::as_object) {
        let cron = text(subscription, "cron_schedule").unwrap_or_default();
        if text(subscription, "type") == Some("notification-subscription/cron") && !is_cron(cron) {
            state.violation(format!("{name}: `{cron}` is no Quartz schedule"));
            return Err(reply::invalid("subscriptions", "value must be a valid cron string."));
        }
    }
    Ok(())
}

/// Seven fields, and one of the two days left open.
fn is_cron(cron: &str) -> bool {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    match fields.as_slice() {
        [_, _, _, day, _, weekday, _] => (*day == "?") != (*weekday == "?"),
        _ => false,
    }
}
