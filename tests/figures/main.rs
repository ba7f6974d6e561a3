//! What the workers take on the emulators: start-up and idle memory of each, and rows a second through all five. Prints;
//! `docs/performance.md` has what it printed. Not part of the gate: a busy machine is no fault.
//! `cargo xtask emulators exec cargo nextest run --cargo-profile quick --workspace --run-ignored all -E 'binary(figures)' --no-capture`
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::float_arithmetic,
    reason = "helpers of tests, outside of #[test] functions; processes share the machine's clock"
)]
#![allow(dead_code, reason = "what only the other tests need of the cluster")]

use std::time::{Duration, Instant};

use aispend_ports::Topic;

use crate::cluster::{Cluster, Company, STAGES, Setting};
use crate::worker::Mode;

#[path = "../gcp/balancer.rs"]
mod balancer;
#[path = "../gcp/cluster.rs"]
mod cluster;
#[path = "../gcp/worker.rs"]
mod worker;

/// How long a worker is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(5);

/// About 60,000 Cursor events.
fn company() -> Company {
    Company { days: 30, events: 400, ..Company::small(1) }
}

async fn measure(mode: Mode) {
    let mut cluster = Cluster::new("figures", mode, &company(), &Setting::default()).await;
    let mut workers = Vec::new();
    for stage in STAGES {
        let begun = Instant::now();
        workers.push(cluster.start(stage).await);
        println!("{mode:?} {stage}: ready after {} ms", begun.elapsed().as_millis());
    }
    tokio::time::sleep(IDLE).await;
    for worker in &workers {
        println!("{mode:?} {}: {:.1} MiB idle", worker.stage, worker.resident_kib() as f64 / 1024.0);
    }
    let begun = Instant::now();
    cluster.publish_json(Topic::FetchRequests, r#"{"trigger":"daily"}"#).await;
    let first = cluster.first_over("daily").await;
    let seconds = begun.elapsed().as_secs_f64();
    let sql = "SELECT SUM(l.rows_loaded) AS rows_loaded FROM ai_usage_analytics.slice_loads AS l WHERE l.run_id = '";
    let answer = cluster.ask(&format!("{sql}{first}'"));
    let rows: f64 = answer.rows[0][0].to_string().parse().unwrap();
    println!("{mode:?}: {rows} rows in {seconds:.1} s, {:.0} rows/s", rows / seconds);
    for worker in &workers {
        println!("{mode:?} {}: {:.1} MiB after the run", worker.stage, worker.resident_kib() as f64 / 1024.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, and needs the emulators"]
async fn pulled() {
    measure(Mode::Pull).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures, and needs the emulators"]
async fn pushed() {
    measure(Mode::Push).await;
}
