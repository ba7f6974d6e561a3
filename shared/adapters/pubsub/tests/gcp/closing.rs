//! However a subscriber ends, nothing is lost; where it ends well, nothing is repeated.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aispend_ports::{Bus, Topic};

use crate::bed::{SILENCE, connect, next, nothing_comes, publish, text, with_topics};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn closing_flushes_every_acknowledgement() {
    let google = with_topics().await;
    let bus = connect(&google).await;
    for number in 0..50 {
        publish(&bus, Topic::RawSlices, &number.to_string()).await;
    }
    let mut subscription = bus.subscribe(Topic::RawSlices).await.unwrap();
    for _ in 0..50 {
        next(&mut subscription).await.receipt.ack().await.unwrap();
    }
    drop(subscription);
    let closing = Instant::now();
    bus.close().await;
    assert!(closing.elapsed() < Duration::from_secs(5), "closing took {:?}", closing.elapsed());
    let other = connect(&google).await;
    nothing_comes(&mut other.subscribe(Topic::RawSlices).await.unwrap(), SILENCE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn closing_gives_back_what_was_not_handed_on_or_is_kept_for_later() {
    let google = with_topics().await;
    let bus = connect(&google).await;
    let sent: BTreeSet<String> = (0..10).map(|number| number.to_string()).collect();
    for text in &sent {
        publish(&bus, Topic::RawSlices, text).await;
    }
    let mut subscription = bus.subscribe(Topic::RawSlices).await.unwrap();
    let acked = next(&mut subscription).await;
    let done = text(&acked);
    acked.receipt.ack().await.unwrap();
    next(&mut subscription).await.receipt.give_back(Some(Duration::from_secs(9))).await;
    // Whoever still waits is told that it is over, by `None`.
    let waiting = tokio::spawn(async move {
        let mut handed_on = 0;
        while let Some(next) = subscription.next().await {
            drop(next.unwrap());
            handed_on += 1;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        handed_on
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    bus.close().await;
    assert!(waiting.await.unwrap() < 9, "it was over before all were handed on");
    let other = connect(&google).await;
    let mut subscription = other.subscribe(Topic::RawSlices).await.unwrap();
    let mut rest = BTreeSet::new();
    while rest.len() < 9 {
        let delivery = next(&mut subscription).await;
        rest.insert(text(&delivery));
        delivery.receipt.ack().await.unwrap();
    }
    assert!(!rest.contains(&done));
    assert!(rest.is_subset(&sent));
}

#[test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
fn the_message_of_a_killed_subscriber_comes_again() {
    let survivor = tokio::runtime::Runtime::new().unwrap();
    let google = survivor.block_on(with_topics());
    let victim = tokio::runtime::Runtime::new().unwrap();
    victim.block_on(async {
        let bus = connect(&google).await;
        publish(&bus, Topic::RawSlices, "precious").await;
        let mut subscription = bus.subscribe(Topic::RawSlices).await.unwrap();
        // Nothing of this is dropped in order, as in a process that is killed.
        std::mem::forget(next(&mut subscription).await);
        std::mem::forget((bus, subscription));
    });
    victim.shutdown_background();
    survivor.block_on(async {
        let bus = connect(&google).await;
        let mut subscription = bus.subscribe(Topic::RawSlices).await.unwrap();
        let delivery = next(&mut subscription).await;
        assert_eq!((text(&delivery).as_str(), delivery.attempt), ("precious", 2));
        delivery.receipt.ack().await.unwrap();
        bus.close().await;
    });
}
