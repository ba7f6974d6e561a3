//! A fetch that ends early, for whatever reason, and the one that comes after it.
#![expect(clippy::unwrap_used, reason = "helpers of tests, outside of #[test] functions")]

mod bench;
mod deaths;
mod time;
