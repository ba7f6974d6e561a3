//! Stories that every parked store tells the same way; `parked_conformance!` makes a test of each.
#![allow(clippy::unwrap_used)] // a test by another name

use std::sync::Arc;

use aispend_ports::{Parked, ParkedError, ParkedStore, Topic};
use bytes::Bytes;
use jiff::Timestamp;

/// Makes a test of every story, with an attribute where one is given: `#[ignore = "needs an emulator"] fresh`.
#[macro_export]
macro_rules! parked_conformance {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::parked_conformance!(#[$attribute] $fresh;
            a_parked_message_comes_back_whole,
            parked_twice_is_parked_once,
            the_oldest_comes_first,
            what_was_taken_out_is_gone,
            an_id_cannot_leave_the_store,
        );
    };
    (#[$attribute:meta] $fresh:expr; $($story:ident),* $(,)?) => {
        $(
            #[tokio::test]
            #[$attribute]
            async fn $story() {
                $crate::parked::$story($fresh).await;
            }
        )*
    };
    ($fresh:expr) => {
        $crate::parked_conformance!(#[cfg(test)] $fresh);
    };
}

/// A message as it is set aside.
pub fn parked(id: &str, second: i64) -> Parked {
    Parked {
        id: id.to_owned(),
        stage: "normalizer".to_owned(),
        topic: Topic::RawSlices,
        reason: "inexact".to_owned(),
        detail: "page 1, row 2: `twelve` is not a decimal number".to_owned(),
        slice_key: "anthropic/cost|org|2026-10-05".to_owned(),
        run_id: "run".to_owned(),
        attempts: 3,
        parked_at: Timestamp::from_second(second).unwrap(),
        attributes: vec![("traceparent".to_owned(), "00-1-2-01".to_owned())],
        message: Bytes::from_static(b"\0\xff\xfebytes"),
        fetched: Some(Bytes::from_static(b"\x01fetched")),
    }
}

/// Every field, every byte.
pub async fn a_parked_message_comes_back_whole<G>(fresh: impl AsyncFn() -> (G, Arc<dyn ParkedStore>)) {
    let (_kept, store) = fresh().await;
    assert!(store.list().await.unwrap().is_empty());
    let message = parked("a1", 5);
    let without = Parked { fetched: None, slice_key: String::new(), ..parked("a2", 6) };
    store.park(message.clone()).await.unwrap();
    store.park(without.clone()).await.unwrap();
    assert_eq!(store.list().await.unwrap(), [message, without]);
}

/// A redelivery parks again; the first one stands.
pub async fn parked_twice_is_parked_once<G>(fresh: impl AsyncFn() -> (G, Arc<dyn ParkedStore>)) {
    let (_kept, store) = fresh().await;
    store.park(parked("a1", 5)).await.unwrap();
    store.park(Parked { attempts: 9, ..parked("a1", 8) }).await.unwrap();
    assert_eq!(store.list().await.unwrap(), [parked("a1", 5)]);
}

/// What waits longest stands first.
pub async fn the_oldest_comes_first<G>(fresh: impl AsyncFn() -> (G, Arc<dyn ParkedStore>)) {
    let (_kept, store) = fresh().await;
    for (id, second) in [("c", 30), ("a", 20), ("b", 10)] {
        store.park(parked(id, second)).await.unwrap();
    }
    let ids: Vec<String> = store.list().await.unwrap().into_iter().map(|message| message.id).collect();
    assert_eq!(ids, ["b", "a", "c"]);
}

/// After a replay.
pub async fn what_was_taken_out_is_gone<G>(fresh: impl AsyncFn() -> (G, Arc<dyn ParkedStore>)) {
    let (_kept, store) = fresh().await;
    store.park(parked("a1", 5)).await.unwrap();
    store.remove("a1").await.unwrap();
    assert!(store.list().await.unwrap().is_empty());
    assert!(matches!(store.remove("a1").await, Err(ParkedError::Missing(id)) if id == "a1"));
    // It may be parked once more.
    store.park(parked("a1", 7)).await.unwrap();
    assert_eq!(store.list().await.unwrap().len(), 1);
}

/// Ids are typed by people.
pub async fn an_id_cannot_leave_the_store<G>(fresh: impl AsyncFn() -> (G, Arc<dyn ParkedStore>)) {
    let (_kept, store) = fresh().await;
    for id in ["../a", "/etc/passwd", ""] {
        assert!(matches!(store.remove(id).await, Err(ParkedError::Missing(_))), "{id:?}");
    }
}
