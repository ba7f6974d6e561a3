//! A delivery that somebody works on belongs to them, up to the longest lease and no longer.

use std::time::Duration;

use aispend_ports::{Bus, Topic};
use aispend_pubsub::{PubSub, PubSubOptions};

use crate::bed::{SILENCE, connect, next, nothing_comes, options, publish, text, with_topics};

/// Twice what Pub/Sub leaves a message to a subscriber that it does not hear from, and more.
const HELD: Duration = Duration::from_secs(24);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn what_is_worked_on_for_long_comes_to_nobody_else_until_the_longest_lease_ends() {
    let google = with_topics().await;
    let patient = PubSubOptions { max_lease: HELD + Duration::from_secs(2), ..options() };
    assert!(patient.lease * 2 < HELD, "held for longer than one lease");
    let bus = PubSub::connect(&google, patient).await.unwrap();
    let mut ours = bus.subscribe(Topic::RawSlices).await.unwrap();
    for text in ["settled late", "held for ever"] {
        publish(&bus, Topic::RawSlices, text).await;
    }
    let (first, second) = (next(&mut ours).await, next(&mut ours).await);
    let other = connect(&google).await;
    let mut theirs = other.subscribe(Topic::RawSlices).await.unwrap();
    tokio::join!(nothing_comes(&mut ours, HELD), nothing_comes(&mut theirs, HELD));
    let (late, held) = if text(&first) == "settled late" { (first, second) } else { (second, first) };
    late.receipt.ack().await.unwrap();

    // Whoever of the two gets it now: it was given up, although nobody died.
    let again = tokio::select! {
        again = next(&mut ours) => again,
        again = next(&mut theirs) => again,
    };
    assert_eq!(text(&again), "held for ever");
    assert!(again.attempt > 1, "attempt {}", again.attempt);
    again.receipt.ack().await.unwrap();
    drop(held);
    tokio::join!(nothing_comes(&mut ours, SILENCE), nothing_comes(&mut theirs, SILENCE));
}
