//! The warehouse in a DuckDB file: the `Warehouse` port, the published snapshot, and queries on it.
//!
//! One process at a time writes, to a file of its own; readers open the published snapshot beside it, and nobody waits
//! for anybody (design § 7). The SQL is in `aispend-warehouse`; what a message means is decided before it gets here.

mod cards;
mod error;
mod layout;
mod ledger;
mod load;
mod lock;
mod merge;
mod open;
mod port;
mod publish;
mod query;
mod question;
mod reader;
mod schema;
mod snapshot;
mod tables;

pub use aispend_tables::{Cell, CellKind, QueryColumn, QueryResult};
pub use cards::{CardReader, open_cards};
pub use error::DuckDbError;
pub use open::{DuckDb, Options};
pub use port::Published;
pub use reader::{Reader, open_reader};
