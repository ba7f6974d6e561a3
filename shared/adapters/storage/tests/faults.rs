//! What a bucket that misbehaves does to us. No emulator does these things on demand.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aispend_google::Google;
use aispend_ports::{Archive, ArchiveError, ParkedStore};
use aispend_storage::{CloudArchive, StorageOptions};
use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use bytes::Bytes;

async fn archive(endpoint: String) -> CloudArchive {
    let google = Google { project: "demo-project".to_owned(), storage: Some(endpoint), ..Google::default() };
    let options = StorageOptions {
        attempt: Duration::from_secs(1),
        total: Duration::from_secs(2),
        ..StorageOptions::new("bucket")
    };
    CloudArchive::connect(&google, options).await.unwrap()
}

/// Answers the first, second … request so.
async fn service<A: IntoResponse + 'static>(
    answer: impl Fn(usize) -> A + Clone + Send + Sync + 'static,
) -> (CloudArchive, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let router = Router::new().fallback(move |body: Bytes| async move {
        drop(body);
        answer(counted.fetch_add(1, Ordering::SeqCst))
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (archive(endpoint).await, calls)
}

/// `abc` with its checksum, or with another one.
fn abc(checksum: &'static str) -> impl IntoResponse {
    ([("x-goog-generation", "7"), ("x-goog-hash", checksum)], "abc")
}

const RIGHT: &str = "crc32c=Nks/tw==";
const WRONG: &str = "crc32c=AAAAAA==";

#[tokio::test]
async fn a_checksum_that_fails_twice_is_damage_and_once_is_the_line() {
    let (archive, _) = service(|_| abc(WRONG)).await;
    let error = archive.get("plans/a").await.unwrap_err();
    assert!(matches!(error, ArchiveError::Damaged { .. }), "{error}");
    let (archive, calls) = service(|call| abc(if call == 0 { WRONG } else { RIGHT })).await;
    assert_eq!(archive.get("plans/a").await.unwrap(), "abc");
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_busy_bucket_is_asked_again() {
    let statuses = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
    let (archive, calls) = service(move |call| match statuses.get(call) {
        Some(status) => status.into_response(),
        None => abc(RIGHT).into_response(),
    })
    .await;
    assert_eq!(archive.get("plans/a").await.unwrap(), "abc");
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_refusal_names_the_role() {
    let (archive, _) = service(|_| (StatusCode::FORBIDDEN, "denied")).await;
    for error in [
        archive.get("plans/a").await.unwrap_err().to_string(),
        archive.create("plans/a", Bytes::new()).await.unwrap_err().to_string(),
        archive.remove("plans/a").await.unwrap_err().to_string(),
        archive.parked().list().await.unwrap_err().to_string(),
        archive.check().await.unwrap_err().to_string(),
    ] {
        assert!(error.contains("roles/storage.objectUser"), "{error}");
    }
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_no_missing_object() {
    let gone = || (StatusCode::NOT_FOUND, "The specified bucket does not exist.");
    let (archive, _) = service(move |_| gone()).await;
    let error = archive.get("plans/a").await.unwrap_err();
    assert!(matches!(error, ArchiveError::Unavailable { .. }), "{error}");
}

#[tokio::test]
async fn a_bucket_that_refuses_or_swallows_every_call_is_given_up_in_time() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // Accepts connections (the system does), and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for address in [closed, silent.local_addr().unwrap()] {
        let archive = archive(format!("http://{address}")).await;
        let begun = Instant::now();
        let parked = archive.parked();
        let (read, written, removed, list) = tokio::join!(
            archive.document("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            archive.put_document(b"abc"),
            archive.remove("plans/a"),
            parked.list()
        );
        assert!(matches!(read, Err(ArchiveError::Unavailable { .. })), "{read:?}");
        assert!(matches!(written, Err(ArchiveError::Unavailable { .. })), "{written:?}");
        assert!(matches!(removed, Err(ArchiveError::Unavailable { .. })), "{removed:?}");
        list.unwrap_err();
        assert!(begun.elapsed() < Duration::from_secs(10), "{address}: {:?}", begun.elapsed());
    }
}
