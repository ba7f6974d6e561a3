//! BigQuery that does not answer.

use std::time::{Duration, Instant};

use aispend_bigquery::{BigQuery, BigQueryOptions};
use aispend_google::Google;
use aispend_ports::{Warehouse, WarehouseError};
use aispend_testkit::warehouse::{Reading, cost_slice, expense};
use tokio::net::TcpListener;

use crate::place::{fresh_project, options, ready};

async fn is_unavailable_within(google: &Google, options: BigQueryOptions, limit: Duration) {
    let warehouse = BigQuery::connect(google, options).await.unwrap();
    let started = Instant::now();
    let load = Reading::default().row(expense(1)).of(cost_slice(5), 10);
    let error = warehouse.load(vec![load]).await.unwrap_err();
    assert!(matches!(&error, WarehouseError::Unavailable(_)), "{error}");
    let error = warehouse.ledger(None).await.unwrap_err();
    assert!(matches!(&error, WarehouseError::Unavailable(_)), "{error}");
    assert!(started.elapsed() < limit, "{:?}", started.elapsed());
}

async fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_closed_port_is_told_soon() {
    let closed = closed_port().await;
    let google = Google { bigquery: Some(closed.clone()), bigquery_storage: Some(closed), ..fresh_project() };
    let options = BigQueryOptions { call_timeout: Duration::from_secs(10), ..options() };
    is_unavailable_within(&google, options, Duration::from_secs(30)).await;
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_service_that_hangs_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hanging = Some(format!("http://{}", listener.local_addr().unwrap()));
    let google = Google { bigquery: hanging.clone(), bigquery_storage: hanging, ..fresh_project() };
    let options = BigQueryOptions { call_timeout: Duration::from_secs(2), ..options() };
    is_unavailable_within(&google, options, Duration::from_secs(20)).await;
    drop(listener);
}

/// Queries are answered and rows are not taken: nothing of the slice is there.
#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn rows_that_cannot_be_staged_change_nothing() {
    let (google, warehouse) = ready().await;
    let google = Google { bigquery_storage: Some(closed_port().await), ..google };
    let options = BigQueryOptions { call_timeout: Duration::from_secs(5), ..options() };
    let cut_off = BigQuery::connect(&google, options).await.unwrap();
    let load = Reading::default().row(expense(1)).of(cost_slice(5), 10);
    let error = cut_off.load(vec![load.clone()]).await.unwrap_err();
    assert!(matches!(&error, WarehouseError::Unavailable(_)), "{error}");
    assert!(warehouse.ledger(None).await.unwrap().is_empty());
    warehouse.load(vec![load]).await.unwrap();
    assert_eq!(warehouse.ledger(None).await.unwrap().len(), 1);
}
