//! What Pub/Sub gave up on, moved to where a person finds it.

use std::sync::Arc;
use std::time::Duration;

use aispend_google::{Google, Rest, RestError};
use aispend_ports::{BusError, Delivery, Parked, ParkedError, ParkedStore, Receipt, Topic};
use async_trait::async_trait;
use futures::future::BoxFuture;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use crate::error::make_it;
use crate::wire::{ReadMessage, WireMessage};
use crate::{PubSubError, names};

/// Google's own address.
const PUBSUB: &str = "https://pubsub.googleapis.com";

/// Pulled at once: each may hold 10 MB, and more as text.
const BATCH: usize = 4;

/// The pause after a round that brought nothing.
const PAUSE: Duration = Duration::from_millis(250);

/// What Pub/Sub adds to a message it gives up on. None of it belongs to the message.
const ADDED: &str = "CloudPubSubDeadLetterSource";
const ATTEMPTS: &str = "CloudPubSubDeadLetterSourceDeliveryCount";
const PUBLISHED_AT: &str = "CloudPubSubDeadLetterSourceTopicPublishTime";

/// Why dead letters stay where they are. They come again.
#[derive(Debug, thiserror::Error)]
pub enum DrainError {
    /// Pub/Sub refused, or could not be reached.
    #[error("{doing}: {detail}")]
    PubSub {
        /// What was to be done, and to what.
        doing: String,
        /// What was answered.
        detail: String,
    },
    /// The store did not take a message.
    #[error("a dead letter of `{topic}` is not stored")]
    Store {
        /// The topic it was published on.
        topic: &'static str,
        /// What the store said.
        #[source]
        source: ParkedError,
    },
}

/// Makes a parked message of a delivery: what Pub/Sub knows is in the delivery, what the message says of its slice and run
/// is the reader's to add.
type Read = dyn Fn(Topic, &Delivery) -> Parked + Send + Sync;

/// Moves dead letters into the parked store.
pub struct DeadLetters {
    project: String,
    rest: Rest,
    store: Arc<dyn ParkedStore>,
    read: Box<Read>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    received_messages: Vec<Received>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Received {
    ack_id: String,
    message: WireMessage,
}

impl DeadLetters {
    /// Over a project's dead letters. `read` sees each as it was published: its bytes, its own attributes, the attempts
    /// and the moment of its first topic.
    ///
    /// # Errors
    /// Without credentials.
    pub fn connect(
        google: &Google,
        store: Arc<dyn ParkedStore>,
        read: impl Fn(Topic, &Delivery) -> Parked + Send + Sync + 'static,
    ) -> Result<Self, PubSubError> {
        let rest = Rest::new(&google.pubsub()?, PUBSUB);
        Ok(Self { project: google.project.clone(), rest, store, read: Box::new(read) })
    }

    /// Moves what is there, until nothing came for `patience`: Pub/Sub may say "nothing" while it still looks. How many
    /// were moved. Safe to repeat, and in several processes at once.
    ///
    /// # Errors
    /// At the first call that fails. What was moved by then is moved.
    pub fn drain(&self, patience: Duration) -> BoxFuture<'_, Result<usize, DrainError>> {
        Box::pin(async move {
            let mut moved = 0;
            let mut quiet_since = Instant::now();
            loop {
                let before = moved;
                for topic in Topic::ALL {
                    moved += self.move_some(topic).await?;
                }
                if moved > before {
                    quiet_since = Instant::now();
                } else if quiet_since.elapsed() < patience {
                    sleep(PAUSE.min(patience)).await;
                } else {
                    return Ok(moved);
                }
            }
        })
    }

