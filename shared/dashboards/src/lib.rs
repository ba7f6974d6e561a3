//! The dashboards as data: ranges and filters, answers of cards, what the pages and the files say.
//!
//! Pure: draws nothing, serves nothing, and asks a warehouse through `Cards` alone.
#![allow(clippy::format_push_string, reason = "sentences are short, and read better so")]

mod answer;
mod board;
mod caption;
mod cards;
mod explain;
mod export;
mod filters;
pub mod format;
mod kpi;
mod level;
mod link;
mod number;
pub mod page;
mod period;
mod prose;
mod sheet;
mod state;
mod summary;
mod table;
mod twin;

pub use answer::{Answer, Asked, to_json};
pub use board::{BOARDS, Board};
pub use caption::Caption;
pub use cards::{Cards, ReadError, Snapshot};
pub use explain::{Narrowed, Question, is_explained, of_card, recipe};
pub use export::{ExportError, FileFormat, csv, file_name, json_all, zip_all, zip_of};
pub use filters::{Filters, encode};
pub use level::level_class;
pub use number::Number;
pub use period::{Period, Range, RangeError};
pub use sheet::xlsx;
pub use state::{DataState, FeedState};
pub use summary::sentence;
pub use table::{Head, Shown, Sort, Table, table, totals};
