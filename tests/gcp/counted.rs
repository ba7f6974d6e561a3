//! Counts messages: whoever else reads a topic, an observer's subscription of its own has every message too.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aispend_ports::Topic;
use aispend_pubsub::names;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::cluster::Cluster;

/// A published message.
#[derive(Debug, Clone)]
pub struct Seen {
    pub topic: Topic,
    pub data: Vec<u8>,
    /// Derived from its content: the same news has the same id.
    pub message_id: String,
}

/// Sees every message of a project.
pub struct Observer {
    base: String,
    project: String,
    client: reqwest::Client,
}

impl Observer {
    /// Watches every topic from now on.
    pub async fn new(cluster: &Cluster) -> Self {
        let observer = Self {
            base: cluster.google.pubsub.clone().unwrap(),
            project: cluster.google.project.clone(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
        };
        for topic in Topic::ALL {
            let name = names::subscription_path(&observer.project, &Self::name(topic));
            let body = json!({"topic": names::topic_path(&observer.project, topic.as_str()), "ackDeadlineSeconds": 600});
            let made =
                observer.client.put(format!("{}/v1/{name}", observer.base)).json(&body).send().await.unwrap();
            assert!(made.status().is_success(), "{:?}", made.text().await);
        }
        observer
    }

    fn name(topic: Topic) -> String {
        format!("{}.observer", topic.as_str())
    }

    /// Messages that were published since the last look.
    pub async fn look(&self) -> Vec<Seen> {
        let mut seen = Vec::new();
        for topic in Topic::ALL {
            loop {
                let some = self.pull(topic, &Self::name(topic)).await;
                if some.is_empty() {
                    break;
                }
                seen.extend(some);
            }
        }
        seen
    }

    /// Ends the pushing: what is unsettled can be pulled then.
    pub async fn stop_pushing(&self) {
        for topic in Topic::ALL {
            let name = names::subscription_path(&self.project, &names::subscription(topic));
            let url = format!("{}/v1/{name}:modifyPushConfig", self.base);
            let answer = self.client.post(url).json(&json!({"pushConfig": {}})).send().await.unwrap();
            assert!(answer.status().is_success(), "{:?}", answer.text().await);
        }
    }

    /// Deliveries that nobody has settled, once all leases have ended: for good.
    pub async fn unsettled(&self, leases_end: Duration) -> Vec<Seen> {
        let begun = Instant::now();
        let mut left = Vec::new();
        while begun.elapsed() < leases_end {
            for topic in Topic::ALL {
                left.extend(self.pull(topic, &names::subscription(topic)).await);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        left
    }

    /// What Pub/Sub gave up on and nobody has drained.
    pub async fn dead(&self) -> Vec<Seen> {
        let mut dead = Vec::new();
        for topic in Topic::ALL {
            dead.extend(self.pull(topic, &names::dead(topic)).await);
        }
        dead
    }

    async fn pull(&self, topic: Topic, subscription: &str) -> Vec<Seen> {
        let name = names::subscription_path(&self.project, subscription);
        let call = async |verb: &str, body: Value| -> Value {
            let url = format!("{}/v1/{name}:{verb}", self.base);
            let answer = self.client.post(url).json(&body).send().await.unwrap();
            assert!(answer.status().is_success(), "{:?}", answer.text().await);
            answer.json().await.unwrap_or_default()
        };
        let pulled = call("pull", json!({"maxMessages": 50, "returnImmediately": true})).await;
        let received = pulled["receivedMessages"].as_array().cloned().unwrap_or_default();
        if received.is_empty() {
            return Vec::new();
        }
        let acks: Vec<&Value> = received.iter().map(|message| &message["ackId"]).collect();
        call("acknowledge", json!({"ackIds": acks})).await;
        received
            .iter()
            .map(|message| {
                let data = STANDARD.decode(message["message"]["data"].as_str().unwrap_or_default()).unwrap();
                let id = message["message"]["attributes"]["message_id"].as_str();
                let message_id =
                    id.map_or_else(|| String::from_utf8_lossy(&data).into_owned(), str::to_owned);
                Seen { topic, data, message_id }
            })
            .collect()
    }
}

/// How many different messages these are.
pub fn different(seen: &[Seen]) -> usize {
    seen.iter().map(|seen| (seen.topic, &seen.message_id)).collect::<BTreeSet<_>>().len()
}
