//! The network fails: calls end, streams come back.

use std::time::{Duration, Instant};

use aispend_emulators::Relay;
use aispend_google::Google;
use aispend_ports::{Bus, BusError, Topic};
use aispend_pubsub::{PubSub, PubSubOptions};
use tokio::net::TcpListener;

use crate::bed::{connect, next, options, outgoing, publish, text, with_topics};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_subscription_outlives_an_outage() {
    let google = with_topics().await;
    let emulator = google.pubsub.as_deref().unwrap().trim_start_matches("http://").to_owned();
    let relay = Relay::start(emulator).await.unwrap();
    let behind = Google { pubsub: Some(format!("http://{}", relay.address())), ..google.clone() };
    let hurried = PubSubOptions { publish_within: Duration::from_secs(2), ..options() };
    let (bus, direct) = (PubSub::connect(&behind, hurried).await.unwrap(), connect(&google).await);
    let mut subscription = bus.subscribe(Topic::RawSlices).await.unwrap();
    publish(&bus, Topic::RawSlices, "before").await;
    let delivery = next(&mut subscription).await;
    assert_eq!(text(&delivery), "before");
    delivery.receipt.ack().await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;

    relay.cut();
    let refused = bus.publish(outgoing(Topic::RawSlices, "refused")).await;
    assert!(matches!(refused, Err(BusError::Unavailable(_))), "{refused:?}");
    publish(&direct, Topic::RawSlices, "meanwhile").await;
    relay.restore();

    publish(&bus, Topic::RawSlices, "after").await;
    let mut texts = Vec::new();
    // What was refused may have been stored all the same: then it comes too.
    while !(texts.contains(&"meanwhile".to_owned()) && texts.contains(&"after".to_owned())) {
        let delivery = next(&mut subscription).await;
        texts.push(text(&delivery));
        delivery.receipt.ack().await.unwrap();
    }
}

async fn a_publish_ends(address: String) {
    let google = Google { project: "nobody-there".to_owned(), pubsub: Some(address), ..Google::default() };
    let hurried = PubSubOptions { publish_within: Duration::from_secs(2), ..options() };
    let bus = PubSub::connect(&google, hurried).await.unwrap();
    let started = Instant::now();
    let refused = bus.publish(outgoing(Topic::RawSlices, "nobody")).await;
    assert!(matches!(refused, Err(BusError::Unavailable(_))), "{refused:?}");
    assert!(started.elapsed() < Duration::from_secs(4), "it took {:?}", started.elapsed());
}

#[tokio::test]
async fn a_publish_to_a_closed_port_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    a_publish_ends(address).await;
}

#[tokio::test]
async fn a_publish_that_nobody_answers_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    a_publish_ends(format!("http://{}", listener.local_addr().unwrap())).await;
}
