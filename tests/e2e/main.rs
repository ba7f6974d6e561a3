//! Stories of the whole pipeline, and of everything in it that is not yet proven where it is written.
#![expect(clippy::unwrap_used, reason = "helpers of tests, outside of #[test] functions")]

mod bench;
mod company;
mod conformance;
mod days;
mod fetcher;
mod interleaving;
mod outage;
mod planted;
mod quiet;
mod runner;
mod simulation;
