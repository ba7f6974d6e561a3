//! What does not fit is refused before it is sent, and nobody holds more than was agreed.

use std::time::Duration;

use aispend_ports::{Bus, BusError, Outgoing, Topic};
use aispend_pubsub::{PubSub, PubSubOptions};
use bytes::Bytes;

use crate::bed::{connect, next, nothing_comes, options, outgoing, publish, with_topics};

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn the_largest_message_passes_and_a_larger_one_is_refused() {
    let google = with_topics().await;
    let bus = connect(&google).await;
    let Err(BusError::TooLarge { limit_bytes, .. }) = bus.publish(sized(10_000_001)).await else {
        panic!("a message over the limit was taken")
    };
    bus.publish(sized(limit_bytes)).await.unwrap();
    let mut subscription = bus.subscribe(Topic::RecordBatches).await.unwrap();
    let delivery = next(&mut subscription).await;
    assert_eq!(delivery.data.len(), limit_bytes);
    delivery.receipt.ack().await.unwrap();
}

fn sized(size: usize) -> Outgoing {
    Outgoing { topic: Topic::RecordBatches, data: Bytes::from(vec![7; size]), attributes: Vec::new() }
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn nobody_holds_more_messages_than_agreed() {
    let google = with_topics().await;
    let bounded = PubSubOptions { outstanding_messages: 3, ..options() };
    let bus = PubSub::connect(&google, bounded).await.unwrap();
    for number in 0..6 {
        publish(&bus, Topic::RawSlices, &number.to_string()).await;
    }
    let mut subscription = bus.subscribe(Topic::RawSlices).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(next(&mut subscription).await);
    }
    nothing_comes(&mut subscription, Duration::from_secs(2)).await;
    held.pop().unwrap().receipt.ack().await.unwrap();
    held.push(next(&mut subscription).await);
    nothing_comes(&mut subscription, Duration::from_secs(2)).await;
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn nobody_holds_more_bytes_than_agreed_and_one_large_message_always_fits() {
    let google = with_topics().await;
    let bounded = PubSubOptions { outstanding_bytes: 1000, ..options() };
    let bus = PubSub::connect(&google, bounded).await.unwrap();
    for _ in 0..2 {
        bus.publish(outgoing(Topic::RawSlices, &"x".repeat(5000))).await.unwrap();
    }
    let mut subscription = bus.subscribe(Topic::RawSlices).await.unwrap();
    let first = next(&mut subscription).await;
    nothing_comes(&mut subscription, Duration::from_secs(2)).await;
    first.receipt.ack().await.unwrap();
    next(&mut subscription).await.receipt.ack().await.unwrap();
}
