//! What Pub/Sub gave up on becomes a parked message like any other, and its run hears of it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aispend_ports::{Bus, Clock, Parked, ParkedError, ParkedStore};
use aispend_pubsub::{DeadLetters, PubSub, PubSubOptions, names};
use aispend_stage::{attempts_used_up, parked_event};
use async_trait::async_trait;
use tokio::sync::watch;

use crate::world::{StartError, World};

/// How often a process looks for dead letters.
const EVERY: Duration = Duration::from_secs(15);

/// The dead letters of every subscription, moved into the world's parked store; the run of each is told.
///
/// # Errors
/// Without credentials.
pub async fn dead_letters(world: &World) -> Result<DeadLetters, StartError> {
    let bus = PubSub::connect(&world.google, PubSubOptions::default())
        .await
        .map_err(StartError::door("Pub/Sub"))?;
    let store =
        Told { store: Arc::clone(&world.parked), bus: Arc::new(bus), clock: Arc::clone(&world.clock) };
    let clock = Arc::clone(&world.clock);
    let read = move |topic, delivery: &_| attempts_used_up(names::stage(topic), topic, delivery, clock.now());
    DeadLetters::connect(&world.google, Arc::new(store), read).map_err(StartError::door("Pub/Sub"))
}

/// Drains dead letters for as long as it is polled.
///
/// # Errors
/// As `dead_letters`.
pub async fn drain_dead_letters(
    world: &World,
) -> Result<Pin<Box<dyn Future<Output = ()> + Send>>, StartError> {
    let letters = dead_letters(world).await?;
    Ok(Box::pin(async move {
        // Ended with the process.
        let never = watch::Sender::new(false);
        letters.run(EVERY, never.subscribe()).await;
    }))
}

/// A parked store that tells the run as well. Twice is the same as once, for both.
struct Told {
    store: Arc<dyn ParkedStore>,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl ParkedStore for Told {
    async fn park(&self, message: Parked) -> Result<(), ParkedError> {
        let event = parked_event(&message, self.clock.now());
        self.store.park(message).await?;
        if let Some(event) = event {
            let told = self.bus.publish(event.encode()).await;
            told.map_err(|error| ParkedError::Unavailable(error.to_string()))?;
        }
        Ok(())
    }
    async fn list(&self) -> Result<Vec<Parked>, ParkedError> {
        self.store.list().await
    }
    async fn remove(&self, id: &str) -> Result<(), ParkedError> {
        self.store.remove(id).await
    }
}
