//! The tables of this build, and the appends on their way to each.

use aispend_proto::Table;
use aispend_tables::{Batch, Sinks, is_merged};
use aispend_warehouse::{DATASET, TableDef};
use duckdb::Connection;

use crate::DuckDbError;

/// Rows of one table that are handed to DuckDB at once.
const APPEND_ROWS: usize = 8_192;

/// Declarations, by name.
pub struct Tables(Vec<TableDef>);

impl Tables {
    /// Those of this build.
    pub fn new() -> Self {
        Self(aispend_warehouse::tables())
    }

    /// A table of this build.
    pub fn get(&self, name: &str) -> &TableDef {
        self.0.iter().find(|table| table.name == name).expect("a test finds every table's file")
    }

    /// All of them, in the order in which they are created.
    pub fn iter(&self) -> impl Iterator<Item = &TableDef> {
        self.0.iter()
    }
}

/// Where the rows of a table go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The table.
    Table,
    /// A temporary table of the same shape, to be merged from.
    Staging,
}

/// A table's rows between the messages and DuckDB.
pub struct Append {
    table: &'static str,
    target: Target,
    columns: Vec<String>,
    batch: Batch,
}

impl Append {
    /// To a table of this build.
    pub fn new(tables: &Tables, table: &'static str, target: Target) -> Self {
        let declared = tables.get(table);
        let columns = declared.columns.iter().map(|column| column.name.clone()).collect();
        Self { table, target, columns, batch: Batch::new(&declared.columns, None) }
    }

    /// What takes the values.
    pub const fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Hands rows over where enough have come together.
    pub fn flush_full(&mut self, connection: &Connection) -> Result<(), DuckDbError> {
        if self.batch.rows() >= APPEND_ROWS { self.flush(connection) } else { Ok(()) }
    }

    /// Hands all rows over.
    pub fn flush(&mut self, connection: &Connection) -> Result<(), DuckDbError> {
        if self.batch.rows() == 0 {
            return Ok(());
        }
        let rows = self.batch.take().expect("every column has a value per row");
        // By name: a column that an upgrade added stands last in the file.
        let columns: Vec<&str> = self.columns.iter().map(String::as_str).collect();
        let appender = match self.target {
            Target::Table => connection.appender_with_columns_to_db(self.table, DATASET, &columns),
            Target::Staging => connection.appender_with_columns_to_catalog_and_db(
                &staging_name(self.table),
                "temp",
                "main",
                &columns,
            ),
        };
        appender
            .and_then(|mut appender| {
                appender.append_record_batch(rows)?;
                appender.flush()
            })
            .map_err(DuckDbError::engine("append rows"))
    }
}

/// The rows of all tables of one load.
pub struct RowAppends<'a> {
    tables: &'a Tables,
    appends: Vec<(Table, Append)>,
}

impl<'a> RowAppends<'a> {
    /// Without a row.
    pub const fn new(tables: &'a Tables) -> Self {
        Self { tables, appends: Vec::new() }
    }

    /// Hands over what has come together.
    pub fn flush_full(&mut self, connection: &Connection) -> Result<(), DuckDbError> {
        self.appends.iter_mut().try_for_each(|(_, append)| append.flush_full(connection))
    }

    /// Hands over everything.
    pub fn flush(&mut self, connection: &Connection) -> Result<(), DuckDbError> {
        self.appends.iter_mut().try_for_each(|(_, append)| append.flush(connection))
    }
}

impl Sinks for RowAppends<'_> {
    fn of(&mut self, table: Table) -> &mut Batch {
        let place = self.appends.iter().position(|(known, _)| *known == table).unwrap_or_else(|| {
            let target = if is_merged(table) { Target::Staging } else { Target::Table };
            self.appends.push((table, Append::new(self.tables, table.name(), target)));
            self.appends.len() - 1
        });
        self.appends.get_mut(place).expect("it was found or added").1.batch()
    }
}

/// The temporary table beside a merged one.
pub fn staging_name(table: &str) -> String {
    format!("merge_{table}")
}
