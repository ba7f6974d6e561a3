//! Kills, doubled messages, upgrades and outages at once, on the emulators.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests, outside of #[test] functions; processes share the machine's clock"
)]
#![allow(dead_code, reason = "what only the other tests need of the cluster")]

#[path = "../gcp/balancer.rs"]
mod balancer;
mod chaos;
#[path = "../gcp/cluster.rs"]
mod cluster;
#[path = "../gcp/counted.rs"]
mod counted;
#[path = "../gcp/worker.rs"]
mod worker;
