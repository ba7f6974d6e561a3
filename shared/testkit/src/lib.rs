//! What tests of every crate stand on: conformance suites (what every adapter of a port does alike), adapters in memory,
//! and a world under a seed's control. A dev-dependency only.

pub mod archive;
pub mod bus;
mod dice;
pub mod memory;
pub mod parked;
pub mod sim;
pub mod truth;
mod turn;
pub mod warehouse;

pub use dice::Dice;
pub use turn::{NextTurn, next_turn};
