//! Stories that every archive tells the same way; `archive_conformance!` makes a test of each.
#![allow(clippy::unwrap_used)] // a test by another name

use std::sync::Arc;

use aispend_ports::{Archive, ArchiveError};
use bytes::Bytes;

/// Makes a test of every story, with an attribute where one is given: `#[ignore = "needs an emulator"] fresh`.
#[macro_export]
macro_rules! archive_conformance {
    (#[$attribute:meta] $fresh:expr) => {
        $crate::archive_conformance!(#[$attribute] $fresh;
            a_document_is_found_by_its_hash,
            what_is_not_there_is_missing,
            a_document_that_changed_is_damaged,
            an_object_is_stored_over_an_older_one,
            only_the_first_creates_an_object,
            one_of_many_at_once_creates_an_object,
            an_object_that_somebody_changed_is_not_replaced,
            many_replace_an_object_and_no_change_is_lost,
            a_removed_object_is_gone,
            a_name_cannot_leave_the_archive,
            large_and_empty_bodies_come_back_whole,
        );
    };
    (#[$attribute:meta] $fresh:expr; $($story:ident),* $(,)?) => {
        $(
            #[tokio::test]
            #[$attribute]
            async fn $story() {
                $crate::archive::$story($fresh).await;
            }
        )*
    };
    ($fresh:expr) => {
        $crate::archive_conformance!(#[cfg(test)] $fresh);
    };
}

/// An archive on trial.
pub struct ArchiveOnTrial<G> {
    /// What it lives on.
    pub kept: G,
    /// The archive.
    pub archive: Arc<dyn Archive>,
    /// Makes the stored bytes of a document other ones.
    pub damage: Box<dyn Fn(&str)>,
}

const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn is_missing<T>(answer: &Result<T, ArchiveError>) -> bool {
    matches!(answer, Err(ArchiveError::Missing { .. }))
}

/// Its hash is its name, and twice is once.
pub async fn a_document_is_found_by_its_hash<G>(fresh: impl AsyncFn() -> ArchiveOnTrial<G>) {
    let trial = fresh().await;
    for _ in 0..2 {
        assert_eq!(trial.archive.put_document(b"abc").await.unwrap(), ABC);
        assert_eq!(trial.archive.document(ABC).await.unwrap(), Bytes::from_static(b"abc"));
    }
    trial.archive.persist().await.unwrap();
    assert_eq!(trial.archive.document(ABC).await.unwrap(), Bytes::from_static(b"abc"));
}

/// Missing is not unavailable: asking again is no use.
pub async fn what_is_not_there_is_missing<G>(fresh: impl AsyncFn() -> ArchiveOnTrial<G>) {
    let trial = fresh().await;
    assert!(is_missing(&trial.archive.document(ABC).await));
    assert!(is_missing(&trial.archive.document("../../etc/passwd").await));
    assert!(is_missing(&trial.archive.get("plans/none").await));
}

/// A disk that lies is found out.
pub async fn a_document_that_changed_is_damaged<G>(fresh: impl AsyncFn() -> ArchiveOnTrial<G>) {
    let trial = fresh().await;
    trial.archive.put_document(b"abc").await.unwrap();
    (trial.damage)(ABC);
    let answer = trial.archive.document(ABC).await;
    assert!(matches!(answer, Err(ArchiveError::Damaged { .. })), "{answer:?}");
}

/// The newest counts.
pub async fn an_object_is_stored_over_an_older_one<G>(fresh: impl AsyncFn() -> ArchiveOnTrial<G>) {
    let trial = fresh().await;
    for body in ["one", "two"] {
        trial.archive.put("batches/a-0.zst", Bytes::from_static(body.as_bytes())).await.unwrap();
        assert_eq!(trial.archive.get("batches/a-0.zst").await.unwrap(), body);
    }
}

/// Whoever was first made it; the others read what is there.
pub async fn only_the_first_creates_an_object<G>(fresh: impl AsyncFn() -> ArchiveOnTrial<G>) {
    let trial = fresh().await;
    assert!(trial.archive.create("plans/daily-2026-10-05", Bytes::from_static(b"one")).await.unwrap());
    assert!(!trial.archive.create("plans/daily-2026-10-05", Bytes::from_static(b"two")).await.unwrap());
    assert_eq!(trial.archive.get("plans/daily-2026-10-05").await.unwrap(), "one");
}

/// Two planners at the same moment make one plan.
pub async fn one_of_many_at_once_creates_an_object<G>(fresh: impl AsyncFn() -> ArchiveOnTrial<G>) {
    let trial = fresh().await;
    let mut tasks = Vec::new();
    for number in 0..8 {
        let archive = Arc::clone(&trial.archive);
        tasks.push(tokio::spawn(async move {
            (number, archive.create("plans/race", Bytes::from(vec![number])).await.unwrap())
        }));
    }
    let mut winners = Vec::new();
    for task in tasks {
        let (number, is_ours) = task.await.unwrap();
        winners.extend(is_ours.then_some(number));
    }
    let [winner] = winners.as_slice() else { panic!("{winners:?}") };
    assert_eq!(trial.archive.get("plans/race").await.unwrap(), vec![*winner]);
}

/// Whoever looked before somebody else wrote has to look again.
pub async fn an_object_that_somebody_changed_is_not_replaced<G>(fresh: impl AsyncFn() -> ArchiveOnTrial<G>) {
    let trial = fresh().await;
    let archive = &trial.archive;
    assert_eq!(archive.get_versioned("runs/a").await.unwrap(), None);
    let first = archive.replace("runs/a", Bytes::from_static(b"one"), None).await.unwrap();
    assert_eq!(archive.replace("runs/a", Bytes::from_static(b"other"), None).await.unwrap(), None);
    let (body, seen) = archive.get_versioned("runs/a").await.unwrap().unwrap();
    assert_eq!((body, first), (Bytes::from_static(b"one"), Some(seen)));
    assert!(archive.replace("runs/a", Bytes::from_static(b"two"), Some(seen)).await.unwrap().is_some());
    assert_eq!(archive.replace("runs/a", Bytes::from_static(b"late"), Some(seen)).await.unwrap(), None);
    assert_eq!(archive.get("runs/a").await.unwrap(), "two");
    archive.remove("runs/a").await.unwrap();
    assert_eq!(archive.replace("runs/a", Bytes::from_static(b"late"), Some(seen)).await.unwrap(), None);
}

/// Each adds its own byte until it is in.
pub async fn many_replace_an_object_and_no_change_is_lost<G>(fresh: impl AsyncFn() -> ArchiveOnTrial<G>) {
    let trial = fresh().await;
    let mut tasks = Vec::new();
    for number in 0..6_u8 {
        let archive = Arc::clone(&trial.archive);
        tasks.push(tokio::spawn(async move {
            loop {
                let there = archive.get_versioned("runs/all").await.unwrap();
                let (mut body, seen) =
                    there.map_or((Vec::new(), None), |(body, seen)| (body.to_vec(), Some(seen)));
                body.push(number);
                if archive.replace("runs/all", Bytes::from(body), seen).await.unwrap().is_some() {
                    break;
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let mut all = trial.archive.get("runs/all").await.unwrap().to_vec();
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3, 4, 5]);
}

/// Removing what is not there is no error.
pub async fn a_removed_object_is_gone<G>(fresh: impl AsyncFn() -> ArchiveOnTrial<G>) {
    let trial = fresh().await;
    trial.archive.put("batches/b", Bytes::from_static(b"b")).await.unwrap();
    for _ in 0..2 {
        trial.archive.remove("batches/b").await.unwrap();
        assert!(is_missing(&trial.archive.get("batches/b").await));
    }
}

/// Names come from messages.
pub async fn a_name_cannot_leave_the_archive<G>(fresh: impl AsyncFn() -> ArchiveOnTrial<G>) {
    let trial = fresh().await;
    for name in ["../escape", "/etc/escape", "a/../../escape", ""] {
        assert!(trial.archive.put(name, Bytes::from_static(b"x")).await.is_err(), "put {name:?}");
        assert!(trial.archive.create(name, Bytes::from_static(b"x")).await.is_err(), "create {name:?}");
        assert!(trial.archive.get(name).await.is_err(), "get {name:?}");
    }
}

/// Every byte.
pub async fn large_and_empty_bodies_come_back_whole<G>(fresh: impl AsyncFn() -> ArchiveOnTrial<G>) {
    let trial = fresh().await;
    let large: Vec<u8> =
        (0..3_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for body in [large, Vec::new()] {
        let sha256 = trial.archive.put_document(&body).await.unwrap();
        assert!(trial.archive.document(&sha256).await.unwrap() == body);
        trial.archive.put("batches/body", Bytes::from(body.clone())).await.unwrap();
        assert!(trial.archive.get("batches/body").await.unwrap() == body);
    }
}