    /// Drains every so often, until `stop` turns true. Trouble is logged, and tried again.
    pub async fn run(&self, every: Duration, mut stop: watch::Receiver<bool>) {
        loop {
            match self.drain(Duration::ZERO).await {
                Ok(0) => {}
                Ok(moved) => info!(moved, "dead letters parked"),
                Err(error) => {
                    warn!(%error, cause = std::error::Error::source(&error), "dead letters not drained");
                }
            }
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return,
                () = sleep(every) => {}
            }
        }
    }

    async fn move_some(&self, topic: Topic) -> Result<usize, DrainError> {
        let received = self.pull(topic).await?;
        let count = received.len();
        let mut ack_ids = Vec::with_capacity(count);
        for Received { ack_id, message } in received {
            let message = message.read().map_err(|error| DrainError::PubSub {
                doing: doing("pull", topic),
                detail: error.to_string(),
            })?;
            let parked = (self.read)(topic, &as_published(message));
            let stored = self.store.park(parked).await;
            stored.map_err(|source| DrainError::Store { topic: topic.as_str(), source })?;
            ack_ids.push(ack_id);
        }
        if count > 0 {
            self.call("acknowledge", topic, &json!({ "ackIds": ack_ids })).await?;
        }
        Ok(count)
    }

    /// The plain pull that answers at once. Streams lease what they are sent to whoever opened them last, even where that
    /// one is gone; a command that looks for a moment would hide messages from the next one.
    async fn pull(&self, topic: Topic) -> Result<Vec<Received>, DrainError> {
        let answer =
            self.call("pull", topic, &json!({ "maxMessages": BATCH, "returnImmediately": true })).await?;
        let answer: Answer = serde_json::from_str(&answer)
            .map_err(|error| DrainError::PubSub { doing: doing("pull", topic), detail: error.to_string() })?;
        Ok(answer.received_messages)
    }

    async fn call(&self, verb: &str, topic: Topic, body: &serde_json::Value) -> Result<String, DrainError> {
        let name = names::subscription_path(&self.project, &names::dead(topic));
        let called = self.rest.call(Method::POST, &format!("/v1/{name}:{verb}"), &[], Some(body)).await;
        called.map_err(|error| DrainError::PubSub {
            doing: doing(verb, topic),
            detail: if error.is_missing() { make_it("subscription", &name) } else { chain(&error) },
        })
    }
}

fn doing(verb: &str, topic: Topic) -> String {
    format!("{verb} from `{}`", names::dead(topic))
}

fn chain(error: &RestError) -> String {
    let cause = std::error::Error::source(error);
    cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

/// The message as it was before Pub/Sub gave up on it.
fn as_published(message: ReadMessage) -> Delivery {
    let added = |name: &str| {
        message.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    };
    let attempt = added(ATTEMPTS).and_then(|count| count.parse().ok()).unwrap_or(1);
    let published_at = added(PUBLISHED_AT).and_then(|at| at.parse().ok()).unwrap_or(message.published_at);
    Delivery {
        message_id: message.message_id,
        data: message.data,
        attributes: message.attributes.into_iter().filter(|(name, _)| !name.starts_with(ADDED)).collect(),
        attempt,
        published_at,
        receipt: Box::new(SettledElsewhere),
    }
}

/// `drain` acknowledges once the store has the message.
struct SettledElsewhere;

#[async_trait]
impl Receipt for SettledElsewhere {
    async fn ack(self: Box<Self>) -> Result<(), BusError> {
        Ok(())
    }

    async fn give_back(self: Box<Self>, _after: Option<Duration>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pubsub_added_is_read_and_taken_off() {
        let json = r#"{"receivedMessages":[{"ackId":"a","message":{"data":"aGk=","messageId":"9",
            "publishTime":"2026-11-22T01:00:00Z","attributes":{
            "CloudPubSubDeadLetterSourceDeliveryCount":"20","CloudPubSubDeadLetterSourceSubscription":"raw-slices.normalizer",
            "CloudPubSubDeadLetterSourceSubscriptionProject":"demo",
            "CloudPubSubDeadLetterSourceTopicPublishTime":"2026-11-22T00:00:00.5+00:00","message_id":"m"}}}]}"#;
        let answer: Answer = serde_json::from_str(json).unwrap();
        let received = answer.received_messages.into_iter().next().unwrap();
        let delivery = as_published(received.message.read().unwrap());
        assert_eq!((&delivery.data[..], delivery.attempt), (&b"hi"[..], 20));
        assert_eq!(delivery.attributes, [("message_id".to_owned(), "m".to_owned())]);
        assert_eq!(delivery.published_at, "2026-11-22T00:00:00.5Z".parse().unwrap());
        let nothing: Answer = serde_json::from_str("{}").unwrap();
        assert!(nothing.received_messages.is_empty());
    }
}
