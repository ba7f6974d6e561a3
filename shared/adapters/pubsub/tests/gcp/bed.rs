//! What the tests stand on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aispend_emulators::PUBSUB;
use aispend_google::Google;
use aispend_ports::{Bus, Delivery, Outgoing, Parked, ParkedError, ParkedStore, Subscription, Topic};
use aispend_pubsub::{BusAdmin, BusOptions, DeadLetters, PubSub, PubSubOptions, names};
use aispend_testkit::bus::BusOnTrial;
use aispend_testkit::memory::MemoryParked;
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::timeout;

/// The fewest that Pub/Sub allows.
pub const MAX_ATTEMPTS: u32 = 5;

/// Far longer than a message stays away whose subscriber is gone: a lease.
pub const PATIENCE: Duration = Duration::from_secs(45);

/// A lease and half of one: what would come again has come.
pub const SILENCE: Duration = Duration::from_secs(15);

/// A project that nobody has used. The emulator makes no difference between a new and a known one.
pub fn fresh_project() -> Google {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let variable = |name: &str| match name {
        "GOOGLE_CLOUD_PROJECT" => {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let nanos = std::time::UNIX_EPOCH.elapsed().expect("the clock is past 1970").as_nanos()
                % 1_000_000_000_000;
            Some(format!("pubsub-{}-{nanos}-{number}", std::process::id()))
        }
        PUBSUB => aispend_emulators::from_env().remove(PUBSUB),
        _ => None,
    };
    Google::read(&variable).unwrap()
}

/// Short waits.
pub fn bus_options() -> BusOptions {
    BusOptions {
        ack_deadline: Duration::from_secs(10),
        backoff: None,
        max_attempts: Some(MAX_ATTEMPTS),
        ..BusOptions::default()
    }
}

/// Short leases.
pub fn options() -> PubSubOptions {
    PubSubOptions {
        lease: Duration::from_secs(10),
        max_lease: Duration::from_secs(10),
        outstanding_messages: 100,
        ..PubSubOptions::default()
    }
}

/// A project with its topics.
pub async fn with_topics() -> Google {
    let google = fresh_project();
    BusAdmin::connect(&google, bus_options()).await.unwrap().create().await.unwrap();
    google
}

/// A client of its own connection, as another process has it.
pub async fn connect(google: &Google) -> PubSub {
    PubSub::connect(google, options()).await.unwrap()
}

/// For the conformance suite.
pub async fn on_trial() -> BusOnTrial<()> {
    let google = with_topics().await;
    BusOnTrial {
        kept: (),
        bus: Arc::new(connect(&google).await),
        dead_letters: Arc::new(Drained::new(&google)),
        // A lease that is not renewed again may have been renewed just before.
        ack_deadline: Duration::from_secs(20),
        max_backoff: Duration::from_secs(2),
        max_attempts: MAX_ATTEMPTS,
    }
}

/// A store that is filled from the dead-letter subscriptions when somebody looks.
pub struct Drained {
    pub letters: DeadLetters,
    pub store: Arc<MemoryParked>,
}

impl Drained {
    pub fn new(google: &Google) -> Self {
        let store = Arc::<MemoryParked>::default();
        let read = |topic, delivery: &Delivery| {
            aispend_stage::attempts_used_up(names::stage(topic), topic, delivery, Timestamp::UNIX_EPOCH)
        };
        Self { letters: DeadLetters::connect(google, store.clone(), read).unwrap(), store }
    }
}

#[async_trait]
impl ParkedStore for Drained {
    async fn park(&self, message: Parked) -> Result<(), ParkedError> {
        self.store.park(message).await
    }

    async fn list(&self) -> Result<Vec<Parked>, ParkedError> {
        self.letters
            .drain(Duration::from_secs(1))
            .await
            .map_err(|error| ParkedError::Unavailable(error.to_string()))?;
        self.store.list().await
    }

    async fn remove(&self, id: &str) -> Result<(), ParkedError> {
        self.store.remove(id).await
    }
}

pub fn outgoing(topic: Topic, text: &str) -> Outgoing {
    Outgoing { topic, data: Bytes::copy_from_slice(text.as_bytes()), attributes: Vec::new() }
}

pub async fn publish(bus: &PubSub, topic: Topic, text: &str) {
    bus.publish(outgoing(topic, text)).await.unwrap();
}

pub async fn next(subscription: &mut Box<dyn Subscription>) -> Delivery {
    timeout(PATIENCE, subscription.next()).await.expect("a message comes").unwrap().unwrap()
}

pub async fn nothing_comes(subscription: &mut Box<dyn Subscription>, within: Duration) {
    assert!(timeout(within, subscription.next()).await.is_err(), "a message came that should not");
}

pub fn text(delivery: &Delivery) -> String {
    String::from_utf8_lossy(&delivery.data).into_owned()
}
