//! E-mails that Metabase sends itself: subscriptions of the summary, and alerts. None unless somebody names a reader.

use aispend_warehouse::Schedule;
use serde_json::{Value, json};

use super::Wanted;
use crate::value::placeholder;

/// The dashboard that people may subscribe to here.
const SUMMARY: &str = "dashboard/exec";

/// Names of the subscriptions that are ours, and what each should say; `None` where nobody reads it.
pub fn pulses(wanted: &Wanted) -> Vec<(&'static str, Option<Value>)> {
    let names = &wanted.names;
    let monthly = json!({"schedule_type": "monthly", "schedule_frame": "first", "schedule_day": "mon", "schedule_hour": 8});
    let weekly = json!({"schedule_type": "weekly", "schedule_day": "mon", "schedule_hour": 8});
    [
        ("aispend: Executive Summary, monthly", &names.monthly_to, monthly),
        ("aispend: Executive Summary, weekly", &names.weekly_to, weekly),
    ]
    .map(|(name, readers, schedule)| {
        (name, (!readers.is_empty()).then(|| pulse(wanted, name, readers, &schedule)))
    })
    .into()
}

fn pulse(wanted: &Wanted, name: &str, readers: &[String], schedule: &Value) -> Value {
    let cards: Vec<Value> = wanted
        .placed(SUMMARY)
        .into_iter()
        .filter(|(_, place)| place.get("card").is_some_and(Value::is_string))
        .map(|(id, place)| {
            json!({
                "id": place.get("card"), "dashboard_card_id": placeholder(&format!("dashcard/{id}")),
                "include_csv": false, "include_xls": true, "format_rows": true, "pivot_results": false,
            })
        })
        .collect();
    let mut channel = json!({
        "channel_type": "email", "enabled": true, "details": {}, "recipients": recipients(readers),
    });
    if let (Some(channel), Some(schedule)) = (channel.as_object_mut(), schedule.as_object()) {
        channel.extend(schedule.clone());
    }
    json!({
        "name": name, "dashboard_id": placeholder(SUMMARY), "skip_if_empty": false, "parameters": [],
        "cards": cards, "channels": [channel],
    })
}

fn recipients(readers: &[String]) -> Vec<Value> {
    readers.iter().map(|reader| json!({"email": reader})).collect()
}

/// An alert on a card; the card's name stands for its id.
pub fn notification(card: &str, schedule: Schedule, readers: &[String]) -> Value {
    let cron = match schedule {
        Schedule::Hourly => "0 0 * * * ? *",
        Schedule::Daily => "0 0 8 * * ? *",
        Schedule::Weekly => "0 0 8 ? * 2 *",
        Schedule::Monthly => "0 0 8 1 * ? *",
    };
    let recipients: Vec<Value> = readers
        .iter()
        .map(|reader| json!({"type": "notification-recipient/raw-value", "details": {"value": reader}}))
        .collect();
    json!({
        "payload_type": "notification/card",
        "payload": {"card_id": placeholder(card), "send_condition": "has_result", "send_once": false},
        "subscriptions": [
            {"type": "notification-subscription/cron", "cron_schedule": cron, "ui_display_type": "cron/raw"},
        ],
        "handlers": [{"channel_type": "channel/email", "recipients": recipients}],
    })
}
