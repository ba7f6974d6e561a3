//! The pipeline on Google Cloud, on emulators: the five binaries as processes of their own, the simulated vendors on a
//! socket, and the tables against the truth.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests, outside of #[test] functions; processes share the machine's clock"
)]
#![allow(dead_code, reason = "what only the chaos needs of the cluster")]

mod balancer;
mod cards;
mod cluster;
mod counted;
mod daily;
mod doctor;
mod made;
mod parity;
mod rules;
mod set_aside;
mod told;
mod worker;
