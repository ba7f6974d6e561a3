//! The body of a push request. Who sent it, and what to answer, is the HTTP server's to judge.

use aispend_ports::Topic;
use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;

use crate::names;
pub use crate::wire::WireError;
use crate::wire::WireMessage;

/// Where a worker takes pushes, beneath its own address. `BusAdmin` configures it.
pub const PATH: &str = "/push";

/// Why a body is not a push of ours.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] WireError),
    /// It is a stranger's.
    #[error("`{0}` is none of our subscriptions")]
    Subscription(String),
}

/// One pushed message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Which topic it was published on.
    pub topic: Topic,
    /// Pub/Sub's id.
    pub message_id: String,
    /// The encoded message.
    pub data: Bytes,
    /// Text beside it, by name.
    pub attributes: Vec<(String, String)>,
    /// When it was published.
    pub published_at: Timestamp,
    /// 1 for the first delivery, and where the subscription does not count.
    pub attempt: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    subscription: String,
    message: WireMessage,
    delivery_attempt: Option<u32>,
}

/// Reads the wrapped form: JSON around base64, which is what a subscription without `no_wrapper` sends.
///
/// # Errors
/// When the body is not that, or of a subscription that we do not know.
pub fn parse(body: &[u8]) -> Result<Pushed, PushError> {
    let body: Body = serde_json::from_slice(body).map_err(WireError::from)?;
    let Some(topic) = names::topic_of(&body.subscription) else {
        return Err(PushError::Subscription(body.subscription));
    };
    let message = body.message.read()?;
    Ok(Pushed {
        topic,
        message_id: message.message_id,
        data: message.data,
        attributes: message.attributes,
        published_at: message.published_at,
        attempt: body.delivery_attempt.unwrap_or(1).max(1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the emulator and the service send it, doubled names included.
    const BODY: &str = r#"{"subscription":"projects/demo/subscriptions/raw-slices.normalizer","deliveryAttempt":3,
        "message":{"data":"AP9oaQ==","attributes":{"traceparent":"00-a","b":"2"},"messageId":"20264","message_id":"20264",
        "publishTime":"2026-11-22T00:01:48.301Z","publish_time":"2026-11-22T00:01:48.301Z","orderingKey":""}}"#;

    fn attribute(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn a_push_says_whose_it_is_and_how_often_it_came() {
        let pushed = parse(BODY.as_bytes()).unwrap();
        let expected = Pushed {
            topic: Topic::RawSlices,
            message_id: "20264".to_owned(),
            data: Bytes::from_static(b"\0\xffhi"),
            attributes: vec![attribute("b", "2"), attribute("traceparent", "00-a")],
            published_at: "2026-11-22T00:01:48.301Z".parse().unwrap(),
            attempt: 3,
        };
        assert_eq!(pushed, expected);
    }

    #[test]
    fn what_a_push_may_leave_out_it_may_leave_out() {
        let body = r#"{"subscription":"projects/demo/subscriptions/fetch-requests.fetcher",
            "message":{"messageId":"1","publishTime":"2026-11-22T00:01:48Z"}}"#;
        let pushed = parse(body.as_bytes()).unwrap();
        assert_eq!((pushed.topic, pushed.attempt), (Topic::FetchRequests, 1));
        assert!(pushed.data.is_empty() && pushed.attributes.is_empty());
    }

    #[test]
    fn what_is_not_a_push_of_ours_is_refused_with_its_reason() {
        for (body, reason) in [
            ("hello".to_owned(), "not a Pub/Sub message"),
            ("{}".to_owned(), "not a Pub/Sub message"),
            (BODY.replace("raw-slices.normalizer", "raw-slices.other"), "none of our subscriptions"),
            (BODY.replace("AP9oaQ==", "A"), "`20264` is not base64"),
            (BODY.replace("2026-11-22T00:01:48.301Z", "yesterday"), "not a Pub/Sub message"),
        ] {
            let error = parse(body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
