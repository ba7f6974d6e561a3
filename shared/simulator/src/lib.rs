//! The vendors, played.

mod amount;
mod calendar;
mod catalog;
mod config;
mod dice;
mod facts;
mod http;
mod json;
mod names;

pub use amount::Amount;
pub use config::{Quirks, WorldConfig};
pub use facts::{Strand, World};
pub use http::{Delivery, Request, Response};
