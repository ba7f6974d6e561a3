//! The file: who may open it, what a crash leaves, what readers see.
#![allow(clippy::unwrap_used)]

use std::{process::Command, sync::mpsc, time::Duration};

use aispend_duckdb::{DuckDb, DuckDbError, Options, open_reader};
use aispend_model::{Feed, Slice, parse_day};
use aispend_ports::{Warehouse, WarehouseError};
use aispend_proto::{
    Table,
    v1::{ClaudeUsage, KeySource},
};
use aispend_testkit::warehouse::{Reading, cost_slice, expense};
use duckdb::Connection;

async fn ready(folder: &std::path::Path) -> DuckDb {
    let warehouse = DuckDb::open_writer(folder, false).unwrap();
    warehouse.migrate().await.unwrap();
    warehouse
}

fn lone_expense(nanos: i64, generation: i64) -> aispend_ports::SliceLoad {
    Reading::default().row(expense(nanos)).of(cost_slice(5), generation)
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = DuckDb::open_writer(folder.path(), false).unwrap();
    assert!(warehouse.migrate().await.unwrap());
    assert!(!warehouse.migrate().await.unwrap());
    drop(warehouse);
    assert!(!DuckDb::open_writer(folder.path(), false).unwrap().migrate().await.unwrap());
}

#[tokio::test]
async fn a_warehouse_without_tables_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = DuckDb::open_writer(folder.path(), false).unwrap();
    let error = warehouse.load(vec![lone_expense(1, 10)]).await.unwrap_err();
    assert!(matches!(&error, WarehouseError::NotMigrated(_)), "{error}");
    assert!(matches!(open_reader(folder.path()), Err(DuckDbError::Missing { .. })));
}

#[tokio::test]
async fn simulated_and_real_data_never_meet() {
    let folder = tempfile::tempdir().unwrap();
    drop(ready(folder.path()).await);
    let error = DuckDb::open_writer(folder.path(), true).err().unwrap();
    assert!(matches!(error, DuckDbError::OtherKind { is_simulated: false, .. }), "{error}");
    assert!(!open_reader(folder.path()).unwrap().is_simulated().unwrap());
}

#[tokio::test]
async fn the_file_of_a_newer_build_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(ready(folder.path()).await);
    let connection = Connection::open(folder.path().join(".writer/warehouse.duckdb")).unwrap();
    connection.execute_batch("UPDATE ai_usage_analytics.warehouse_info SET schema_version = 99").unwrap();
    drop(connection);
    let error = DuckDb::open_writer(folder.path(), false).err().unwrap();
    assert!(matches!(error, DuckDbError::NewerSchema { found: 99, .. }), "{error}");
}

#[tokio::test]
async fn an_older_file_gets_the_columns_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    drop(ready(folder.path()).await);
    let connection = Connection::open(folder.path().join(".writer/warehouse.duckdb")).unwrap();
    connection
        .execute_batch(
            "DROP VIEW ai_usage_analytics.fct_cost_daily;
             ALTER TABLE ai_usage_analytics.claude_expenses DROP COLUMN platform_rule;
             UPDATE ai_usage_analytics.warehouse_info SET schema_version = 0",
        )
        .unwrap();
    drop(connection);
    let warehouse = DuckDb::open_writer(folder.path(), false).unwrap();
    assert!(matches!(warehouse.load(Vec::new()).await, Err(WarehouseError::NotMigrated(_))));
    assert!(warehouse.migrate().await.unwrap());
    warehouse.load(vec![lone_expense(1, 10)]).await.unwrap();
    let set = warehouse.snapshot(Table::ClaudeExpenses).await.unwrap();
    assert_eq!(set.claude_expenses.first().unwrap().platform_rule, "product");
}

#[tokio::test]
async fn readers_see_whole_publications_and_follow_them() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = ready(folder.path()).await;
    let reader = open_reader(folder.path()).unwrap();
    let count = "SELECT COUNT(*) AS n FROM ai_usage_analytics.claude_expenses";
    let rows = || reader.query(count).unwrap().rows.first().unwrap().first().unwrap().to_string();
    warehouse.load(vec![lone_expense(1, 10)]).await.unwrap();
    assert_eq!(rows(), "0");
    warehouse.publish().await.unwrap();
    assert_eq!(rows(), "1");
    assert!(reader.query("DELETE FROM ai_usage_analytics.claude_expenses").is_err());
    assert!(reader.query("SELECT * FROM read_csv('/etc/passwd')").is_err());
}

