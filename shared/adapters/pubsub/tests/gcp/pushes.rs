//! A push subscription made by `BusAdmin` sends bodies that `push::parse` reads.

use std::collections::BTreeMap;
use std::time::Duration;

use aispend_ports::{Bus, Outgoing, Topic};
use aispend_pubsub::push::{self, Pushed};
use aispend_pubsub::{BusAdmin, BusOptions, PushOptions};
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::bed::{PATIENCE, bus_options, connect, fresh_project};

/// Takes one request, answers it, and gives its first line and its body. Connections that say nothing do not count: the
/// emulator knocks when a subscription is made.
async fn take(listener: &TcpListener, status: &str) -> (String, Vec<u8>) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while stream.read_buf(&mut request).await.unwrap() > 0 {
            let Some((head, body)) = parts(&request) else { continue };
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            return (head.lines().next().unwrap().to_owned(), body.to_vec());
        }
    }
}

/// Head and body of a whole request.
fn parts(request: &[u8]) -> Option<(String, &[u8])> {
    let end = request.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8(request[..end].to_vec()).unwrap();
    let body = &request[end + 4..];
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    (body.len() == length.expect("a push has a length")).then_some((head, body))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_push_is_read_as_it_was_published_and_comes_again_when_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let push = PushOptions {
        endpoints: BTreeMap::from([(Topic::RawSlices, address)]),
        service_account: Some("pusher@demo.iam.gserviceaccount.com".to_owned()),
    };
    let google = fresh_project();
    let options = BusOptions { push: Some(push), ..bus_options() };
    BusAdmin::connect(&google, options).await.unwrap().create().await.unwrap();
    let bus = connect(&google).await;
    let attributes = vec![("traceparent".to_owned(), "00-1-2-01".to_owned())];
    let data = Bytes::from_static(b"\0\xffhi");
    bus.publish(Outgoing { topic: Topic::RawSlices, data, attributes: attributes.clone() }).await.unwrap();

    let mut ids = Vec::new();
    for status in ["503 Service Unavailable", "204 No Content"] {
        let (line, body) = timeout(PATIENCE, take(&listener, status)).await.expect("a push comes");
        assert_eq!(line, "POST /push HTTP/1.1");
        let Pushed { topic, message_id, data, attributes: pushed, .. } = push::parse(&body).unwrap();
        assert_eq!((topic, &data[..], &pushed), (Topic::RawSlices, &b"\0\xffhi"[..], &attributes));
        ids.push(message_id);
    }
    assert_eq!(ids[0], ids[1]);
    let again = timeout(Duration::from_secs(5), take(&listener, "204 No Content")).await;
    assert!(again.is_err(), "what was taken came again");
}
