//! The port `Bus` on Pub/Sub.

use std::time::Duration;

use aispend_google::Google;
use aispend_ports::{Bus, BusError, Outgoing, Subscription, Topic};
use async_trait::async_trait;
use futures::future::BoxFuture;
use google_cloud_pubsub::client::Subscriber;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::publish::Publishers;
use crate::subscription::{Held, open};
use crate::{PubSubError, names};

/// How messages are sent and taken.
#[derive(Debug, Clone)]
pub struct PubSubOptions {
    /// A publish that is not stored by then has failed.
    pub publish_within: Duration,
    /// How long a message waits for others to go with it.
    pub batch_delay: Duration,
    /// For how long Pub/Sub leaves a message to a subscriber that it does not hear from: what a crash costs. Renewed while
    /// the process lives. 10 s to 600 s.
    pub lease: Duration,
    /// For how long a delivery may stay unsettled before it goes to somebody else as well.
    pub max_lease: Duration,
    /// Deliveries of one subscription that may be unsettled at once, those that wait inside this process included.
    pub outstanding_messages: u32,
    /// Their bytes.
    pub outstanding_bytes: u32,
    /// For how long `close` waits for acknowledgements on their way.
    pub close_within: Duration,
}

impl Default for PubSubOptions {
    fn default() -> Self {
        Self {
            publish_within: Duration::from_secs(30),
            batch_delay: Duration::from_millis(5),
            lease: Duration::from_mins(1),
            max_lease: Duration::from_mins(10),
            outstanding_messages: 16,
            outstanding_bytes: 32 << 20,
            close_within: Duration::from_secs(10),
        }
    }
}

/// The bus of one project.
pub struct PubSub {
    project: String,
    publishers: Publishers,
    subscriber: Subscriber,
    options: PubSubOptions,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl PubSub {
    /// Makes the clients. Nothing is asked of Pub/Sub yet.
    ///
    /// # Errors
    /// Without credentials, or with an address that is none.
    pub fn connect(google: &Google, options: PubSubOptions) -> BoxFuture<'_, Result<Self, PubSubError>> {
        Box::pin(async move {
            let place = google.pubsub()?;
            let mut builder = Subscriber::builder().with_credentials(place.credentials.clone());
            if let Some(endpoint) = &place.endpoint {
                builder = builder.with_endpoint(endpoint);
            }
            Ok(Self {
                project: google.project.clone(),
                publishers: Publishers::connect(&google.project, place, &options).await?,
                subscriber: builder.build().await?,
                options,
                stop: CancellationToken::new(),
                tasks: TaskTracker::new(),
            })
        })
    }

    /// Ends every subscription, gives back what was delivered and not handed on, and waits until acknowledgements on their
    /// way have arrived. The last thing a process does: without it the newest of them are lost, and their messages come
    /// again. Deliveries that somebody still holds are waited for, within `close_within`.
    pub async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(self.options.close_within, self.tasks.wait()).await.is_err() {
            warn!(
                "closed with deliveries unsettled or acknowledgements unanswered: those messages come again"
            );
        }
    }
}

#[async_trait]
impl Bus for PubSub {
    async fn publish(&self, message: Outgoing) -> Result<(), BusError> {
        self.publishers.publish(message).await
    }

    async fn subscribe(&self, topic: Topic) -> Result<Box<dyn Subscription>, BusError> {
        let name = names::subscription_path(&self.project, &names::subscription(topic));
        let stream = self
            .subscriber
            .subscribe(&name)
            .set_max_lease_extension(self.options.lease)
            .set_max_lease(self.options.max_lease)
            .set_max_outstanding_messages(i64::from(self.options.outstanding_messages))
            .set_max_outstanding_bytes(i64::from(self.options.outstanding_bytes))
            .build();
        let held = Held::new(&self.options, self.stop.child_token(), self.tasks.clone());
        Ok(Box::new(open(name, stream, held)))
    }
}
