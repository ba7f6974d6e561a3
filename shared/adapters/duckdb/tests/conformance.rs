//! DuckDB tells the stories of every warehouse.
#![allow(clippy::unwrap_used)]

use aispend_duckdb::DuckDb;
use tempfile::TempDir;

async fn fresh() -> (TempDir, DuckDb) {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = DuckDb::open_writer(folder.path(), true).unwrap();
    warehouse.migrate().await.unwrap();
    (folder, warehouse)
}

aispend_testkit::warehouse_conformance!(fresh);
