//! The warehouse as SQL: tables, views and seed rows, written once and rendered for an engine.
//!
//! The files in `tables/`, `views/` and `cards/` are BigQuery's dialect kept to what DuckDB reads too; the few unavoidable
//! differences are words in double braces (`{{numeric}}`, `{{now}}`). This crate talks to no database.

mod alert;
mod assumptions;
mod card;
mod change;
mod files;
mod limit;
mod made_of;
mod prices;
mod seeds;
mod selection;
mod staging;
mod standing;
mod table;
mod template;
mod view;

use sha2::{Digest, Sha256};

pub use alert::{Audience, Evaluation, Rule, RuleError, RuleKind, Schedule, Severity, Unit, alerts};
pub use assumptions::{Assumption, assume, assumptions};
pub use card::{Card, CardError, Chart, Column, ColumnType, Display, Members, OF_ALL, Place, cards};
pub use change::{Only, change_sql};
pub use limit::{Limit, Limits, limits};
pub use made_of::{ByModel, Facts, How, MadeOf, Measure, Part, Recipe, TOTAL};
pub use prices::{LIST_PRICES, ListPrice, TOKEN_TYPES, list_price};
pub use seeds::seeds;
pub use selection::{Filter, Selection, text};
pub use staging::{STAGED, staging_name};
pub use standing::{TODAY, standing_period};
pub use table::{ColumnDef, TableDef, double_quote, tables};
pub use template::in_dataset;
pub use view::{View, fact_views, views};

/// The dataset (BigQuery) and schema (DuckDB) that every name in the files is qualified with.
pub const DATASET: &str = "ai_usage_analytics";

/// The version of tables and views. Raised with every change that an older build must not write to.
pub const SCHEMA_VERSION: i64 = 1;

/// Whose SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file on this machine.
    DuckDb,
    /// The cloud.
    BigQuery,
}

/// Functions that BigQuery has and DuckDB lacks.
pub const DUCKDB_MACROS: &str = include_str!("../duckdb-macros.sql");

/// A hash of everything this build would create: the same hash means there is nothing to do.
pub fn digest(engine: Engine) -> String {
    let mut hash = Sha256::new();
    for table in tables() {
        for statement in table.create(engine) {
            hash.update(statement);
        }
        if engine == Engine::BigQuery {
            hash.update(table.create_staging().unwrap_or_default());
        }
    }
    for statement in seeds(engine) {
        hash.update(statement);
    }
    for view in views() {
        for statement in view.create(engine) {
            hash.update(statement);
        }
    }
    if engine == Engine::DuckDb {
        hash.update(DUCKDB_MACROS);
    }
    format!("{:x}", hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_stable_and_tells_engines_apart() {
        assert_eq!(digest(Engine::DuckDb), digest(Engine::DuckDb));
        assert_ne!(digest(Engine::DuckDb), digest(Engine::BigQuery));
    }
}
