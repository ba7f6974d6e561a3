//! Creates and upgrades dataset, tables and views, and says what a dataset is.

use std::collections::{HashMap, HashSet};

use aispend_warehouse::{
    Assumption, Engine, SCHEMA_VERSION, TableDef, View, assume, digest, fact_views, in_dataset, seeds,
    staging_name, views,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::{BigQuery, BigQueryError, Fault, client::Question, literal};

const CREATING: &str = "create the tables and views";

/// Statements that run at once where their order does not matter.
const AT_ONCE: usize = 6;

/// What a dataset says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// Which version of the tables.
    pub schema_version: i64,
    /// Which tables, views and seeds exactly.
    pub schema_digest: String,
    /// True for a demo.
    pub is_simulated: bool,
}

impl BigQuery {
    /// What the dataset is; `None` where it has no tables.
    ///
    /// # Errors
    /// When BigQuery cannot be asked.
    pub async fn info(&self) -> Result<Option<Info>, BigQueryError> {
        self.read_info().await
    }

    pub(crate) async fn read_info(&self) -> Result<Option<Info>, BigQueryError> {
        const READING: &str = "read what the warehouse is";
        let sql = format!(
            "SELECT schema_version, schema_digest, is_simulated FROM {} LIMIT 1",
            self.name("warehouse_info")
        );
        let answer = match self.ask(Question::new(READING, sql)).await {
            Err(error) if error.fault() == Some(Fault::Missing) => return Ok(None),
            answer => answer?,
        };
        let Some(row) = answer.rows.into_iter().next() else { return Ok(None) };
        let mut cells = row.into_iter().flatten();
        let mut cell = || {
            cells
                .next()
                .ok_or_else(|| BigQueryError::new(READING, Fault::Service, "`warehouse_info` cannot be read"))
        };
        let unread = |_| BigQueryError::new(READING, Fault::Service, "`schema_version` is no number");
        Ok(Some(Info {
            schema_version: cell()?.parse().map_err(unread)?,
            schema_digest: cell()?,
            is_simulated: cell()? == "true",
        }))
    }

    /// Brings dataset, tables, views and seeds to what this build needs. True where that took anything. What was begun
    /// and not finished is finished by the next call.
    ///
    /// # Errors
    /// `NewerSchema` for the dataset of a newer build, `OtherKind` where a demo would meet real data or the other way
    /// round.
    pub async fn migrate(&self, is_simulated: bool) -> Result<bool, BigQueryError> {
        let all: Vec<View> = views().collect();
        self.migrate_with(is_simulated, &all, digest(Engine::BigQuery)).await
    }

    /// The same without the views for dashboards. The emulator takes minutes for those, and `migrate` still adds them.
    ///
    /// # Errors
    /// As `migrate`.
    pub async fn migrate_facts(&self, is_simulated: bool) -> Result<bool, BigQueryError> {
        let facts: Vec<View> = fact_views().collect();
        let wanted = format!("facts only: {}", digest(Engine::BigQuery));
        self.migrate_with(is_simulated, &facts, wanted).await
    }

    /// Sets what figures and checks rest on.
    ///
    /// # Errors
    /// When BigQuery does not answer, or the dataset was not migrated.
    pub async fn assume(&self, assumptions: &[Assumption]) -> Result<(), BigQueryError> {
        for statement in assume(assumptions, Engine::BigQuery) {
            self.run(in_dataset(&statement, self.dataset())).await?;
        }
        Ok(())
    }

    async fn migrate_with(
        &self,
        is_simulated: bool,
        views: &[View],
        wanted: String,
    ) -> Result<bool, BigQueryError> {
        let info = self.info_to_change(is_simulated).await?;
        if info.is_some_and(|info| info.schema_version == SCHEMA_VERSION && info.schema_digest == wanted) {
            return Ok(false);
        }
        self.make_tables().await?;
        // In their order: a view reads those before it.
        for view in views {
            for statement in view.create(Engine::BigQuery) {
                self.run(in_dataset(&statement, self.dataset())).await?;
            }
        }
        self.run(self.begin(&seeds(Engine::BigQuery), &wanted, is_simulated)).await?;
        tracing::info!(
            dataset = self.dataset(),
            schema_version = SCHEMA_VERSION,
            "tables and views are up to date"
        );
        Ok(true)
    }

    /// The tables alone: what a load needs, in a fraction of the time. `migrate` adds the rest.
    ///
    /// # Errors
    /// As `migrate`.
    pub async fn create_tables(&self, is_simulated: bool) -> Result<(), BigQueryError> {
        self.info_to_change(is_simulated).await?;
        self.make_tables().await?;
        self.run(self.begin(&[], "tables only", is_simulated)).await
    }

    async fn info_to_change(&self, is_simulated: bool) -> Result<Option<Info>, BigQueryError> {
        let info = self.read_info().await?;
        match &info {
            Some(info) if info.is_simulated != is_simulated => {
                let dataset = self.dataset().to_owned();
                Err(BigQueryError::OtherKind { dataset, is_simulated: info.is_simulated })
            }
            Some(info) if info.schema_version > SCHEMA_VERSION => {
                Err(BigQueryError::NewerSchema { found: info.schema_version, known: SCHEMA_VERSION })
            }
            Some(_) | None => Ok(info),
        }
    }

