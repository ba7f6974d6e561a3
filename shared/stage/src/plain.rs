//! The small JSON a person or a scheduler can type: `{"trigger":"daily"}`, `{"feeds":["cursor/usage-events"],
//! "from":"2026-10-01","to":"2026-10-31"}`, `{"check":"alerts"}`.

use aispend_model::{Feed, day_number, parse_day};
use aispend_ports::Topic;
use aispend_proto::SCHEMA_VERSION;
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{AlertCheck, Envelope, FetchRequested};
use serde::Deserialize;

/// What a person or a scheduler may ask for: what is due, once a day; what is due, now; a period.
const TRIGGERS: [&str; 3] = ["daily", "command", "backfill"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainRequest {
    trigger: Option<String>,
    #[serde(default)]
    feeds: Vec<String>,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainCheck {
    check: String,
}

/// Reads plain JSON where the topic takes any. `None`: this is no JSON. The run's id comes from the message's, so that a
/// redelivery is the same run.
pub fn read(topic: Topic, data: &[u8], message_id: &str) -> Option<Result<Envelope, String>> {
    if data.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let body = match topic {
        Topic::FetchRequests => request(data),
        Topic::SliceEvents => check(data),
        Topic::RawSlices | Topic::RecordBatches | Topic::ValidBatches => return None,
    };
    Some(body.map(|body| Envelope {
        schema_version: SCHEMA_VERSION,
        message_id: message_id.to_owned(),
        run_id: crate::content_id(&[b"run", message_id.as_bytes()]),
        body: Some(body),
        ..Envelope::default()
    }))
}

fn request(data: &[u8]) -> Result<Body, String> {
    let plain: PlainRequest = serde_json::from_slice(data).map_err(|error| {
        format!("{error}; a fetch request looks like {{\"trigger\":\"daily\"}} or {{\"feeds\":[\"cursor/usage-events\"],\"from\":\"2026-10-01\",\"to\":\"2026-10-31\"}}")
    })?;
    for feed in &plain.feeds {
        feed.parse::<Feed>().map_err(|error| error.to_string())?;
    }
    let day = |name: &str, text: Option<String>| {
        text.map(|text| parse_day(&text).map(day_number).map_err(|error| format!("`{name}`: {error}")))
            .transpose()
    };
    if let Some(trigger) = plain.trigger.as_deref().filter(|trigger| !TRIGGERS.contains(trigger)) {
        return Err(format!("there is no trigger `{trigger}`: it is one of {}", TRIGGERS.join(", ")));
    }
    let (from, to) = (day("from", plain.from)?, day("to", plain.to)?);
    if from.is_some() != to.is_some() {
        return Err("`from` and `to` go together".to_owned());
    }
    if from > to {
        return Err("`from` is after `to`".to_owned());
    }
    let trigger =
        plain.trigger.unwrap_or_else(|| if from.is_some() { "backfill" } else { "daily" }.to_owned());
    Ok(Body::FetchRequested(FetchRequested {
        feeds: plain.feeds,
        from,
        to,
        trigger,
        ..FetchRequested::default()
    }))
}

fn check(data: &[u8]) -> Result<Body, String> {
    let plain: PlainCheck = serde_json::from_slice(data).map_err(|error| error.to_string())?;
    if plain.check == "alerts" {
        Ok(Body::AlertCheck(AlertCheck {}))
    } else {
        Err(format!("there is no check `{}`", plain.check))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Result<Body, String> {
        read(Topic::FetchRequests, text.as_bytes(), "m-1").unwrap().map(|envelope| envelope.body.unwrap())
    }

    #[test]
    fn what_a_person_can_type_becomes_a_request() {
        let Ok(Body::FetchRequested(daily)) = body(r#"{"trigger":"daily"}"#) else { panic!() };
        assert_eq!((daily.trigger.as_str(), daily.from), ("daily", None));
        let Ok(Body::FetchRequested(backfill)) =
            body(r#" {"feeds":["cursor/usage-events"],"from":"2026-10-01","to":"2026-10-31"}"#)
        else {
            panic!()
        };
        assert_eq!(
            (backfill.trigger.as_str(), backfill.to.unwrap() - backfill.from.unwrap()),
            ("backfill", 30)
        );
    }

    #[test]
    fn a_mistake_is_named() {
        for (text, expected) in [
            (r#"{"feeds":["cursor/event"]}"#, "there is no feed `cursor/event`"),
            (r#"{"from":"2026-10-01"}"#, "`from` and `to` go together"),
            (r#"{"from":"2026-10-02","to":"2026-10-01"}"#, "`from` is after `to`"),
            (r#"{"from":"1.10.2026","to":"2026-10-01"}"#, "`from`: `1.10.2026` is not a day"),
            (r#"{"triger":"daily"}"#, "unknown field `triger`"),
            (r#"{"trigger":"dayly"}"#, "there is no trigger `dayly`: it is one of daily, command, backfill"),
        ] {
            let error = body(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_redelivery_is_the_same_run() {
        let run = |id| read(Topic::FetchRequests, br#"{"trigger":"daily"}"#, id).unwrap().unwrap().run_id;
        assert_eq!(run("m-1"), run("m-1"));
        assert_ne!(run("m-1"), run("m-2"));
    }
}
