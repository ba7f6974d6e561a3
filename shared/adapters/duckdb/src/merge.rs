//! Merges snapshots into the tables whose rows outlive them.

use aispend_model::Order;
use aispend_proto::Table;
use aispend_tables::{identity, merged};
use aispend_warehouse::DATASET;
use duckdb::{Connection, params};

use crate::{DuckDbError, tables::staging_name};

/// Makes the temporary tables, empty.
pub fn create_staging(connection: &Connection) -> Result<(), DuckDbError> {
    let mut sql = String::new();
    for table in merged().map(Table::name) {
        let staging = staging_name(table);
        sql.extend([
            format!("CREATE TEMP TABLE IF NOT EXISTS {staging} AS FROM {DATASET}.{table} LIMIT 0;\n"),
            format!("DELETE FROM temp.main.{staging};\n"),
        ]);
    }
    connection.execute_batch(&sql).map_err(DuckDbError::engine("prepare a merge"))
}

/// Merges the rows of the temporary tables into the tables, and empties them.
pub fn merge_staged(connection: &Connection) -> Result<(), DuckDbError> {
    let mut sql = String::new();
    for table in merged() {
        let (name, key) = (table.name(), identity(table));
        let staging = staging_name(name);
        let same = format!("here.slice_key = there.slice_key AND here.{key} = there.{key}");
        sql.extend([
            format!(
                "DELETE FROM {DATASET}.{name} AS here USING temp.main.{staging} AS there
                 WHERE {same} AND {} < {};\n",
                reading("here"),
                reading("there")
            ),
            // What is left in the table is newer, or the same.
            format!(
                "INSERT INTO {DATASET}.{name} BY NAME SELECT here.* FROM temp.main.{staging} AS here
                 WHERE NOT EXISTS (SELECT 1 FROM {DATASET}.{name} AS there WHERE {same});\n"
            ),
            format!("DELETE FROM temp.main.{staging};\n"),
        ]);
    }
    connection.execute_batch(&sql).map_err(DuckDbError::engine("merge a snapshot"))
}

/// Marks the rows of a slice that its newest reading has.
pub fn mark_active(connection: &Connection, slice_key: &str, newest: Order) -> Result<(), DuckDbError> {
    for table in merged().map(Table::name) {
        let is_newest = "(epoch_us(last_seen) = ? AND seen_revision = ? AND seen_reader = ?)";
        connection
            .execute(
                &format!(
                    "UPDATE {DATASET}.{table} SET is_active = {is_newest}
                     WHERE slice_key = ? AND is_active <> {is_newest}"
                ),
                params![
                    newest.generation.0,
                    newest.revision,
                    newest.reader_version,
                    slice_key,
                    newest.generation.0,
                    newest.revision,
                    newest.reader_version
                ],
            )
            .map_err(DuckDbError::engine("mark what the newest snapshot has"))?;
    }
    Ok(())
}

/// The order tuple of a row, comparable.
fn reading(alias: &str) -> String {
    format!("({alias}.last_seen, {alias}.seen_revision, {alias}.seen_reader)")
}
