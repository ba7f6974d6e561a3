//! A file with a few loads in it, and what it answers.

use aispend_duckdb::{Cell, DuckDb, Reader, open_reader};
use aispend_ports::{SliceLoad, Warehouse};
use tempfile::TempDir;

pub async fn published(loads: Vec<SliceLoad>) -> (TempDir, Reader) {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = DuckDb::open_writer(folder.path(), true).unwrap();
    warehouse.migrate().await.unwrap();
    warehouse.load(loads).await.unwrap();
    warehouse.publish().await.unwrap();
    let reader = open_reader(folder.path()).unwrap();
    (folder, reader)
}

/// Rows as text, cells parted by a space.
pub fn answer(reader: &Reader, sql: &str) -> Vec<String> {
    let cells = |row: &Vec<Cell>| row.iter().map(Cell::to_string).collect::<Vec<_>>().join(" ");
    reader.query(sql).unwrap().rows.iter().map(cells).collect()
}
