//! Stopped before and after every single request: the next run finishes, and the result is the same.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use aispend_fake_metabase::{FakeMetabase, Version};
use aispend_metabase::Wanted;

use crate::run::{VERSIONS, essence, everything, planned, run, server, small};

type Fault = fn(&FakeMetabase, usize);

/// What an undisturbed run leaves, and how many requests it makes.
async fn reference(version: &Version, wanted: &Wanted) -> (serde_json::Value, usize) {
    let server = server(version.clone()).await;
    run(&server, wanted, false).await.unwrap();
    (essence(&server.state()), server.requests().len())
}

/// Stops at the n-th request; false where a run makes fewer.
async fn stopped_at(
    version: &Version,
    wanted: &Wanted,
    fault: Fault,
    at: usize,
    expected: &serde_json::Value,
) -> bool {
    let server = server(version.clone()).await;
    fault(&server, at);
    let first = run(&server, wanted, false).await;
    server.revive();
    if first.is_ok() {
        return false;
    }
    let ran =
        run(&server, wanted, false).await.unwrap_or_else(|error| panic!("{version:?} at {at}: {error}"));
    assert!(ran.plan.steps.iter().all(|step| !step.needs_consent()), "{version:?} at {at}: {}", ran.plan);
    let again = planned(&server, wanted).await.unwrap();
    assert!(again.is_empty(), "{version:?} at {at}: {again}");
    assert_eq!(essence(&server.state()), *expected, "{version:?} at {at}");
    true
}

async fn stopped_everywhere(version: Version, fault: Fault) {
    let wanted = small();
    let (expected, requests) = reference(&version, &wanted).await;
    let mut at = 1;
    while stopped_at(&version, &wanted, fault, at, &expected).await {
        at += 1;
    }
    assert_eq!(at - 1, requests, "{version:?}: one stop for each request");
}

#[tokio::test]
async fn stopped_before_every_request_the_next_run_finishes() {
    for version in VERSIONS {
        stopped_everywhere(version, FakeMetabase::die_before).await;
    }
}

/// Every request of the whole, in turn; several servers at a time, each with its own state.
async fn whole_stopped_everywhere(version: Version) {
    let wanted = everything();
    let (expected, requests) = reference(&version, &wanted).await;
    let next = AtomicUsize::new(1);
    let one_after_another = async || {
        loop {
            let at = next.fetch_add(1, Relaxed);
            if !stopped_at(&version, &wanted, FakeMetabase::die_after, at, &expected).await {
                return at;
            }
        }
    };
    let (first, second) = tokio::join!(one_after_another(), one_after_another());
    assert_eq!(first.min(second) - 1, requests, "{version:?}: one stop for each request");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_of_0_64_stopped_after_every_request_finishes_too() {
    whole_stopped_everywhere(Version::V0_64).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_of_0_65_stopped_after_every_request_finishes_too() {
    whole_stopped_everywhere(Version::V0_65).await;
}
