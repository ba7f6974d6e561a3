//! Staging tables, on BigQuery: rows arrive there first, and one transaction takes them over.
//!
//! So a fact table never has a streaming buffer, and what a load that died has staged is in nobody's way until it
//! expires.

use std::fmt::Write as _;

use crate::{ColumnDef, DATASET, Engine, TableDef, table::double_quote};

/// What a staged row has beside its table's columns, in order: which load, which of its slices, which day it came.
pub const STAGED: [(&str, &str); 3] = [("load_id", "STRING"), ("load_place", "INT64"), ("staged_on", "DATE")];

/// For how long staged rows are kept: a load takes minutes, and a day may just have begun.
const KEPT_DAYS: u32 = 2;

/// The staging table of a table.
pub fn staging_name(table: &str) -> String {
    format!("staging_{table}")
}

impl TableDef {
    /// True where loads write to the table.
    pub fn is_staged(&self) -> bool {
        self.columns.iter().any(|column| column.name == "slice_key")
    }

    /// The columns of its staging table. All may be NULL: the table itself says which must not.
    pub fn staging_columns(&self) -> Vec<ColumnDef> {
        let added = STAGED.map(|(name, kind)| (name.to_owned(), kind.to_owned()));
        let own = self.columns.iter().map(|column| (column.name.clone(), column.kind.clone()));
        own.chain(added)
            .map(|(name, kind)| ColumnDef { name, kind, is_nullable: true, about: None })
            .collect()
    }

    /// The statement that creates its staging table on BigQuery; `None` where loads do not write to it.
    pub fn create_staging(&self) -> Option<String> {
        if !self.is_staged() {
            return None;
        }
        let columns = self.staging_columns();
        let list = columns.iter().map(|column| column.declare(Engine::BigQuery)).collect::<Vec<_>>();
        let about = format!("Rows on their way to {}. Expires by itself.", self.name);
        let mut sql = format!(
            "CREATE TABLE IF NOT EXISTS {DATASET}.{} (\n    {}\n)",
            staging_name(self.name),
            list.join(",\n    ")
        );
        write!(
            sql,
            "\nPARTITION BY staged_on\nCLUSTER BY load_id\nOPTIONS (description = {}, partition_expiration_days = {KEPT_DAYS})",
            double_quote(&about)
        )
        .expect("a String grows");
        Some(sql)
    }
}

#[cfg(test)]
mod tests {
    use aispend_proto::Table;

    #[test]
    fn every_table_that_a_load_writes_to_is_staged() {
        let staged: Vec<&str> =
            crate::tables().iter().filter(|table| table.is_staged()).map(|table| table.name).collect();
        let ledger = ["slice_loads", "rejected_records", "raw_documents"];
        for name in Table::ALL.iter().map(|table| table.name()).chain(ledger) {
            assert!(staged.contains(&name), "{name}");
        }
        assert_eq!(staged.len(), Table::ALL.len() + ledger.len());
    }

    #[test]
    fn a_staging_table_expires() {
        let tables = crate::tables();
        let table = tables.iter().find(|table| table.name == "dim_budget").unwrap();
        let sql = table.create_staging().unwrap();
        assert!(
            sql.starts_with(
                "CREATE TABLE IF NOT EXISTS ai_usage_analytics.staging_dim_budget (\n    month DATE,"
            ),
            "{sql}"
        );
        assert!(
            sql.contains("budget_usd NUMERIC,") && sql.contains("staged_on DATE\n)\nPARTITION BY staged_on"),
            "{sql}"
        );
        assert!(sql.ends_with("partition_expiration_days = 2)"), "{sql}");
    }
}
