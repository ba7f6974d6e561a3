//! Subscriptions and alerts.

use reqwest::Method;
use serde_json::{Value, json};

use super::diff::changes;
use super::{Call, Step, Verb};
use crate::found::Found;
use crate::value::{items, object, resolved, text};
use crate::wanted::{self, Wanted};

/// What a subscription has to say, of what a server gives back.
fn essence(pulse: &Value) -> Value {
    let channels: Vec<Value> = items(pulse, "channels")
        .iter()
        .map(|channel| {
            let mut readers: Vec<&str> =
                items(channel, "recipients").iter().map(|reader| text(reader, "email")).collect();
            readers.sort_unstable();
            let at = |key: &str| channel.get(key).cloned().unwrap_or(Value::Null);
            json!({
                "schedule": [at("schedule_type"), at("schedule_frame"), at("schedule_day"), at("schedule_hour")],
                "readers": readers, "enabled": at("enabled"),
            })
        })
        .collect();
    let mut cards: Vec<u64> = items(pulse, "cards")
        .iter()
        .filter_map(|card| card.get("dashboard_card_id").and_then(Value::as_u64))
        .collect();
    cards.sort_unstable();
    json!({"channels": channels, "cards": cards})
}

/// A subscription as it is sent back: whole, because what is left out is reset.
fn whole(pulse: &Value, archived: bool) -> Value {
    let kept = ["name", "cards", "channels", "skip_if_empty", "parameters"];
    let kept = kept.iter().filter_map(|key| Some(((*key).to_owned(), pulse.get(*key)?.clone())));
    object(kept.chain([("archived".to_owned(), json!(archived))]))
}

/// E-mails with the summary.
pub fn subscriptions(wanted: &Wanted, found: &Found, steps: &mut Vec<Step>) {
    for (name, declared) in wanted::pulses(wanted) {
        let what = format!("subscription `{name}`");
        match (declared, found.pulses.get(name)) {
            (None, None) => {}
            (Some(declared), None) => {
                steps.push(Step::new(
                    Verb::Create,
                    what,
                    vec![Call::new(Method::POST, "/api/pulse", declared)],
                ));
            }
            (Some(declared), Some((id, here))) => {
                // A name without a number yet means a card that is not there yet: that is a difference.
                let known = resolved(&declared, &found.ids).unwrap_or(Value::Null);
                let changes = changes(&essence(here), &essence(&known));
                if !changes.is_empty() {
                    let call = Call::new(Method::PUT, format!("/api/pulse/{id}"), whole(&declared, false));
                    steps.push(Step::new(Verb::Change, what, vec![call]).changing(changes));
                }
            }
            (None, Some((id, here))) => {
                let body = whole(here, true);
                let call = Call::new(Method::PUT, format!("/api/pulse/{id}"), body);
                steps.push(Step::new(Verb::Archive, format!("{what}: nobody reads it"), vec![call]));
            }
        }
    }
}

fn readers(notification: &Value) -> Vec<&str> {
    let mut readers: Vec<&str> = items(notification, "handlers")
        .iter()
        .flat_map(|handler| items(handler, "recipients"))
        .filter_map(|recipient| recipient.get("details")?.get("value")?.as_str())
        .collect();
    readers.sort_unstable();
    readers
}

/// Alerts on the cards of rules.
pub fn alerts(wanted: &Wanted, found: &Found, steps: &mut Vec<Step>) {
    let told = &wanted.names.alerts_to;
    for (key, schedule) in &wanted.schedules {
        let what = format!("alert on `{key}`");
        let here = found.notifications.get(key);
        let is_active = |here: &Value| here.get("active").and_then(Value::as_bool).unwrap_or(true);
        match here {
            None if told.is_empty() => {}
            None => {
                let body = wanted::notification(key, *schedule, told);
                steps.push(Step::new(
                    Verb::Create,
                    what,
                    vec![Call::new(Method::POST, "/api/notification", body)],
                ));
            }
            Some(here) => {
                let mut expected: Vec<&str> = told.iter().map(String::as_str).collect();
                expected.sort_unstable();
                let is_right = if told.is_empty() {
                    !is_active(here)
                } else {
                    is_active(here) && readers(here) == expected
                };
                if is_right {
                    continue;
                }
                let changes = changes(&json!({"readers": readers(here)}), &json!({"readers": expected}));
                let body = merged(here, &wanted::notification(key, *schedule, told), !told.is_empty());
                let id = here.get("id").and_then(Value::as_u64).unwrap_or(0);
                let call = Call::new(Method::PUT, format!("/api/notification/{id}"), body);
                steps.push(Step::new(Verb::Change, what, vec![call]).changing(changes));
            }
        }
    }
}

/// The whole object back, with its numbers: what is left out would be made anew.
fn merged(here: &Value, declared: &Value, is_active: bool) -> Value {
    let mut body = here.clone();
    let recipients = items(declared, "handlers").first().and_then(|handler| handler.get("recipients"));
    if let Some(body) = body.as_object_mut() {
        body.insert("active".to_owned(), json!(is_active));
    }
    let handlers = body.get_mut("handlers").and_then(Value::as_array_mut);
    for handler in handlers.into_iter().flatten().filter_map(Value::as_object_mut) {
        if let (Some(recipients), true) = (recipients, is_active) {
            handler.insert("recipients".to_owned(), recipients.clone());
        }
    }
    body
}
