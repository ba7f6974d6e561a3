//! Stories that every bus tells the same way: at least once, in any order, nothing lost. Each takes a factory of buses;
//! `bus_conformance!` makes a test of each. Time is the runtime's: paused over a bus in memory, the wall's over a service.
#![allow(clippy::unwrap_used)] // a test by another name

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aispend_ports::{Bus, Delivery, Outgoing, ParkedStore, Subscription, Topic};
use bytes::Bytes;
use tokio::time::{Instant, sleep, timeout};

/// Makes a test of every story. `real_time;` before the factory: over a real service, where a second is a second and a
/// subscriber may read ahead.
#[macro_export]
macro_rules! bus_conformance {
    (real_time; $fresh:expr) => {
        $crate::bus_conformance!(@stories @real_time $fresh;);
    };
    ($fresh:expr) => {
        $crate::bus_conformance!(@stories @paused $fresh; two_subscribers_share_the_work);
    };
    (@stories @$time:ident $fresh:expr; $($more:ident),*) => {
        $crate::bus_conformance!(@$time $fresh;
            what_is_published_arrives_as_it_was,
            an_acknowledged_message_does_not_come_again,
            a_dropped_delivery_comes_again_and_counts,
            a_message_given_back_waits_as_long_as_it_was_told,
            a_delivery_that_nobody_settles_comes_again,
            a_topic_hears_only_its_own_messages,
            every_message_arrives_in_whatever_order,
            the_same_message_twice_is_two_deliveries,
            two_subscribers_never_hold_the_same_message,
            a_large_message_passes,
            a_message_that_nobody_can_handle_is_set_aside_with_its_bytes,
            $($more,)*
        );
    };
    (@real_time $fresh:expr; $($story:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            #[ignore = "needs the emulators: cargo xtask test --only gcp"]
            async fn $story() {
                $crate::bus::$story($fresh).await;
            }
        )*
    };
    (@paused $fresh:expr; $($story:ident),* $(,)?) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $story() {
                $crate::bus::$story($fresh).await;
            }
        )*
    };
}

/// A bus on trial.
pub struct BusOnTrial<G> {
    /// What it lives on.
    pub kept: G,
    /// The bus.
    pub bus: Arc<dyn Bus>,
    /// Where it sets messages aside.
    pub dead_letters: Arc<dyn ParkedStore>,
    /// How long a delivery may stay unsettled.
    pub ack_deadline: Duration,
    /// The longest pause before a redelivery.
    pub max_backoff: Duration,
    /// Deliveries of a raw slice before the bus sets it aside.
    pub max_attempts: u32,
}

impl<G> BusOnTrial<G> {
    /// Longer than any message that is to come stays away.
    fn patience(&self) -> Duration {
        self.ack_deadline + self.max_backoff + Duration::from_secs(1)
    }

    async fn publish(&self, topic: Topic, text: &str) {
        let data = Bytes::copy_from_slice(text.as_bytes());
        self.bus.publish(Outgoing { topic, data, attributes: Vec::new() }).await.unwrap();
    }

    async fn subscribe(&self, topic: Topic) -> Box<dyn Subscription> {
        self.bus.subscribe(topic).await.unwrap()
    }

    async fn next(&self, subscription: &mut Box<dyn Subscription>) -> Delivery {
        timeout(self.patience(), subscription.next()).await.expect("a message comes").unwrap().unwrap()
    }

    async fn nothing_comes(&self, subscription: &mut Box<dyn Subscription>) {
        let next = timeout(self.patience(), subscription.next()).await;
        assert!(next.is_err(), "a message came that should not");
    }
}

fn text(delivery: &Delivery) -> String {
    String::from_utf8_lossy(&delivery.data).into_owned()
}

/// Bytes, attributes, the first attempt.
pub async fn what_is_published_arrives_as_it_was<G>(fresh: impl AsyncFn() -> BusOnTrial<G>) {
    let trial = fresh().await;
    let attributes = vec![("traceparent".to_owned(), "00-1-2-01".to_owned())];
    let outgoing = Outgoing {
        topic: Topic::RawSlices,
        data: Bytes::from_static(b"\0\xffbytes"),
        attributes: attributes.clone(),
    };
    trial.bus.publish(outgoing).await.unwrap();
    let mut subscription = trial.subscribe(Topic::RawSlices).await;
    let delivery = trial.next(&mut subscription).await;
    assert_eq!((&delivery.data[..], delivery.attempt), (&b"\0\xffbytes"[..], 1));
    assert!(attributes.iter().all(|attribute| delivery.attributes.contains(attribute)));
    assert!(!delivery.message_id.is_empty());
    delivery.receipt.ack().await.unwrap();
}

