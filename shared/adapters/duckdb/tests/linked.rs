//! The linked DuckDB library is the one the `duckdb` crate was made for.

use duckdb::Connection;

#[test]
fn the_linked_library_is_the_pinned_version() {
    let connection = Connection::open_in_memory().unwrap();
    let version: String = connection.query_row("SELECT version()", [], |row| row.get(0)).unwrap();
    assert_eq!(version, "v1.5.6");
}
