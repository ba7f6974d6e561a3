//! Each trap of the real server, sprung on purpose: the fake must do the damage, and must say that it was asked for.

#![expect(
    clippy::indexing_slicing,
    reason = "an index that is not there fails the test, and `Value` gives null"
)]

mod cards;
mod client;
mod contract;
mod dashboards;
mod data;
mod delivery;
mod faults;
mod rights;
mod running;
mod start;
