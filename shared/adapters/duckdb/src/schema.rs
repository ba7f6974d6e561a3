//! Creates and upgrades tables and views, and says what a file is.

use std::collections::{HashMap, HashSet};

use aispend_warehouse::{DATASET, DUCKDB_MACROS, Engine, SCHEMA_VERSION, digest, seeds, views};
use duckdb::{Connection, params};

use crate::{DuckDbError, tables::Tables};

/// What a file says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Which version of the tables.
    pub schema_version: i64,
    /// Which tables, views and seeds exactly.
    pub schema_digest: String,
    /// True for a demo.
    pub is_simulated: bool,
}

/// Reads what the file is; `None` where it is empty.
pub fn read_info(connection: &Connection) -> Result<Option<Info>, DuckDbError> {
    let failed = || DuckDbError::engine("read what the warehouse is");
    let tables: i64 = connection
        .query_row(
            "SELECT COUNT(*) FROM duckdb_tables() WHERE schema_name = ? AND table_name = 'warehouse_info'",
            [DATASET],
            |row| row.get(0),
        )
        .map_err(failed())?;
    if tables == 0 {
        return Ok(None);
    }
    let mut statement = connection
        .prepare("SELECT schema_version, schema_digest, is_simulated FROM ai_usage_analytics.warehouse_info")
        .map_err(failed())?;
    let mut rows = statement
        .query_map([], |row| {
            Ok(Info { schema_version: row.get(0)?, schema_digest: row.get(1)?, is_simulated: row.get(2)? })
        })
        .map_err(failed())?;
    rows.next().transpose().map_err(failed())
}

/// Brings tables, macros, views and seeds to what this build needs, in one transaction. True where that took anything.
pub fn migrate(connection: &Connection, tables: &Tables, is_simulated: bool) -> Result<bool, DuckDbError> {
    let wanted = digest(Engine::DuckDb);
    if let Some(info) = read_info(connection)? {
        if info.schema_version > SCHEMA_VERSION {
            return Err(DuckDbError::NewerSchema { found: info.schema_version, known: SCHEMA_VERSION });
        }
        if info.schema_version == SCHEMA_VERSION && info.schema_digest == wanted {
            return Ok(false);
        }
    }
    run(connection, "BEGIN TRANSACTION")?;
    match create(connection, tables, &wanted, is_simulated).and_then(|()| run(connection, "COMMIT")) {
        Ok(()) => Ok(true),
        Err(error) => {
            roll_back(connection);
            Err(error)
        }
    }
}

/// Leaves a transaction that failed; where that fails as well, the connection says so at the next statement.
pub fn roll_back(connection: &Connection) {
    if let Err(error) = connection.execute_batch("ROLLBACK") {
        tracing::debug!(%error, "nothing to roll back");
    }
}

fn create(
    connection: &Connection,
    tables: &Tables,
    digest: &str,
    is_simulated: bool,
) -> Result<(), DuckDbError> {
    run(connection, &format!("CREATE SCHEMA IF NOT EXISTS {DATASET}"))?;
    // Asked once: DuckDB goes through its whole catalog to answer.
    let present = columns(connection)?;
    for table in tables.iter() {
        let statements = table.create(Engine::DuckDb);
        let (create, comments) = statements.split_first().expect("a table is created by a statement");
        run(connection, create)?;
        let known = present.get(table.name);
        let lacks = |name: &str| known.is_some_and(|known| !known.contains(name));
        for column in table.columns.iter().filter(|column| lacks(&column.name)) {
            // DuckDB adds no column with a constraint to a table that has rows.
            let declared = column.declare(Engine::DuckDb).replace(" NOT NULL", "");
            run(connection, &format!("ALTER TABLE {DATASET}.{} ADD COLUMN {declared}", table.name))?;
        }
        run(connection, &comments.join(";\n"))?;
    }
    run(connection, DUCKDB_MACROS)?;
    for view in views() {
        run(connection, &view.create(Engine::DuckDb).join(";\n"))?;
    }
    for statement in seeds(Engine::DuckDb) {
        run(connection, &statement)?;
    }
    run(
        connection,
        "INSERT INTO ai_usage_analytics.load_lock (name, holder)
         SELECT 'load', '' WHERE NOT EXISTS (SELECT 1 FROM ai_usage_analytics.load_lock)",
    )?;
    record_version(connection, digest, is_simulated).map_err(DuckDbError::engine("record the schema version"))
}

fn record_version(connection: &Connection, digest: &str, is_simulated: bool) -> duckdb::Result<()> {
    let changed = connection.execute(
        "UPDATE ai_usage_analytics.warehouse_info SET schema_version = ?, schema_digest = ?",
        params![SCHEMA_VERSION, digest],
    )?;
    if changed == 0 {
        connection.execute(
            "INSERT INTO ai_usage_analytics.warehouse_info (schema_version, schema_digest, is_simulated, created_at)
             VALUES (?, ?, ?, make_timestamp(epoch_us(now())))",
            params![SCHEMA_VERSION, digest, is_simulated],
        )?;
    }
    Ok(())
}

/// The columns of every table that is there.
fn columns(connection: &Connection) -> Result<HashMap<String, HashSet<String>>, DuckDbError> {
    let failed = || DuckDbError::engine("read the columns of the tables");
    let mut statement = connection
        .prepare("SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = ?")
        .map_err(failed())?;
    let names = statement
        .query_map([DATASET], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
        .map_err(failed())?;
    let mut columns: HashMap<String, HashSet<String>> = HashMap::new();
    for name in names {
        let (table, column) = name.map_err(failed())?;
        columns.entry(table).or_default().insert(column);
    }
    Ok(columns)
}

fn run(connection: &Connection, sql: &str) -> Result<(), DuckDbError> {
    connection.execute_batch(sql).map_err(DuckDbError::engine("create the tables and views"))
}
