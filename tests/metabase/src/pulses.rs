//! Subscriptions: a dashboard by e-mail.

use serde_json::{Value, json};

use crate::{
    json::{Row, copy, flag, int, list, row, set, take_over, text},
    reply::{self, Answer, Reply},
    state::{Kind, State},
    world::Call,
};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

pub fn list_all(state: &State, call: &Call) -> Answer {
    let archived = call.asked("archived") == Some("true");
    let dashboard = call.asked("dashboard_id").and_then(|id| id.parse::<i64>().ok());
    let fits = |pulse: &Row| {
        flag(pulse, "archived") == archived
            && (dashboard.is_none() || int(pulse, "dashboard_id") == dashboard)
    };
    let found = state.all(Kind::Pulse).filter(|(_, pulse)| fits(pulse));
    Ok(reply::json(found.map(|(_, pulse)| Value::Object(pulse.clone())).collect::<Vec<_>>()))
}

pub fn show(state: &State, call: &Call) -> Answer {
    let (_, pulse) = find(state, call)?;
    Ok(reply::json(Value::Object(pulse)))
}

pub fn create(state: &mut State, call: &Call) -> Answer {
    let dashboard = int(&call.body, "dashboard_id");
    let found = dashboard
        .map(|id| state.get(Kind::Dashboard, id).cloned().ok_or_else(reply::not_found))
        .transpose()?;
    check(state, "POST /api/pulse", &call.body, found.as_ref())?;
    let mut pulse = crate::json::row(json!({
        "archived": false, "skip_if_empty": false, "parameters": [], "collection_id": null, "dashboard_id": null,
        "creator_id": call.caller.as_ref().map(|caller| caller.user),
    }));
    let keys = ["name", "cards", "skip_if_empty", "parameters", "collection_id", "dashboard_id"];
    take_over(&mut pulse, &call.body, &keys);
    set(&mut pulse, "channels", channels(state, &call.body));
    let id = state.insert(Kind::Pulse, pulse);
    Ok(reply::json(state.get(Kind::Pulse, id).cloned().map(Value::Object).unwrap_or_default()))
}

/// Replaces cards and channels, and resets what is not sent.
pub fn update(state: &mut State, call: &Call) -> Answer {
    let (id, mut pulse) = find(state, call)?;
    let name = format!("PUT /api/pulse/{id}");
    let dashboard = int(&pulse, "dashboard_id").and_then(|id| state.get(Kind::Dashboard, id)).cloned();
    check(state, &name, &call.body, dashboard.as_ref())?;
    for key in ["archived", "skip_if_empty"] {
        if !call.body.contains_key(key) {
            state.violation(format!("{name}: without `{key}` it becomes false"));
        }
        set(&mut pulse, key, flag(&call.body, key));
    }
    take_over(&mut pulse, &call.body, &["name", "cards", "parameters", "collection_id"]);
    if call.body.get("channels").is_some_and(Value::is_array) {
        set(&mut pulse, "channels", channels(state, &call.body));
    }
    state.replace(Kind::Pulse, id, pulse.clone());
    Ok(reply::json(Value::Object(pulse)))
}

/// Sends at once, if anything can be sent.
pub fn test(state: &mut State, call: &Call) -> Answer {
    check(state, "POST /api/pulse/test", &call.body, None)?;
    Ok(reply::json(json!({ "ok": true })))
}

/// A subscription that filters by a parameter ends with it.
pub fn archive_using(state: &mut State, dashboard: i64, parameters: &[String]) {
    let uses = |pulse: &Row| {
        let own = list(pulse, "parameters").iter().filter_map(|one| one.get("id")?.as_str());
        int(pulse, "dashboard_id") == Some(dashboard)
            && own.into_iter().any(|id| parameters.iter().any(|gone| gone == id))
    };
    let ended: Vec<i64> = state.all(Kind::Pulse).filter(|(_, pulse)| uses(pulse)).map(|(id, _)| id).collect();
    for id in ended {
        state.change(Kind::Pulse, id, |pulse| set(pulse, "archived", true));
    }
}

fn find(state: &State, call: &Call) -> Result<(i64, Row), Reply> {
    let id = call.place(0).parse().map_err(|_| reply::not_found())?;
    let pulse = state.get(Kind::Pulse, id).ok_or_else(reply::not_found)?;
    Ok((id, pulse.clone()))
}

fn channels(state: &mut State, body: &Row) -> Vec<Value> {
    let mut kept = Vec::new();
    for channel in list(body, "channels") {
        let mut channel = row(channel.clone());
        channel.remove("id");
        state.stamp(Kind::Part, &mut channel);
        kept.push(Value::Object(channel));
    }
    kept
}

fn check(state: &mut State, name: &str, body: &Row, dashboard: Option<&Row>) -> Result<(), Reply> {
    if !list(body, "parameters").is_empty() {
        state.violation(format!("{name}: own `parameters` are paid, and do nothing"));
    }
    for channel in list(body, "channels").iter().filter_map(Value::as_object) {
        if !channel.get("enabled").is_some_and(Value::is_boolean) {
            state.violation(format!("{name}: a channel's `enabled` is no boolean"));
            return Err(reply::broken("Assert failed: (boolean? enabled)"));
        }
        if let Some(wrong) = wrong_schedule(channel) {
            state.violation(format!("{name}: {wrong}"));
            return Err(reply::invalid("channels", wrong));
        }
    }
    for card in list(body, "cards").iter().filter_map(Value::as_object) {
        let id = int(card, "id").filter(|id| state.get(Kind::Card, *id).is_some());
        let id = id.ok_or_else(|| reply::invalid("cards", "there is no such card."))?;
        let Some(dashboard) = dashboard else { continue };
        let placed = list(dashboard, "dashcards").iter().filter_map(Value::as_object);
        let placed = placed.into_iter().find(|one| int(one, "id") == int(card, "dashboard_card_id"));
        if placed.is_none_or(|one| int(one, "card_id") != Some(id)) {
            state.violation(format!("{name}: card {id} is not where `dashboard_card_id` says"));
            return Err(reply::invalid("cards", "`dashboard_card_id` is not a place of this card."));
        }
    }
    Ok(())
}

/// What is wrong with when a channel sends.
fn wrong_schedule(channel: &Row) -> Option<&'static str> {
    let hour = int(channel, "schedule_hour").is_some_and(|hour| (0..24).contains(&hour));
    let day = text(channel, "schedule_day");
    let known_day = day.is_some_and(|day| DAYS.contains(&day));
    let fits = match (text(channel, "schedule_type")?, text(channel, "schedule_frame")) {
        ("hourly", _) => true,
        ("daily", _) => hour,
        ("weekly", _) => hour && known_day,
        ("monthly", Some("first" | "last")) => hour && (known_day || day.is_none()),
        ("monthly", Some("mid")) => hour && copy(channel, "schedule_day").is_null(),
        _ => false,
    };
    (!fits).then_some("invalid schedule: type, hour, day and frame do not go together")
}
