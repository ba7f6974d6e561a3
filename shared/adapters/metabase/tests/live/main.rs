//! The engine against a server that behaves like Metabase: from empty to done, again, after hands, after every stop.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, outside of #[test] functions"
)]

mod edition;
mod empty;
mod hands;
mod killed;
mod letters;
mod run;
mod smoke;
