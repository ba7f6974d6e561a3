//! The whole of `aispend`: the real binary as a process of its own, against the simulated vendors on a socket.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, outside of #[test] functions"
)]

mod command;
mod compare;
mod pages;
mod tampering;
mod vendors;
mod worlds;

mod again;
mod alerts;
mod catching_up;
mod dashboards;
mod doctor;
mod explained;
mod exports;
mod import;
mod killed;
mod late;
mod metabase;
mod organisations;
mod outages;
mod parked;
mod planted;
mod sheets;
mod speaking;
mod truth;
