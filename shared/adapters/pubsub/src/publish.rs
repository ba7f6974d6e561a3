//! Publishing: one publisher a topic, made when it is first needed, and no call without an end.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aispend_google::Place;
use aispend_ports::{BusError, Outgoing, Topic};
use google_cloud_gax::retry_policy::RetryPolicyExt;
use google_cloud_pubsub::client::{BasePublisher, Publisher};
use google_cloud_pubsub::error::PublishError;
use google_cloud_pubsub::model::Message;
use google_cloud_pubsub::retry_policy::RetryableErrors;

use crate::error::{detail, is_missing, make_it};
use crate::{PubSubError, PubSubOptions, names};

/// What Pub/Sub carries in one publish request.
pub(crate) const REQUEST_LIMIT_BYTES: usize = 10_000_000;

/// What a request holds beside data and attributes: the topic's name and the framing.
const REQUEST_FRAME_BYTES: usize = 512;

/// What the wire adds to an attribute.
const ATTRIBUTE_FRAME_BYTES: usize = 8;

/// Makes and keeps publishers.
pub(crate) struct Publishers {
    project: String,
    client: BasePublisher,
    publish_within: Duration,
    batch_delay: Duration,
    of_topic: Mutex<HashMap<Topic, Publisher>>,
}

impl Publishers {
    pub(crate) async fn connect(
        project: &str,
        place: Place,
        options: &PubSubOptions,
    ) -> Result<Self, PubSubError> {
        let mut builder = BasePublisher::builder()
            .with_credentials(place.credentials)
            .with_retry_policy(RetryableErrors.with_time_limit(options.publish_within));
        if let Some(endpoint) = place.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        Ok(Self {
            project: project.to_owned(),
            client: builder.build().await?,
            publish_within: options.publish_within,
            batch_delay: options.batch_delay,
            of_topic: Mutex::default(),
        })
    }

    /// Returns once Pub/Sub has stored the message.
    pub(crate) async fn publish(&self, outgoing: Outgoing) -> Result<(), BusError> {
        let topic = outgoing.topic;
        check_size(&outgoing)?;
        let message = Message::new().set_data(outgoing.data).set_attributes(outgoing.attributes);
        let stored = self.publisher(topic).publish(message);
        // The client bounds its own attempts. This bound is for what it does not see, such as a dispatcher that is stuck.
        match tokio::time::timeout(self.publish_within, stored).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(BusError::Unavailable(self.explain(topic, &error))),
            Err(_) => Err(BusError::Unavailable(format!(
                "`{}` did not answer a publish within {} s",
                topic.as_str(),
                self.publish_within.as_secs()
            ))),
        }
    }

    fn publisher(&self, topic: Topic) -> Publisher {
        let mut of_topic = self.of_topic.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let path = names::topic_path(&self.project, topic.as_str());
            self.client.publisher(path).set_delay_threshold(self.batch_delay).build()
        };
        of_topic.entry(topic).or_insert_with(make).clone()
    }

    fn explain(&self, topic: Topic, error: &PublishError) -> String {
        match error {
            PublishError::Rpc(error) if is_missing(error) => {
                make_it("topic", &names::topic_path(&self.project, topic.as_str()))
            }
            PublishError::Rpc(error) => format!("publish to `{}`: {}", topic.as_str(), detail(error)),
            other => format!("publish to `{}`: {other}", topic.as_str()),
        }
    }
}

/// Refuses what Pub/Sub would: a request over its limit is one that some servers never answer.
fn check_size(outgoing: &Outgoing) -> Result<(), BusError> {
    let attributes = outgoing.attributes.iter();
    let attributes: usize =
        attributes.map(|(name, value)| name.len() + value.len() + ATTRIBUTE_FRAME_BYTES).sum();
    let size_bytes = outgoing.data.len() + attributes;
    let limit_bytes = REQUEST_LIMIT_BYTES - REQUEST_FRAME_BYTES;
    if size_bytes > limit_bytes {
        return Err(BusError::TooLarge { size_bytes, limit_bytes });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn outgoing(data: usize, attribute: usize) -> Outgoing {
        Outgoing {
            topic: Topic::RawSlices,
            data: Bytes::from(vec![0; data]),
            attributes: vec![("a".to_owned(), "x".repeat(attribute))],
        }
    }

    #[test]
    fn data_and_attributes_share_the_limit() {
        let room = REQUEST_LIMIT_BYTES - REQUEST_FRAME_BYTES - ATTRIBUTE_FRAME_BYTES - 1;
        for (data, attribute, fits) in [
            (0, 0, true),
            (room, 0, true),
            (room + 1, 0, false),
            (room - 100, 100, true),
            (room - 100, 101, false),
        ] {
            assert_eq!(check_size(&outgoing(data, attribute)).is_ok(), fits, "{data} + {attribute}");
        }
    }
}
