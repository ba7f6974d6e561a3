//! Kills, doubled messages, upgrades and outages at once, on the emulators. Not part of the gate yet: with kills and outages
//! together the run's second look is not always planned within the test's patience, and why is not known.
//! `cargo xtask emulators exec cargo nextest run -p aispend-tests --run-ignored all -E 'binary(chaos)'`
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests, outside of #[test] functions; processes share the machine's clock"
)]
#![allow(dead_code, reason = "what only the daily runs need of the cluster")]

#[path = "../gcp/balancer.rs"]
mod balancer;
mod chaos;
#[path = "../gcp/cluster.rs"]
mod cluster;
mod counted;
#[path = "../gcp/worker.rs"]
mod worker;
