//! What topics and subscriptions are called. Everything that names one asks here.

use aispend_ports::Topic;

/// The stage that reads a topic.
pub const fn stage(topic: Topic) -> &'static str {
    match topic {
        Topic::FetchRequests => "fetcher",
        Topic::RawSlices => "normalizer",
        Topic::RecordBatches => "validator",
        Topic::ValidBatches => "loader",
        Topic::SliceEvents => "alerter",
    }
}

/// The id of a topic's one subscription: `raw-slices.normalizer`.
pub fn subscription(topic: Topic) -> String {
    format!("{}.{}", topic.as_str(), stage(topic))
}

/// The id of the topic, and of its one subscription, for what Pub/Sub gave up on: `raw-slices.normalizer.dead`.
pub fn dead(topic: Topic) -> String {
    format!("{}.dead", subscription(topic))
}

/// A topic's full name: `projects/P/topics/T`.
pub fn topic_path(project: &str, id: &str) -> String {
    format!("projects/{project}/topics/{id}")
}

/// A subscription's full name: `projects/P/subscriptions/S`.
pub fn subscription_path(project: &str, id: &str) -> String {
    format!("projects/{project}/subscriptions/{id}")
}

/// The topic that a subscription is of, by its full name or its id; `None` for a stranger's.
pub fn topic_of(subscription_name: &str) -> Option<Topic> {
    let id = subscription_name.rsplit('/').next()?;
    Topic::ALL.into_iter().find(|topic| subscription(*topic) == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subscription_leads_back_to_its_topic() {
        for topic in Topic::ALL {
            assert_eq!(topic_of(&subscription_path("demo", &subscription(topic))), Some(topic));
            assert_eq!(topic_of(&subscription(topic)), Some(topic));
            assert_eq!(topic_of(&dead(topic)), None);
        }
        assert_eq!(dead(Topic::RawSlices), "raw-slices.normalizer.dead");
        assert_eq!(topic_of("projects/demo/subscriptions/raw-slices"), None);
    }
}
