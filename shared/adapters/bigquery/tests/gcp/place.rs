//! The emulator, and an empty project of one's own in it.

use std::time::Duration;

use aispend_bigquery::{BigQuery, BigQueryOptions};
use aispend_google::Google;

/// The emulator's addresses, and a project that no other test uses.
pub fn fresh_project() -> Google {
    let id = format!("test-{:016x}", rand::random::<u64>());
    let variable = |name: &str| match name {
        "GOOGLE_CLOUD_PROJECT" => Some(id.clone()),
        other => std::env::var(other).ok(),
    };
    let google = Google::read(&variable).unwrap();
    assert!(
        google.bigquery.is_some(),
        "BIGQUERY_EMULATOR_HOST is not set: run `cargo xtask test --only gcp`, which starts the emulators"
    );
    google
}

/// What tests wait for, and no longer.
pub fn options() -> BigQueryOptions {
    BigQueryOptions {
        stage: "test".to_owned(),
        call_timeout: Duration::from_mins(1),
        load_timeout: Duration::from_mins(2),
        ..BigQueryOptions::default()
    }
}

/// A client of a project.
pub async fn connect(google: &Google) -> BigQuery {
    BigQuery::connect(google, options()).await.unwrap()
}

/// A warehouse without a row, and without views: the emulator takes half a minute for them.
pub async fn ready() -> (Google, BigQuery) {
    let google = fresh_project();
    let warehouse = connect(&google).await;
    warehouse.create_tables(true).await.unwrap();
    (google, warehouse)
}

/// The answer's cells, as a CSV shows them.
pub async fn csv(warehouse: &BigQuery, sql: &str) -> String {
    warehouse.query(sql, None).await.unwrap().to_csv()
}