#[tokio::test]
async fn a_data_folder_without_its_hidden_part_starts_from_what_was_published() {
    let (folder, moved) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let warehouse = ready(folder.path()).await;
    warehouse.load(vec![lone_expense(1, 10)]).await.unwrap();
    warehouse.publish().await.unwrap();
    std::fs::copy(folder.path().join("warehouse.duckdb"), moved.path().join("warehouse.duckdb")).unwrap();
    let again = ready(moved.path()).await;
    assert_eq!(again.snapshot(Table::ClaudeExpenses).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_second_writer_waits_for_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let first = ready(folder.path()).await;
    let (told, opened) = mpsc::channel();
    let path = folder.path().to_owned();
    let second = std::thread::spawn(move || {
        let warehouse = DuckDb::open_writer_with(&path, false, &Options::default()).unwrap();
        told.send(()).unwrap();
        warehouse
    });
    assert!(opened.recv_timeout(Duration::from_millis(200)).is_err());
    first.load(vec![lone_expense(1, 10)]).await.unwrap();
    drop(first);
    let second = second.join().unwrap();
    assert_eq!(second.snapshot(Table::ClaudeExpenses).await.unwrap().len(), 1);
}

/// Not a test of its own: the process that the next one kills.
#[tokio::test]
async fn killed_writer() {
    let Some(folder) = std::env::var_os("AISPEND_TEST_KILLED_WRITER") else { return };
    let warehouse = ready(folder.as_ref()).await;
    for generation in 10.. {
        let rows = (0..5_000).fold(Reading::default(), |reading, nanos| reading.row(expense(nanos)));
        warehouse.load(vec![rows.of(cost_slice(5), generation)]).await.unwrap();
        println!("loaded");
    }
}

#[tokio::test]
async fn a_killed_writer_leaves_whole_slices() {
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["killed_writer", "--exact", "--nocapture"])
        .env("AISPEND_TEST_KILLED_WRITER", folder.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.filter(|line| line.as_ref().unwrap().contains("loaded")).nth(2).unwrap().unwrap();
    std::thread::sleep(Duration::from_millis(17));
    child.kill().unwrap();
    child.wait().unwrap();
    let warehouse = ready(folder.path()).await;
    assert_eq!(warehouse.snapshot(Table::ClaudeExpenses).await.unwrap().len(), 5_000);
    let lines = warehouse.ledger(None).await.unwrap();
    assert_eq!(lines.first().unwrap().loaded.rows(), 5_000);
    assert!(lines.first().unwrap().order.generation.0 >= 12);
}

#[tokio::test]
async fn lineage_and_what_the_loader_adds_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let warehouse = ready(folder.path()).await;
    let chat = Slice::of_day(Feed::AnthropicClaudeAi, "org", parse_day("2026-10-05").unwrap());
    let directory = Slice::all(Feed::AnthropicDirectory, "org");
    let named = |id: &str| KeySource { api_key_id: id.into(), ..KeySource::default() };
    warehouse
        .load(vec![
            Reading::default()
                .row(ClaudeUsage { activity_date: 20_731, ..ClaudeUsage::default() })
                .of(chat, 1_000_000),
            Reading::default().row(named("a")).row(named("b")).of(directory.clone(), 1_000_000),
            Reading::default().row(named("b")).of(directory, 2_000_000),
        ])
        .await
        .unwrap();
    warehouse.publish().await.unwrap();
    let reader = open_reader(folder.path()).unwrap();
    assert_eq!(
        reader.export_sorted("claude_usage_stats").unwrap().lines().nth(1).unwrap(),
        format!(
            "2026-10-05,,,,,,1970-01-01T00:00:01Z,org,anthropic/claude-ai|org|2026-10-05,test,run-1000000,\
             1970-01-01T00:00:01Z,{:064x}",
            1_000_000
        )
    );
    let keys =
        reader.query("SELECT api_key_id, is_active, run_id FROM ai_usage_analytics.key_sources ORDER BY 1");
    assert_eq!(
        keys.unwrap().to_csv(),
        "api_key_id,is_active,run_id\na,false,run-1000000\nb,true,run-2000000\n"
    );
    let set = warehouse.snapshot(Table::ClaudeUsageStats).await.unwrap();
    assert_eq!(set.claude_usage_stats.first().unwrap().upload_timestamp, None);
    let documents = reader.query("SELECT COUNT(*) AS n FROM ai_usage_analytics.raw_documents").unwrap();
    assert_eq!(documents.to_csv(), "n\n3\n");
}
