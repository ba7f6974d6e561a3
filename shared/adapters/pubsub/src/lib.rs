//! The bus on Pub/Sub: publishing, streaming pull, the topics themselves, what Pub/Sub gave up on, and the body of a push.
//!
//! It decides nothing about a message. At least once, in any order, is all it promises.

mod admin;
mod bus;
mod dead_letters;
mod error;
pub mod names;
mod publish;
pub mod push;
mod subscription;
mod wire;

pub use admin::{BusAdmin, BusOptions, PushOptions};
pub use bus::{PubSub, PubSubOptions};
pub use dead_letters::{DeadLetters, DrainError};
pub use error::PubSubError;
