//! The warehouse on BigQuery: the `Warehouse` port, tables and views, and queries on them.
//!
//! Rows arrive in staging tables by the Storage Write API; one script then takes them over in one transaction, if the
//! ledger still is what the load was decided by. What a message means is decided before it gets here, and what a load
//! does with a slice is in `aispend-tables`, for every engine.

mod answer;
mod cards;
mod client;
mod error;
mod incidents;
mod labels;
mod ledger;
mod literal;
mod load;
mod migrate;
mod plan;
mod port;
mod runs;
mod script;
mod snapshot;
mod staging;

pub use cards::CloudCards;
pub use client::{BigQuery, BigQueryOptions};
pub use error::{BigQueryError, Fault};
pub use migrate::Info;