/// Done is done.
pub async fn an_acknowledged_message_does_not_come_again<G>(fresh: impl AsyncFn() -> BusOnTrial<G>) {
    let trial = fresh().await;
    trial.publish(Topic::RawSlices, "once").await;
    let mut subscription = trial.subscribe(Topic::RawSlices).await;
    trial.next(&mut subscription).await.receipt.ack().await.unwrap();
    trial.nothing_comes(&mut subscription).await;
}

/// A crash repeats work and loses none.
pub async fn a_dropped_delivery_comes_again_and_counts<G>(fresh: impl AsyncFn() -> BusOnTrial<G>) {
    let trial = fresh().await;
    trial.publish(Topic::RawSlices, "again").await;
    let mut subscription = trial.subscribe(Topic::RawSlices).await;
    let first = trial.next(&mut subscription).await;
    let id = first.message_id.clone();
    drop(first);
    for attempt in 2..5 {
        let delivery = trial.next(&mut subscription).await;
        assert_eq!(
            (text(&delivery).as_str(), delivery.attempt, &delivery.message_id),
            ("again", attempt, &id)
        );
        drop(delivery);
    }
}

/// Not before.
pub async fn a_message_given_back_waits_as_long_as_it_was_told<G>(fresh: impl AsyncFn() -> BusOnTrial<G>) {
    let trial = fresh().await;
    trial.publish(Topic::RawSlices, "later").await;
    let mut subscription = trial.subscribe(Topic::RawSlices).await;
    let after = Duration::from_secs(7);
    trial.next(&mut subscription).await.receipt.give_back(Some(after)).await;
    let given_back = Instant::now();
    let delivery = trial.next(&mut subscription).await;
    assert!(given_back.elapsed() >= after, "it came after {:?}", given_back.elapsed());
    assert_eq!(delivery.attempt, 2);
    delivery.receipt.give_back(None).await;
    assert_eq!(trial.next(&mut subscription).await.attempt, 3);
}

/// Somebody hangs: somebody else gets it.
pub async fn a_delivery_that_nobody_settles_comes_again<G>(fresh: impl AsyncFn() -> BusOnTrial<G>) {
    let trial = fresh().await;
    trial.publish(Topic::RawSlices, "stuck").await;
    let mut subscription = trial.subscribe(Topic::RawSlices).await;
    let stuck = trial.next(&mut subscription).await;
    sleep(trial.ack_deadline).await;
    let delivery = trial.next(&mut subscription).await;
    assert_eq!((text(&delivery).as_str(), delivery.attempt), ("stuck", 2));
    delivery.receipt.ack().await.unwrap();
    // Whoever hung comes to, and is late: it is settled all the same.
    drop(stuck);
    trial.nothing_comes(&mut subscription).await;
}

/// A topic is not another.
pub async fn a_topic_hears_only_its_own_messages<G>(fresh: impl AsyncFn() -> BusOnTrial<G>) {
    let trial = fresh().await;
    for topic in Topic::ALL {
        trial.publish(topic, topic.as_str()).await;
    }
    for topic in Topic::ALL {
        let mut subscription = trial.subscribe(topic).await;
        let delivery = trial.next(&mut subscription).await;
        assert_eq!(text(&delivery), topic.as_str());
        delivery.receipt.ack().await.unwrap();
    }
}

async fn drain<G>(
    trial: &BusOnTrial<G>,
    subscription: &mut Box<dyn Subscription>,
    count: usize,
) -> Vec<String> {
    let mut texts = Vec::new();
    for _ in 0..count {
        let delivery = trial.next(subscription).await;
        texts.push(text(&delivery));
        delivery.receipt.ack().await.unwrap();
    }
    texts
}

