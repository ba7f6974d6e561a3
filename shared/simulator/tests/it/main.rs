//! Tests of the simulator from outside: a client of its own reads the endpoints and adds up what they say.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test that panics has failed")]

mod checks;
mod client;
mod faults;
mod paging;
mod restatement;
mod server;
mod shapes;
mod sheets;
mod speed;
mod truth;
