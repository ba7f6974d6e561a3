//! The warehouse on the BigQuery emulator: `cargo xtask test --only gcp`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod conformance;
mod exact;
mod labels;
mod load;
mod migrate;
mod outage;
mod place;
