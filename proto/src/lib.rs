//! The wire: every message that passes over a topic, and every row that reaches a table.
//!
//! Rows stay these types from the feed that reads them to the warehouse that stores them; a second set of the same
//! structs would only be copied. Everything else turns into `aispend-model` types at the edge.

mod rows;

/// The generated messages.
#[allow(clippy::pedantic, missing_docs)] // generated
pub mod v1 {
    use crate::rows::{Column, ColumnKind, Row, RowSink, RowVisitor};

    include!(concat!(env!("OUT_DIR"), "/aispend.v1.rs"));
    include!(concat!(env!("OUT_DIR"), "/rows.rs"));
}

pub use prost::Message;
pub use rows::{Column, ColumnKind, ContentHash, Row, RowSink, RowVisitor, SetWriter, TableSums};
pub use v1::Table;

/// What this build writes, and the highest it reads. Raised with any change that an older reader must not drop.
pub const SCHEMA_VERSION: u32 = 1;

/// Every field of every message, one per line. The compatibility test holds it against `released.txt`.
pub const FIELDS: &str = include_str!(concat!(env!("OUT_DIR"), "/fields.txt"));
