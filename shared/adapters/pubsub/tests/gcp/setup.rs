//! Topics and subscriptions are made once, looked for, and missed with a remedy.

use aispend_ports::{Bus, Topic};
use aispend_pubsub::{BusAdmin, names};
use tokio::time::timeout;

use crate::bed::{self, PATIENCE, bus_options, connect, fresh_project, outgoing};

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn what_is_missing_is_made_once() {
    let google = fresh_project();
    let admin = BusAdmin::connect(&google, bus_options()).await.unwrap();
    let missing = admin.check().await.unwrap();
    assert_eq!(missing.len(), 20);
    assert!(missing.contains(&names::subscription_path(&google.project, "raw-slices.normalizer.dead")));
    for _ in 0..2 {
        admin.create().await.unwrap();
        assert_eq!(admin.check().await.unwrap(), Vec::<String>::new());
    }
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn what_is_not_there_is_named_with_its_remedy() {
    let google = fresh_project();
    let bus = connect(&google).await;
    let refused = bus.publish(outgoing(Topic::RawSlices, "lost")).await.unwrap_err().to_string();
    assert!(refused.contains("topics/raw-slices") && refused.contains("migrate --create-bus"), "{refused}");
    let mut subscription = bus.subscribe(Topic::RawSlices).await.unwrap();
    let ended = timeout(PATIENCE, subscription.next()).await.unwrap().unwrap();
    let ended = ended.err().expect("there is no subscription").to_string();
    assert!(
        ended.contains("subscriptions/raw-slices.normalizer") && ended.contains("migrate --create-bus"),
        "{ended}"
    );
    assert!(subscription.next().await.is_none());
    let letters = bed::Drained::new(&google).letters;
    let undrained = letters.drain(std::time::Duration::ZERO).await.unwrap_err().to_string();
    assert!(
        undrained.contains("fetch-requests.fetcher.dead") && undrained.contains("migrate --create-bus"),
        "{undrained}"
    );
}
