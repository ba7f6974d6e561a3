//! The archive and the parked messages on the Cloud Storage emulator.
#![allow(clippy::unwrap_used)]

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use aispend_google::{Google, Rest, segment};
use aispend_ports::{Archive, ArchiveError, ParkedError, ParkedStore};
use aispend_storage::{CloudArchive, StorageError, StorageOptions};
use aispend_testkit::archive::ArchiveOnTrial;
use aispend_testkit::parked::parked;
use bytes::Bytes;

fn google(endpoint: &str) -> Google {
    Google::read(&|name| match name {
        "GOOGLE_CLOUD_PROJECT" => Some("demo-project".to_owned()),
        aispend_emulators::STORAGE => Some(endpoint.to_owned()),
        _ => None,
    })
    .unwrap()
}

fn emulator() -> Google {
    google(aispend_emulators::from_env().get(aispend_emulators::STORAGE).unwrap())
}

/// A bucket's name that no other test has.
fn fresh_name() -> String {
    let random = RandomState::new().hash_one(0);
    format!("aispend-{random:016x}")
}

fn options() -> StorageOptions {
    // Two names a page: a listing of three has a second one.
    StorageOptions { page_size: 2, ..StorageOptions::new(fresh_name()) }
}

/// An archive in a bucket of its own.
async fn fresh_archive(options: &StorageOptions) -> CloudArchive {
    let archive = CloudArchive::connect(&emulator(), options.clone()).await.unwrap();
    archive.create_bucket("US").await.unwrap();
    archive
}

/// Puts other bytes into an object, from outside and at once.
fn overwrite(bucket: String, name: String, body: &'static [u8]) {
    let write = async move {
        let archive = CloudArchive::connect(&emulator(), StorageOptions::new(bucket)).await.unwrap();
        archive.put(&name, Bytes::from_static(body)).await.unwrap();
    };
    let work = move || {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(write);
    };
    std::thread::spawn(work).join().unwrap();
}

async fn archive_on_trial() -> ArchiveOnTrial<()> {
    let options = options();
    let archive = fresh_archive(&options).await;
    let damage = move |sha256: &str| {
        let prefix: String = sha256.chars().take(2).collect();
        overwrite(options.bucket.clone(), format!("raw/{prefix}/{sha256}.zst"), b"other bytes");
    };
    ArchiveOnTrial { kept: (), archive: Arc::new(archive), damage: Box::new(damage) }
}

async fn parked_on_trial() -> ((), Arc<dyn ParkedStore>) {
    ((), Arc::new(fresh_archive(&options()).await.parked()))
}

mod archive {
    aispend_testkit::archive_conformance!(
        #[ignore = "needs the emulators: cargo xtask test --only gcp"]
        super::archive_on_trial
    );
}

