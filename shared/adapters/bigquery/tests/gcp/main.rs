//! The warehouse on the BigQuery emulator: `cargo xtask test --only gcp`.
#![allow(clippy::unwrap_used)]

mod conformance;
mod exact;
mod load;
mod migrate;
mod outage;
mod place;
