//! Messages that are published at once leave together. A relay counts calls: one stream of HTTP/2 each.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use aispend_google::Google;
use aispend_ports::{Bus, Topic};
use aispend_pubsub::PubSub;
use futures::future::try_join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::bed::{connect, next, options, outgoing, text, with_topics};

/// What a connection of HTTP/2 begins with, and the size of what every frame begins with.
const PREFACE: usize = 24;
const FRAME_HEAD: usize = 9;
/// The frame that opens a stream.
const HEADERS: u8 = 1;

/// Calls by connection and stream.
type Calls = Arc<Mutex<BTreeSet<(usize, u32)>>>;

/// Takes whole frames off the front and notes those that open a stream.
fn count(waiting: &mut Vec<u8>, connection: usize, calls: &Calls) {
    while let Some(head) = waiting.get(..FRAME_HEAD) {
        let length = head[..3].iter().fold(0, |length, byte| (length << 8) | usize::from(*byte));
        let (kind, stream) = (head[3], u32::from_be_bytes(head[5..].try_into().unwrap()));
        if waiting.len() < FRAME_HEAD + length {
            return;
        }
        if kind == HEADERS {
            calls.lock().unwrap().insert((connection, stream));
        }
        waiting.drain(..FRAME_HEAD + length);
    }
}

async fn pass(inside: TcpStream, outside: TcpStream, connection: usize, calls: Calls) {
    let ((mut asking, mut told), (mut answering, mut asked)) = (inside.into_split(), outside.into_split());
    tokio::spawn(async move { tokio::io::copy(&mut answering, &mut told).await });
    let (mut waiting, mut is_begun) = (Vec::new(), false);
    let mut some = vec![0; 16 << 10];
    while let Ok(read @ 1..) = asking.read(&mut some).await {
        asked.write_all(&some[..read]).await.unwrap();
        waiting.extend_from_slice(&some[..read]);
        if !is_begun && waiting.len() >= PREFACE {
            assert!(waiting.starts_with(b"PRI * HTTP/2.0"));
            waiting.drain(..PREFACE);
            is_begun = true;
        }
        if is_begun {
            count(&mut waiting, connection, &calls);
        }
    }
}

/// Pub/Sub behind a relay that counts what it is asked.
async fn counted(google: &Google) -> (Google, Calls) {
    let service = google.pubsub.clone().unwrap().replace("http://", "");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let calls = Calls::default();
    let kept = Arc::clone(&calls);
    tokio::spawn(async move {
        for connection in 0.. {
            let (inside, _) = listener.accept().await.unwrap();
            let outside = TcpStream::connect(&service).await.unwrap();
            tokio::spawn(pass(inside, outside, connection, Arc::clone(&kept)));
        }
    });
    (Google { pubsub: Some(format!("http://{address}")), ..google.clone() }, calls)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn messages_that_are_published_at_once_leave_together() {
    let google = with_topics().await;
    let (behind, calls) = counted(&google).await;
    let bus = PubSub::connect(&behind, options()).await.unwrap();
    let called = || calls.lock().unwrap().len();
    let publish = |number: usize| bus.publish(outgoing(Topic::SliceEvents, &number.to_string()));
    for number in 0..3 {
        publish(number).await.unwrap();
    }
    assert_eq!(called(), 3, "one after the other, each leaves alone");
    try_join_all((3..103).map(publish)).await.unwrap();
    let together = called() - 3;
    assert!((1..=10).contains(&together), "{together} calls for 100 messages");
    bus.close().await;

    let reader = connect(&google).await;
    let mut subscription = reader.subscribe(Topic::SliceEvents).await.unwrap();
    let mut seen = BTreeSet::new();
    while seen.len() < 103 {
        let delivery = next(&mut subscription).await;
        seen.insert(text(&delivery).parse::<usize>().unwrap());
        delivery.receipt.ack().await.unwrap();
    }
    assert_eq!(seen, (0..103).collect());
}
