//! Topics and subscriptions: made for emulators and test projects, looked for everywhere. In production Terraform makes
//! them.

use std::collections::BTreeMap;
use std::time::Duration;

use aispend_google::Google;
use aispend_ports::Topic;
use futures::future::BoxFuture;
use futures::future::try_join_all;
use google_cloud_gax::options::RequestOptionsBuilder;
use google_cloud_gax::retry_policy::{Aip194Strict, RetryPolicyExt};
use google_cloud_pubsub::client::{SubscriptionAdmin, TopicAdmin};
use google_cloud_pubsub::model::push_config::OidcToken;
use google_cloud_pubsub::model::{DeadLetterPolicy, ExpirationPolicy, PushConfig, RetryPolicy};

use crate::error::{exists, is_missing};
use crate::{PubSubError, names, push};

/// No call takes longer, retries included.
const CALL_WITHIN: Duration = Duration::from_mins(1);

/// How subscriptions are made.
#[derive(Debug, Clone)]
pub struct BusOptions {
    /// How long Pub/Sub waits for an answer before it delivers again: 10 s to 600 s.
    pub ack_deadline: Duration,
    /// The first and the longest pause before a redelivery, 600 s at most; `None`: delivered again at once. With a pause the
    /// emulator (0.8.20) delivers nothing of a subscription again once an acknowledgement came later than its lease.
    pub backoff: Option<(Duration, Duration)>,
    /// Deliveries before Pub/Sub gives up, 5 to 100; `None`: `Topic::max_attempts`.
    pub max_attempts: Option<u32>,
    /// For how long Pub/Sub keeps what nobody took: 31 days at most.
    pub retention: Duration,
    /// Push instead of pull.
    pub push: Option<PushOptions>,
}

impl Default for BusOptions {
    fn default() -> Self {
        Self {
            ack_deadline: Duration::from_mins(10),
            backoff: Some((Duration::from_secs(10), Duration::from_mins(10))),
            max_attempts: None,
            retention: Duration::from_hours(7 * 24),
            push: None,
        }
    }
}

/// Where to push, and as whom.
#[derive(Debug, Clone, Default)]
pub struct PushOptions {
    /// The worker's address by the topic it reads, such as `https://normalizer-abc.run.app`. A topic that is not here is
    /// pulled.
    pub endpoints: BTreeMap<Topic, String>,
    /// The service account whose token goes with each push, its audience the worker's address; `None`: no token.
    pub service_account: Option<String>,
}

/// Makes topics and subscriptions, and says which are missing.
pub struct BusAdmin {
    project: String,
    topics: TopicAdmin,
    subscriptions: SubscriptionAdmin,
    options: BusOptions,
}

/// A subscription to be made.
struct Wanted {
    id: String,
    topic_id: String,
    /// The topic whose messages are set aside when attempts are used up; `None` for what is set aside already.
    policy_of: Option<Topic>,
}