/// Order is free, completeness is not.
pub async fn every_message_arrives_in_whatever_order<G>(fresh: impl AsyncFn() -> BusOnTrial<G>) {
    let trial = fresh().await;
    let sent: BTreeSet<String> = (0..100).map(|number| format!("message {number}")).collect();
    for text in &sent {
        trial.publish(Topic::ValidBatches, text).await;
    }
    let mut subscription = trial.subscribe(Topic::ValidBatches).await;
    let arrived: BTreeSet<String> = drain(&trial, &mut subscription, sent.len()).await.into_iter().collect();
    assert_eq!(arrived, sent);
}

/// The bus does not judge content.
pub async fn the_same_message_twice_is_two_deliveries<G>(fresh: impl AsyncFn() -> BusOnTrial<G>) {
    let trial = fresh().await;
    for _ in 0..2 {
        trial.publish(Topic::SliceEvents, "news").await;
    }
    let mut subscription = trial.subscribe(Topic::SliceEvents).await;
    assert_eq!(drain(&trial, &mut subscription, 2).await, ["news", "news"]);
}

/// One message, one of them.
pub async fn two_subscribers_share_the_work<G>(fresh: impl AsyncFn() -> BusOnTrial<G>) {
    let trial = fresh().await;
    let mut left = trial.subscribe(Topic::RecordBatches).await;
    let mut right = trial.subscribe(Topic::RecordBatches).await;
    for text in ["a", "b"] {
        trial.publish(Topic::RecordBatches, text).await;
    }
    let (one, other) = (trial.next(&mut left).await, trial.next(&mut right).await);
    assert_ne!(text(&one), text(&other));
    one.receipt.ack().await.unwrap();
    other.receipt.ack().await.unwrap();
    trial.nothing_comes(&mut left).await;
}

/// Whoever reads ahead holds what it read: together they get every message, and each message once.
pub async fn two_subscribers_never_hold_the_same_message<G>(fresh: impl AsyncFn() -> BusOnTrial<G>) {
    let trial = fresh().await;
    let mut left = trial.subscribe(Topic::RecordBatches).await;
    let mut right = trial.subscribe(Topic::RecordBatches).await;
    let sent: Vec<String> = (10..30).map(|number| format!("message {number}")).collect();
    for text in &sent {
        trial.publish(Topic::RecordBatches, text).await;
    }
    let mut held = Vec::new();
    let deadline = Instant::now() + trial.patience();
    while held.len() < sent.len() {
        let either = async {
            tokio::select! {
                next = left.next() => next,
                next = right.next() => next,
            }
        };
        let next = tokio::time::timeout_at(deadline, either).await.expect("every message comes");
        held.push(next.unwrap().unwrap());
    }
    let mut texts: Vec<String> = held.iter().map(text).collect();
    texts.sort_unstable();
    assert_eq!(texts, sent);
    for delivery in held {
        delivery.receipt.ack().await.unwrap();
    }
    trial.nothing_comes(&mut left).await;
    trial.nothing_comes(&mut right).await;
}

/// A slice inline.
pub async fn a_large_message_passes<G>(fresh: impl AsyncFn() -> BusOnTrial<G>) {
    let trial = fresh().await;
    let data = Bytes::from(vec![7; 4_500_000]);
    let outgoing = Outgoing { topic: Topic::RecordBatches, data: data.clone(), attributes: Vec::new() };
    trial.bus.publish(outgoing).await.unwrap();
    let mut subscription = trial.subscribe(Topic::RecordBatches).await;
    assert!(trial.next(&mut subscription).await.data == data);
}

/// The net beneath our own parking.
pub async fn a_message_that_nobody_can_handle_is_set_aside_with_its_bytes<G>(
    fresh: impl AsyncFn() -> BusOnTrial<G>,
) {
    let trial = fresh().await;
    trial.publish(Topic::RawSlices, "poison").await;
    let mut subscription = trial.subscribe(Topic::RawSlices).await;
    for attempt in 1..=trial.max_attempts {
        let delivery = trial.next(&mut subscription).await;
        assert_eq!(delivery.attempt, attempt);
        delivery.receipt.give_back(Some(Duration::ZERO)).await;
    }
    trial.nothing_comes(&mut subscription).await;
    let parked = trial.dead_letters.list().await.unwrap();
    let [parked] = parked.as_slice() else { panic!("{parked:?}") };
    assert_eq!((&parked.message[..], parked.topic), (&b"poison"[..], Topic::RawSlices));
    assert_eq!(parked.attempts, trial.max_attempts);
}
