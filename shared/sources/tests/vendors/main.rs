//! Fixtures, figures and hostile answers of Cursor and the sheets, played through the public trait.
#![expect(
    clippy::unwrap_used,
    clippy::format_push_string,
    reason = "helpers of tests, outside of #[test] functions"
)]

mod cursor;
mod harness;
mod no_panic;
mod sheets;