impl BusAdmin {
    /// Makes the clients. Nothing is asked of Pub/Sub yet.
    ///
    /// # Errors
    /// Without credentials, or with an address that is none.
    pub fn connect(google: &Google, options: BusOptions) -> BoxFuture<'_, Result<Self, PubSubError>> {
        Box::pin(async move {
            let place = google.pubsub()?;
            let patience = || Aip194Strict.with_time_limit(CALL_WITHIN);
            let mut topics = TopicAdmin::builder()
                .with_credentials(place.credentials.clone())
                .with_retry_policy(patience());
            let mut subscriptions = SubscriptionAdmin::builder()
                .with_credentials(place.credentials)
                .with_retry_policy(patience());
            if let Some(endpoint) = &place.endpoint {
                topics = topics.with_endpoint(endpoint);
                subscriptions = subscriptions.with_endpoint(endpoint);
            }
            Ok(Self {
                project: google.project.clone(),
                topics: topics.build().await?,
                subscriptions: subscriptions.build().await?,
                options,
            })
        })
    }

    /// Makes every topic, its subscription, and the pair that keeps what Pub/Sub gave up on. What is there stays as it is.
    ///
    /// # Errors
    /// The first call that Pub/Sub refused.
    pub fn create(&self) -> BoxFuture<'_, Result<(), PubSubError>> {
        Box::pin(async move {
            try_join_all(topic_ids().into_iter().map(|id| self.create_topic(id))).await?;
            try_join_all(wanted().into_iter().map(|wanted| self.create_subscription(wanted))).await?;
            Ok(())
        })
    }

    /// The topics and subscriptions that are not there, by their full names. Empty: all are.
    ///
    /// # Errors
    /// When Pub/Sub does not say.
    pub fn check(&self) -> BoxFuture<'_, Result<Vec<String>, PubSubError>> {
        Box::pin(async move {
            let topics = try_join_all(topic_ids().into_iter().map(|id| self.missing_topic(id))).await?;
            let subscriptions =
                try_join_all(wanted().into_iter().map(|wanted| self.missing_subscription(wanted.id))).await?;
            Ok(topics.into_iter().chain(subscriptions).flatten().collect())
        })
    }

    async fn create_topic(&self, id: String) -> Result<(), PubSubError> {
        let name = names::topic_path(&self.project, &id);
        // Made twice is made: a call that may have arrived can be sent again.
        match self.topics.create_topic().set_name(&name).with_idempotency(true).send().await {
            Err(error) if !exists(&error) => Err(PubSubError::call(format!("create topic `{name}`"), &error)),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn create_subscription(&self, wanted: Wanted) -> Result<(), PubSubError> {
        let name = names::subscription_path(&self.project, &wanted.id);
        let options = &self.options;
        // A dead letter is stored and acknowledged at once: one that was not is soon there again.
        let ack_deadline = match wanted.policy_of {
            Some(_) => options.ack_deadline,
            None => options.ack_deadline.min(Duration::from_mins(1)),
        };
        let mut call = self
            .subscriptions
            .create_subscription()
            .set_name(&name)
            .set_topic(names::topic_path(&self.project, &wanted.topic_id))
            .set_ack_deadline_seconds(i32::try_from(ack_deadline.as_secs()).unwrap_or(600))
            .set_message_retention_duration(span(options.retention))
            .set_expiration_policy(ExpirationPolicy::new())
            .with_idempotency(true);
        if let Some(topic) = wanted.policy_of {
            let attempts = options.max_attempts.unwrap_or_else(|| topic.max_attempts());
            let dead_letters = DeadLetterPolicy::new()
                .set_dead_letter_topic(names::topic_path(&self.project, &names::dead(topic)))
                .set_max_delivery_attempts(i32::try_from(attempts).unwrap_or(i32::MAX));
            call = call.set_dead_letter_policy(dead_letters);
            if let Some((first, longest)) = options.backoff {
                let backoff =
                    RetryPolicy::new().set_minimum_backoff(span(first)).set_maximum_backoff(span(longest));
                call = call.set_retry_policy(backoff);
            }
            if let Some(push) = options.push.as_ref().and_then(|push| push.config(topic)) {
                call = call.set_push_config(push);
            }
        }
        match call.send().await {
            Err(error) if !exists(&error) => {
                Err(PubSubError::call(format!("create subscription `{name}`"), &error))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn missing_topic(&self, id: String) -> Result<Option<String>, PubSubError> {
        let name = names::topic_path(&self.project, &id);
        match self.topics.get_topic().set_topic(&name).send().await {
            Ok(_) => Ok(None),
            Err(error) if is_missing(&error) => Ok(Some(name)),
            Err(error) => Err(PubSubError::call(format!("look for topic `{name}`"), &error)),
        }
    }

    async fn missing_subscription(&self, id: String) -> Result<Option<String>, PubSubError> {
        let name = names::subscription_path(&self.project, &id);
        match self.subscriptions.get_subscription().set_subscription(&name).send().await {
            Ok(_) => Ok(None),
            Err(error) if is_missing(&error) => Ok(Some(name)),
            Err(error) => Err(PubSubError::call(format!("look for subscription `{name}`"), &error)),
        }
    }
}

impl PushOptions {
    fn config(&self, topic: Topic) -> Option<PushConfig> {
        let address = self.endpoints.get(&topic)?.trim_end_matches('/');
        let config = PushConfig::new().set_push_endpoint(format!("{address}{}", push::PATH));
        Some(match &self.service_account {
            Some(account) => config
                .set_oidc_token(OidcToken::new().set_service_account_email(account).set_audience(address)),
            None => config,
        })
    }
}

fn topic_ids() -> Vec<String> {
    Topic::ALL.into_iter().flat_map(|topic| [topic.as_str().to_owned(), names::dead(topic)]).collect()
}

fn wanted() -> Vec<Wanted> {
    let of = |topic: Topic| {
        let own = Wanted {
            id: names::subscription(topic),
            topic_id: topic.as_str().to_owned(),
            policy_of: Some(topic),
        };
        [own, Wanted { id: names::dead(topic), topic_id: names::dead(topic), policy_of: None }]
    };
    Topic::ALL.into_iter().flat_map(of).collect()
}

fn span(duration: Duration) -> google_cloud_wkt::Duration {
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    google_cloud_wkt::Duration::clamp(seconds, i32::try_from(duration.subsec_nanos()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_goes_to_the_worker_and_names_it_as_its_audience() {
        let push = PushOptions {
            endpoints: BTreeMap::from([(Topic::RawSlices, "https://normalizer.test/".to_owned())]),
            service_account: Some("pusher@demo.iam.gserviceaccount.com".to_owned()),
        };
        let config = push.config(Topic::RawSlices).unwrap();
        assert_eq!(config.push_endpoint, "https://normalizer.test/push");
        let token = config.oidc_token().unwrap();
        assert_eq!(
            (token.service_account_email.as_str(), token.audience.as_str()),
            ("pusher@demo.iam.gserviceaccount.com", "https://normalizer.test")
        );
        assert!(push.config(Topic::ValidBatches).is_none());
    }
}