    async fn make_tables(&self) -> Result<(), BigQueryError> {
        let dataset = self.dataset();
        let present = match self.present_columns().await {
            Err(error) if error.fault() == Some(Fault::Missing) => HashMap::new(),
            present => present?,
        };
        // Only then: who keeps datasets elsewhere need not let us create any.
        if present.is_empty() {
            let location = literal::text(&self.inner.options.location);
            self.run(format!("CREATE SCHEMA IF NOT EXISTS {dataset} OPTIONS (location = {location})"))
                .await?;
        }
        let missing = self.inner.tables.iter().flat_map(|table| statements(table, &present));
        let missing: Vec<String> = missing.map(|statement| in_dataset(&statement, dataset)).collect();
        stream::iter(missing)
            .map(|statement| self.run(statement))
            .buffer_unordered(AT_ONCE)
            .try_collect::<Vec<()>>()
            .await?;
        Ok(())
    }

    /// Seeds, the row that loads lock by, and what the dataset is: in one transaction, and last.
    fn begin(&self, seeds: &[String], digest: &str, is_simulated: bool) -> String {
        let work: Vec<String> =
            seeds.iter().map(|statement| in_dataset(statement, self.dataset()) + ";\n").collect();
        let seeds = work.concat();
        let (lock, info) = (self.name("load_lock"), self.name("warehouse_info"));
        let digest = literal::text(digest);
        format!(
            "BEGIN TRANSACTION;\n{seeds}INSERT INTO {lock} (name, holder)\nSELECT one.name, '' FROM (SELECT 'load' AS name) AS one\n\
             WHERE NOT EXISTS (SELECT 1 FROM {lock});\n\
             UPDATE {info} SET schema_version = {SCHEMA_VERSION}, schema_digest = {digest} WHERE TRUE;\n\
             INSERT INTO {info} (schema_version, schema_digest, is_simulated, created_at)\n\
             SELECT one.version, {digest}, {is_simulated}, CURRENT_TIMESTAMP()\n\
             FROM (SELECT {SCHEMA_VERSION} AS version) AS one WHERE NOT EXISTS (SELECT 1 FROM {info});\n\
             COMMIT TRANSACTION;"
        )
    }

    /// The columns of every table that is there.
    async fn present_columns(&self) -> Result<HashMap<String, HashSet<String>>, BigQueryError> {
        let sql = format!("SELECT table_name, column_name FROM {}", self.name("INFORMATION_SCHEMA.COLUMNS"));
        let answer = self.ask(Question::new("read the columns of the tables", sql)).await?;
        let mut columns: HashMap<String, HashSet<String>> = HashMap::new();
        for row in answer.rows {
            let mut cells = row.into_iter().flatten();
            if let (Some(table), Some(column)) = (cells.next(), cells.next()) {
                columns.entry(table).or_default().insert(column);
            }
        }
        Ok(columns)
    }

    async fn run(&self, sql: String) -> Result<(), BigQueryError> {
        self.ask(Question::new(CREATING, sql)).await.map(drop)
    }
}

/// What is missing of a table and of its staging table.
fn statements(table: &TableDef, present: &HashMap<String, HashSet<String>>) -> Vec<String> {
    let mut missing = Vec::new();
    match present.get(table.name) {
        None => missing.extend(table.create(Engine::BigQuery)),
        Some(known) => {
            // A column that is required cannot be added to rows that lack it.
            let columns = table.columns.iter().filter(|column| !known.contains(&column.name));
            let declared =
                columns.map(|column| column.declare(Engine::BigQuery).replacen(" NOT NULL", "", 1));
            missing.extend(declared.map(|declared| add_column(table.name, &declared)));
        }
    }
    let Some(create) = table.create_staging() else { return missing };
    let staging = staging_name(table.name);
    match present.get(&staging) {
        None => missing.push(create),
        Some(known) => {
            let columns = table.staging_columns();
            let columns = columns.iter().filter(|column| !known.contains(&column.name));
            missing.extend(columns.map(|column| add_column(&staging, &column.declare(Engine::BigQuery))));
        }
    }
    missing
}

fn add_column(table: &str, declared: &str) -> String {
    format!("ALTER TABLE {}.{table} ADD COLUMN IF NOT EXISTS {declared}", aispend_warehouse::DATASET)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_made() {
        let tables = aispend_warehouse::tables();
        let table = tables.iter().find(|table| table.name == "dim_budget").unwrap();
        assert_eq!(statements(table, &HashMap::new()).len(), 2);
        let names = |lacks: &str| -> HashSet<String> {
            let columns = table.staging_columns();
            columns.iter().map(|column| column.name.clone()).filter(|name| name != lacks).collect()
        };
        let present = |lacks: &str| -> HashMap<String, HashSet<String>> {
            [("dim_budget", names(lacks)), ("staging_dim_budget", names(lacks))]
                .map(|(name, columns)| (name.to_owned(), columns))
                .into()
        };
        assert!(statements(table, &present("")).is_empty());
        assert_eq!(
            statements(table, &present("budget_usd")),
            [
                "ALTER TABLE ai_usage_analytics.dim_budget ADD COLUMN IF NOT EXISTS budget_usd NUMERIC OPTIONS (description = \
                 \"US dollars of the month\")",
                "ALTER TABLE ai_usage_analytics.staging_dim_budget ADD COLUMN IF NOT EXISTS budget_usd NUMERIC",
            ]
        );
    }
}
