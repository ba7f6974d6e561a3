//! What every engine's warehouse adapter does alike: what a load does with a slice, rows and ledger lines as columns,
//! rows as messages again, answers to queries.
//!
//! Knows the tables, and talks to no database.

mod answer;
mod batch;
mod ledger;
mod ledger_json;
mod merged;
mod messages;
mod rows;
mod steps;

pub use answer::{Cell, CellKind, QueryColumn, QueryResult, without_zeros};
pub use batch::{Batch, SuffixValue};
pub use ledger::{LineFields, Stored, write_document, write_line, write_rejected};
pub use merged::{identity, is_merged, merged, merges};
pub use messages::{SetBuilder, Value};
pub use rows::{RowWriter, Sinks, Which, check_conservation};
pub use steps::{Known, Step, known_by_slice, state_of};
