//! What Pub/Sub gave up on reaches the parked store once, as it was published.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aispend_ports::{Bus, Delivery, Outgoing, Parked, ParkedError, ParkedStore, Topic};
use aispend_pubsub::{DeadLetters, names};
use aispend_testkit::memory::MemoryParked;
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::watch;

use crate::bed::{Drained, MAX_ATTEMPTS, connect, next, with_topics};

/// Publishes a message and uses up its attempts.
async fn give_up(google: &aispend_google::Google, topic: Topic, data: &'static [u8]) {
    let bus = connect(google).await;
    let attributes = vec![("traceparent".to_owned(), "00-1-2-01".to_owned())];
    bus.publish(Outgoing { topic, data: Bytes::from_static(data), attributes }).await.unwrap();
    let mut subscription = bus.subscribe(topic).await.unwrap();
    for attempt in 1..=MAX_ATTEMPTS {
        let delivery = next(&mut subscription).await;
        assert_eq!(delivery.attempt, attempt);
        delivery.receipt.give_back(None).await;
    }
    // The stream stays until the last of them has arrived.
    tokio::time::sleep(Duration::from_secs(2)).await;
    bus.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_dead_letter_is_parked_as_it_was_published_and_only_once() {
    let google = with_topics().await;
    give_up(&google, Topic::ValidBatches, b"\0\xffpoison").await;
    let drained = Drained::new(&google);
    assert_eq!(drained.letters.drain(Duration::from_secs(5)).await.unwrap(), 1);
    let parked = drained.store.all();
    let [parked] = parked.as_slice() else { panic!("{parked:?}") };
    assert_eq!(
        (&parked.message[..], parked.topic, parked.stage.as_str(), parked.attempts, parked.reason.as_str()),
        (&b"\0\xffpoison"[..], Topic::ValidBatches, "loader", MAX_ATTEMPTS, "attempts_used_up")
    );
    assert_eq!(parked.attributes, [("traceparent".to_owned(), "00-1-2-01".to_owned())]);
    // Acknowledged: it does not come again, not even after its lease.
    assert_eq!(drained.letters.drain(Duration::from_secs(12)).await.unwrap(), 0);
}

/// Refuses until it is told not to.
#[derive(Default)]
struct Moody {
    is_open: AtomicBool,
    store: MemoryParked,
}

#[async_trait]
impl ParkedStore for Moody {
    async fn park(&self, message: Parked) -> Result<(), ParkedError> {
        if self.is_open.load(Ordering::SeqCst) {
            return self.store.park(message).await;
        }
        Err(ParkedError::Unavailable("closed".to_owned()))
    }

    async fn list(&self) -> Result<Vec<Parked>, ParkedError> {
        self.store.list().await
    }

    async fn remove(&self, id: &str) -> Result<(), ParkedError> {
        self.store.remove(id).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_dead_letter_that_is_not_stored_is_not_acknowledged() {
    let google = with_topics().await;
    give_up(&google, Topic::RawSlices, b"poison").await;
    let store = Arc::<Moody>::default();
    let read = |topic, delivery: &Delivery| {
        aispend_stage::attempts_used_up(names::stage(topic), topic, delivery, Timestamp::UNIX_EPOCH)
    };
    let letters = DeadLetters::connect(&google, store.clone(), read).unwrap();
    let refused = letters.drain(Duration::from_secs(5)).await.unwrap_err().to_string();
    assert!(refused.contains("raw-slices"), "{refused}");
    store.is_open.store(true, Ordering::SeqCst);
    let (stop, stopped) = watch::channel(false);
    let draining = tokio::spawn(async move { letters.run(Duration::from_millis(500), stopped).await });
    for _ in 0..100 {
        if !store.store.all().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    stop.send(true).unwrap();
    draining.await.unwrap();
    assert_eq!(store.store.all().len(), 1);
}
