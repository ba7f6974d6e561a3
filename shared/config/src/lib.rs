//! Settings: declared once, read once, checked whole. Every problem is reported at once, with the place and the remedy.

mod declared;
mod read;
mod settings;

pub use declared::{DECLARED, Declared, Kind};
pub use read::{Origin, Problem, Problems, Sources, Value, Values};
pub use settings::{AnthropicAccount, CursorAccount, Settings};
