//! The words of aispend as types: money, days, feeds, slices, the order of observations, fates of messages.
//!
//! Pure: no I/O, no async, no clock.
#![warn(missing_docs)]

mod allocate;
mod day;
mod email;
mod feed;
mod money;
mod request;
mod slice;

pub use allocate::{AllocateError, allocate};
pub use day::{DayError, day_from_number, day_number, moment_from_micros, parse_day, parse_moment};
pub use email::{UNATTRIBUTED, normalize_email};
pub use feed::{Feed, UnknownFeed, Vendor};
pub use money::{Decimal, Money, MoneyError, Rounded};
pub use request::{Method, Request, Response};
pub use slice::{Generation, Order, Slice, SliceError};
