//! A table as its file declares it: columns, what they mean, and how BigQuery lays it out.

use std::fmt::Write as _;

use crate::{DATASET, Engine, files, template::render};

/// A table's declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDef {
    /// Its name, without the dataset.
    pub name: &'static str,
    /// What a person should know about it.
    pub about: String,
    /// In the order of its file.
    pub columns: Vec<ColumnDef>,
    /// The day it is partitioned by, on BigQuery.
    pub partition_by: Option<String>,
    /// What it is sorted by within a partition, on BigQuery.
    pub cluster_by: Vec<String>,
}

/// A column's declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDef {
    /// Its name.
    pub name: String,
    /// Its type as in the file, `{{numeric}}` included.
    pub kind: String,
    /// True where NULL means "not said".
    pub is_nullable: bool,
    /// What it means, where its name does not say it.
    pub about: Option<String>,
}

/// Every table, in the order in which they are created.
pub fn tables() -> Vec<TableDef> {
    files::TABLES.iter().map(|(name, file)| TableDef::parse(name, file)).collect()
}

impl TableDef {
    /// Reads a file: comment lines, `CREATE TABLE … (`, one column a line with its comment, `)`, layout words.
    fn parse(name: &'static str, file: &str) -> Self {
        let mut table = Self {
            name,
            about: String::new(),
            columns: Vec::new(),
            partition_by: None,
            cluster_by: Vec::new(),
        };
        for line in file.lines().map(str::trim) {
            if let Some(about) = line.strip_prefix("-- ") {
                table.about = if table.about.is_empty() {
                    about.to_owned()
                } else {
                    format!("{} {about}", table.about)
                };
            } else if let Some(layout) = line.strip_prefix("{{partition_by ") {
                table.partition_by = Some(until_braces(layout).to_owned());
            } else if let Some(layout) = line.strip_prefix("{{cluster_by ") {
                table.cluster_by = until_braces(layout).split(", ").map(str::to_owned).collect();
            } else if !line.starts_with("CREATE TABLE") && !line.starts_with(')') {
                table.columns.extend(ColumnDef::parse(line));
            }
        }
        table
    }

    /// The statements that create the table and its comments.
    pub fn create(&self, engine: Engine) -> Vec<String> {
        match engine {
            Engine::DuckDb => self.create_duckdb(),
            Engine::BigQuery => vec![self.create_bigquery()],
        }
    }

    fn create_duckdb(&self) -> Vec<String> {
        let Self { name, about, columns, .. } = self;
        let list =
            columns.iter().map(|column| column.declare(Engine::DuckDb)).collect::<Vec<_>>().join(",\n    ");
        let mut statements = vec![
            format!("CREATE TABLE IF NOT EXISTS {DATASET}.{name} (\n    {list}\n)"),
            format!("COMMENT ON TABLE {DATASET}.{name} IS {}", quote(about)),
        ];
        for column in columns {
            if let Some(about) = &column.about {
                statements.push(format!(
                    "COMMENT ON COLUMN {DATASET}.{name}.{} IS {}",
                    column.name,
                    quote(about)
                ));
            }
        }
        statements
    }

    fn create_bigquery(&self) -> String {
        let Self { name, about, columns, .. } = self;
        let list =
            columns.iter().map(|column| column.declare(Engine::BigQuery)).collect::<Vec<_>>().join(",\n    ");
        let mut sql = format!("CREATE TABLE IF NOT EXISTS {DATASET}.{name} (\n    {list}\n)");
        if let Some(day) = &self.partition_by {
            sql.extend(["\nPARTITION BY ", day]);
        }
        if !self.cluster_by.is_empty() {
            sql.extend(["\nCLUSTER BY ", &self.cluster_by.join(", ")]);
        }
        write!(sql, "\nOPTIONS (description = {})", double_quote(about)).expect("a String grows");
        sql
    }
}

impl ColumnDef {
    fn parse(line: &str) -> Option<Self> {
        let (code, about) = match line.split_once(" -- ") {
            Some((code, about)) => (code, Some(about.trim().to_owned())),
            None => (line, None),
        };
        let code = code.trim().trim_end_matches(',');
        let (name, kind) = code.split_once(' ')?;
        let (kind, is_nullable) = match kind.strip_suffix(" NOT NULL") {
            Some(kind) => (kind, false),
            None => (kind, true),
        };
        Some(Self { name: name.to_owned(), kind: kind.trim().to_owned(), is_nullable, about })
    }

