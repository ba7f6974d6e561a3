//! Creating and upgrading.

use aispend_bigquery::{BigQuery, BigQueryError, BigQueryOptions};
use aispend_ports::{Warehouse, WarehouseError};
use aispend_proto::Table;
use aispend_testkit::warehouse::{Reading, cost_slice, expense};

use crate::place::{connect, csv, fresh_project, options, ready};

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn migrating_again_changes_nothing() {
    let (google, warehouse) = ready().await;
    assert!(warehouse.migrate_facts(true).await.unwrap());
    assert!(!warehouse.migrate_facts(true).await.unwrap());
    assert!(!connect(&google).await.migrate_facts(true).await.unwrap());
    let info = warehouse.info().await.unwrap().unwrap();
    assert!(info.is_simulated && info.schema_version == aispend_warehouse::SCHEMA_VERSION);
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_dataset_without_tables_says_what_to_do() {
    let warehouse = connect(&fresh_project()).await;
    assert_eq!(warehouse.info().await.unwrap(), None);
    let load = Reading::default().row(expense(1)).of(cost_slice(5), 10);
    let error = warehouse.load(vec![load]).await.unwrap_err();
    assert!(matches!(&error, WarehouseError::NotMigrated(_)), "{error}");
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn simulated_and_real_data_never_meet() {
    let (_kept, warehouse) = ready().await;
    let error = warehouse.migrate_facts(false).await.unwrap_err();
    assert!(matches!(error, BigQueryError::OtherKind { is_simulated: true, .. }), "{error}");
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn the_dataset_of_a_newer_build_is_left_alone() {
    let (google, warehouse) = ready().await;
    let newer = "UPDATE ai_usage_analytics.warehouse_info SET schema_version = 99 WHERE TRUE";
    warehouse.query(newer, None).await.unwrap();
    let error = warehouse.migrate_facts(true).await.unwrap_err();
    assert!(matches!(error, BigQueryError::NewerSchema { found: 99, .. }), "{error}");
    let error = connect(&google).await.ledger(None).await.unwrap_err();
    assert!(matches!(&error, WarehouseError::NotMigrated(_)), "{error}");
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn an_older_dataset_gets_what_it_lacks_and_keeps_its_rows() {
    let (google, warehouse) = ready().await;
    warehouse.load(vec![Reading::default().row(expense(1)).of(cost_slice(5), 10)]).await.unwrap();
    for sql in [
        "DROP TABLE ai_usage_analytics.staging_dim_budget",
        "CREATE OR REPLACE TABLE ai_usage_analytics.claude_expenses AS \
         SELECT * EXCEPT (description) FROM ai_usage_analytics.claude_expenses",
        "CREATE OR REPLACE TABLE ai_usage_analytics.staging_claude_expenses AS \
         SELECT * EXCEPT (description) FROM ai_usage_analytics.staging_claude_expenses",
        "UPDATE ai_usage_analytics.warehouse_info SET schema_version = 0 WHERE TRUE",
        "INSERT INTO ai_usage_analytics.dim_assumption (name, value, unit, note) VALUES ('value_per_line_usd', 42, 'u', 'n')",
    ] {
        warehouse.query(sql, None).await.unwrap();
    }
    let warehouse = connect(&google).await;
    assert!(matches!(warehouse.load(Vec::new()).await, Err(WarehouseError::NotMigrated(_))));
    assert!(warehouse.migrate_facts(true).await.unwrap());
    // What the new column holds cannot be tested here: the emulator's write service never hears of it.
    warehouse.load(vec![Reading::default().row(expense(2)).of(cost_slice(6), 10)]).await.unwrap();
    let set = warehouse.snapshot(Table::ClaudeExpenses).await.unwrap();
    assert_eq!(set.claude_expenses, [expense(1), expense(2)]);
    assert_eq!(csv(&warehouse, "SELECT COUNT(*) AS n FROM ai_usage_analytics.vw_freshness").await, "n\n1\n");
    let kept = "SELECT value FROM ai_usage_analytics.dim_assumption WHERE name = 'value_per_line_usd'";
    assert_eq!(csv(&warehouse, kept).await, "value\n42\n");
    let seeded =
        "SELECT COUNT(*) AS n, MIN(day) AS first, MAX(week) AS last FROM ai_usage_analytics.dim_calendar";
    assert_eq!(csv(&warehouse, seeded).await, "n,first,last\n2557,2024-01-01,2030-12-30\n");
    assert_eq!(csv(&warehouse, "SELECT COUNT(*) AS n FROM ai_usage_analytics.load_lock").await, "n\n1\n");
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_dataset_may_have_another_name() {
    let google = fresh_project();
    let named = |dataset: &str| BigQueryOptions { dataset: dataset.to_owned(), ..options() };
    let warehouse = BigQuery::connect(&google, named("spend_eu")).await.unwrap();
    warehouse.migrate_facts(true).await.unwrap();
    warehouse.load(vec![Reading::default().row(expense(1)).of(cost_slice(5), 10)]).await.unwrap();
    assert_eq!(csv(&warehouse, "SELECT COUNT(*) AS n FROM spend_eu.fct_cost_daily").await, "n\n1\n");
    assert_eq!(warehouse.snapshot(Table::ClaudeExpenses).await.unwrap().len(), 1);
    let error = connect(&google).await.ledger(None).await.unwrap_err();
    assert!(matches!(&error, WarehouseError::NotMigrated(_)), "{error}");
    for bad in ["", "a-b", "1a", "a.b", "a`b"] {
        let error = BigQuery::connect(&google, named(bad)).await.unwrap_err();
        assert!(matches!(error, BigQueryError::Dataset(_)), "{bad}: {error}");
    }
}
