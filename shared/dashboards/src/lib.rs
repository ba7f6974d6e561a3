//! The dashboards as data: ranges and filters, answers of cards, what the pages and the files say.
//!
//! Pure: draws nothing, serves nothing, and asks a warehouse through `Cards` alone.

pub mod format;
mod number;
mod period;

pub use number::Number;
pub use period::{Period, Range, RangeError};