    /// `name TYPE`, with what the engine keeps beside it.
    pub fn declare(&self, engine: Engine) -> String {
        let mut sql = format!("{} {}", self.name, render(&self.kind, engine));
        if !self.is_nullable {
            sql.push_str(" NOT NULL");
        }
        if let (Engine::BigQuery, Some(about)) = (engine, &self.about) {
            write!(sql, " OPTIONS (description = {})", double_quote(about)).expect("a String grows");
        }
        sql
    }
}

fn until_braces(text: &str) -> &str {
    text.split("}}").next().unwrap_or(text).trim()
}

/// A string literal that both engines read.
pub fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A string literal of BigQuery, whose quotes are escaped by backslashes.
pub fn double_quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use aispend_proto::{ColumnKind, Table};

    use super::*;

    const LINEAGE: [(&str, &str, bool); 6] = [
        ("org_id", "STRING", false),
        ("slice_key", "STRING", false),
        ("source", "STRING", false),
        ("run_id", "STRING", false),
        ("fetched_at", "TIMESTAMP", false),
        ("document_sha256", "STRING", true),
    ];
    const MERGED: [(&str, &str, bool); 4] = [
        ("is_active", "BOOL", false),
        ("last_seen", "TIMESTAMP", false),
        ("seen_revision", "INT64", false),
        ("seen_reader", "INT64", false),
    ];

    fn kind(kind: ColumnKind) -> &'static str {
        match kind {
            ColumnKind::Date => "DATE",
            ColumnKind::Moment => "TIMESTAMP",
            ColumnKind::Decimal => "{{numeric}}",
            ColumnKind::Integer => "INT64",
            ColumnKind::Flag => "BOOL",
            ColumnKind::Text => "STRING",
        }
    }

    #[test]
    fn a_table_has_the_columns_of_its_rows_then_lineage() {
        let declared = tables();
        for table in Table::ALL {
            let mut expected: Vec<(&str, &str, bool)> = table
                .columns()
                .iter()
                .map(|column| (column.name, kind(column.kind), column.is_nullable))
                .chain(LINEAGE)
                .collect();
            if matches!(table, Table::KeySources | Table::UserSources | Table::DimWorkspaces) {
                expected.extend(MERGED);
            }
            let found = declared.iter().find(|declared| declared.name == table.name()).unwrap();
            let found: Vec<(&str, &str, bool)> = found
                .columns
                .iter()
                .map(|column| (column.name.as_str(), column.kind.as_str(), column.is_nullable))
                .collect();
            assert_eq!(found, expected, "{}", table.name());
        }
    }

    #[test]
    fn every_table_says_what_it_is_and_is_laid_out_by_columns_it_has() {
        for table in tables() {
            assert!(!table.about.is_empty() && !table.columns.is_empty(), "{}", table.name);
            for column in table.partition_by.iter().chain(&table.cluster_by) {
                assert!(
                    table.columns.iter().any(|declared| declared.name == *column),
                    "{}: {column}",
                    table.name
                );
            }
        }
    }

    #[test]
    fn an_engine_gets_its_own_spelling() {
        let table = TableDef::parse(
            "t",
            "-- What it's for.\nCREATE TABLE IF NOT EXISTS ai_usage_analytics.t (\n    day DATE NOT NULL,\n    \
             cost {{numeric}} -- billed \"once\"\n)\n{{partition_by day}}\n{{cluster_by day, cost}};\n",
        );
        assert_eq!(
            table.create(Engine::DuckDb),
            [
                "CREATE TABLE IF NOT EXISTS ai_usage_analytics.t (\n    day DATE NOT NULL,\n    cost DECIMAL(38, 9)\n)",
                "COMMENT ON TABLE ai_usage_analytics.t IS 'What it''s for.'",
                "COMMENT ON COLUMN ai_usage_analytics.t.cost IS 'billed \"once\"'",
            ]
        );
        assert_eq!(
            table.create(Engine::BigQuery),
            [
                "CREATE TABLE IF NOT EXISTS ai_usage_analytics.t (\n    day DATE NOT NULL,\n    cost NUMERIC OPTIONS \
              (description = \"billed \\\"once\\\"\")\n)\nPARTITION BY day\nCLUSTER BY day, cost\nOPTIONS \
              (description = \"What it's for.\")"
            ]
        );
    }
}
