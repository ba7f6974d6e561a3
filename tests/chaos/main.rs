//! Kills, doubled messages, upgrades and outages at once, on the emulators. Not part of the gate: in push mode the Pub/Sub
//! emulator stops pushing to a worker that was killed and cut off (the new copy gets no request within two minutes, seen
//! at debug level), and in pull mode it loses what killed pullers held. Every slice ends; the second look waits.
//! `cargo xtask emulators exec cargo nextest run --workspace --run-ignored all -E 'binary(chaos)'`
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