mod parked_store {
    aispend_testkit::parked_conformance!(
        #[ignore = "needs the emulators: cargo xtask test --only gcp"]
        super::parked_on_trial
    );
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn all_pages_of_the_parked_are_read_and_a_damaged_one_hides_no_other() {
    let options = options();
    let archive = fresh_archive(&options).await;
    let store = archive.parked();
    let messages: Vec<_> =
        (0..7).map(|number| parked(&format!("id{number}"), 100 - i64::from(number))).collect();
    for message in &messages {
        store.park(message.clone()).await.unwrap();
    }
    // In the same bucket, and none of them.
    archive.put("plans/run-1", Bytes::from_static(b"plan")).await.unwrap();
    let mut expected: Vec<_> = messages.clone();
    expected.reverse();
    assert_eq!(store.list().await.unwrap(), expected);
    overwrite(options.bucket, "parked/id3.json".to_owned(), b"{");
    expected.retain(|message| message.id != "id3");
    assert_eq!(store.list().await.unwrap(), expected);
    store.remove("id3").await.unwrap();
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn objects_have_the_names_and_bytes_of_the_folder() {
    let options = options();
    let archive = fresh_archive(&options).await;
    let sha256 = archive.put_document(b"abc").await.unwrap();
    archive.put("batches/a b|c.zst", Bytes::from_static(b"batch")).await.unwrap();
    assert_eq!(archive.get("batches/a b|c.zst").await.unwrap(), "batch");
    let stored = archive.get(&format!("raw/ba/{sha256}.zst")).await.unwrap();
    assert_eq!(stored, aispend_ports::compress(b"abc", 1).unwrap());
    archive.remove("batches/a b|c.zst").await.unwrap();
    assert!(matches!(archive.get("batches/a b|c.zst").await, Err(ArchiveError::Missing { .. })));
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn another_process_finds_a_document_there_and_one_that_is_known_is_not_sent_again() {
    let options = options();
    let first = fresh_archive(&options).await;
    let sha256 = first.put_document(b"abc").await.unwrap();
    let second = CloudArchive::connect(&emulator(), options.clone()).await.unwrap();
    assert_eq!(second.put_document(b"abc").await.unwrap(), sha256);
    let name = format!("raw/ba/{sha256}.zst");
    let (_, there) = first.get_versioned(&name).await.unwrap().unwrap();
    first.remove(&name).await.unwrap();
    // Only a third one would notice: nobody removes documents.
    second.put_document(b"abc").await.unwrap();
    assert_eq!(second.get_versioned(&name).await.unwrap(), None);
    let third = CloudArchive::connect(&emulator(), options).await.unwrap();
    third.put_document(b"abc").await.unwrap();
    let (_, again) = third.get_versioned(&name).await.unwrap().unwrap();
    assert_ne!(there, again);
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_body_above_the_threshold_is_stored_whole() {
    let archive = fresh_archive(&options()).await;
    let body = Bytes::from(vec![7; 20 << 20]);
    archive.put("batches/large", body.clone()).await.unwrap();
    assert!(archive.get("batches/large").await.unwrap() == body);
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_bucket_is_made_once_and_one_that_is_not_there_says_so() {
    let options = options();
    let archive = CloudArchive::connect(&emulator(), options.clone()).await.unwrap();
    let error = archive.check().await.unwrap_err();
    assert!(matches!(&error, StorageError::Bucket { bucket, .. } if *bucket == options.bucket), "{error}");
    assert!(error.to_string().contains("--create-bus"), "{error}");
    let error = archive.put("plans/a", Bytes::new()).await.unwrap_err();
    assert!(matches!(error, ArchiveError::Unavailable { .. }), "{error}");
    let error = archive.parked().list().await.unwrap_err();
    assert!(matches!(error, ParkedError::Unavailable(_)), "{error}");
    for _ in 0..2 {
        archive.create_bucket("US").await.unwrap();
        archive.check().await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn an_outage_of_a_moment_is_waited_out() {
    let target = aispend_emulators::from_env().get(aispend_emulators::STORAGE).unwrap().clone();
    let relay = aispend_emulators::Relay::start(target).await.unwrap();
    let options = options();
    fresh_archive(&options).await;
    let archive = CloudArchive::connect(&google(relay.address()), options).await.unwrap();
    archive.put("plans/a", Bytes::from_static(b"a")).await.unwrap();
    relay.cut();
    let back = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        relay.restore();
    };
    let (read, written, list, ()) = tokio::join!(
        archive.get("plans/a"),
        archive.create("plans/b", Bytes::from_static(b"b")),
        async { archive.parked().list().await },
        back
    );
    assert_eq!(read.unwrap(), "a");
    assert!(written.unwrap());
    assert!(list.unwrap().is_empty());
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_name_is_one_segment_of_a_path() {
    let options = options();
    fresh_archive(&options).await.put("a/b c", Bytes::from_static(b"x")).await.unwrap();
    let rest = Rest::new(&emulator().storage().unwrap(), "https://never.test");
    let path = format!("/storage/v1/b/{}/o/{}", options.bucket, segment("a/b c"));
    let answer = rest.call(reqwest::Method::GET, &path, &[("fields", "name")], None).await.unwrap();
    assert!(answer.contains(r#""name":"a/b c""#), "{answer}");
}
