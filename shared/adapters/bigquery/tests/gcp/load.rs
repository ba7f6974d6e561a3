//! Loads that meet, and loads that die.

use std::{sync::Arc, time::Duration};

use aispend_bigquery::BigQuery;
use aispend_google::Google;
use aispend_model::{Feed, Slice};
use aispend_ports::{LoadState, SliceLoad, Verdict, Warehouse};
use aispend_proto::{Table, TableSums, v1::KeySource};
use aispend_testkit::warehouse::{Reading, cost_slice, expense};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use crate::place::{connect, csv, ready};

fn cost(nanos: i64, generation: i64) -> SliceLoad {
    Reading::default().row(expense(nanos)).of(cost_slice(5), generation)
}

async fn costs(warehouse: &BigQuery) -> Vec<i64> {
    let set = warehouse.snapshot(Table::ClaudeExpenses).await.unwrap();
    set.claude_expenses.iter().map(|row| row.cost_usd).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn many_loads_of_one_slice_at_once_end_as_the_order_says() {
    let (google, first) = ready().await;
    let mut tasks = Vec::new();
    for (turn, generation) in [30, 10, 20, 40, 15, 40, 25, 5].into_iter().enumerate() {
        let warehouse = if turn % 2 == 0 { first.clone() } else { connect(&google).await };
        tasks.push(tokio::spawn(async move {
            let load = cost(generation, generation);
            warehouse.load(vec![load]).await.unwrap().remove(0).state
        }));
    }
    let mut states = Vec::new();
    for task in tasks {
        states.push(task.await.unwrap());
    }
    assert_eq!(costs(&first).await, [40]);
    let line = first.ledger(None).await.unwrap().remove(0);
    assert_eq!((line.order.generation.0, line.loaded.rows()), (40, 1));
    // One of the two that are the newest replaced; the other came too late.
    let loaded = states.iter().filter(|state| **state == LoadState::Loaded).count();
    let lines = csv(&first, "SELECT COUNT(*) AS n FROM ai_usage_analytics.slice_loads").await;
    assert_eq!(lines, format!("n\n{loaded}\n"));
    assert!((1..=7).contains(&loaded), "{states:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn loads_of_different_slices_at_once_all_arrive() {
    let (google, first) = ready().await;
    let mut tasks = Vec::new();
    for day in 1..=6_u8 {
        let warehouse = connect(&google).await;
        tasks.push(tokio::spawn(async move {
            let load = Reading::default().row(expense(i64::from(day))).of(cost_slice(day), 10);
            warehouse.load(vec![load]).await.unwrap();
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let mut found = costs(&first).await;
    found.sort_unstable();
    assert_eq!(found, [1, 2, 3, 4, 5, 6]);
    assert_eq!(first.ledger(None).await.unwrap().len(), 6);
}

/// BigQuery's Storage service behind a door that is shut until `open` is told.
async fn gated(google: &Google, open: Arc<Notify>) -> Google {
    let service = google.bigquery_storage.clone().unwrap().replace("http://", "");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut inside, _) = listener.accept().await.unwrap();
        open.notified().await;
        let mut outside = TcpStream::connect(service).await.unwrap();
        tokio::io::copy_bidirectional(&mut inside, &mut outside).await
    });
    Google { bigquery_storage: Some(format!("http://{address}")), ..google.clone() }
}

/// The race that a load is to lose: between its look at the ledger and its script another load commits.
async fn loses_to(slow: SliceLoad, fast: SliceLoad) -> (BigQuery, Verdict) {
    let (google, warehouse) = ready().await;
    warehouse.load(vec![cost(1, 10)]).await.unwrap();
    let open = Arc::new(Notify::new());
    let held_up = connect(&gated(&google, Arc::clone(&open)).await).await;
    // The moment at which it knows the ledger and cannot stage its rows yet.
    let decided = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let verdict = warehouse.load(vec![fast]).await.unwrap().remove(0);
        assert_eq!(verdict.state, LoadState::Loaded);
        open.notify_one();
    };
    let (late, ()) = tokio::join!(held_up.load(vec![slow]), decided);
    (warehouse, late.unwrap().remove(0))
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn an_older_reading_that_was_decided_before_a_newer_one_committed_changes_nothing() {
    let (warehouse, late) = loses_to(cost(2, 20), cost(3, 30)).await;
    assert_eq!(late, Verdict { state: LoadState::Superseded, superseded: TableSums::default() });
    assert_eq!(costs(&warehouse).await, [3]);
    assert_eq!(warehouse.ledger(None).await.unwrap().remove(0).order.generation.0, 30);
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_newer_reading_replaces_what_committed_while_it_was_staged() {
    let (warehouse, late) = loses_to(cost(2, 40), cost(3, 30)).await;
    assert_eq!(late.state, LoadState::Loaded);
    // Not what it saw first.
    assert_eq!(late.superseded.of(Table::ClaudeExpenses), (1, 3));
    assert_eq!(costs(&warehouse).await, [2]);
    let lines = "SELECT generation, superseded_rows, superseded_money_usd FROM ai_usage_analytics.slice_loads ORDER BY 1";
    assert_eq!(
        csv(&warehouse, lines).await,
        "generation,superseded_rows,superseded_money_usd\n10,0,0\n30,1,0.000000001\n40,1,0.000000003\n"
    );
}

/// A loader that dies after its rows arrived and before they were taken over.
#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn what_a_dead_load_has_staged_is_in_nobodys_way() {
    let (_kept, warehouse) = ready().await;
    warehouse.load(vec![cost(1, 10)]).await.unwrap();
    let sql = "INSERT INTO ai_usage_analytics.staging_claude_expenses \
               (expense_date, platform, platform_rule, cost_usd, cost_class, allocation, org_id, slice_key, source, run_id, \
               fetched_at, load_id, load_place, staged_on) \
               SELECT expense_date, platform, platform_rule, NUMERIC '99', cost_class, allocation, org_id, slice_key, source, \
               run_id, fetched_at, 'dead', 0, DATE '2026-10-05' FROM ai_usage_analytics.claude_expenses";
    warehouse.query(sql, None).await.unwrap();
    assert_eq!(costs(&warehouse).await, [1]);
    warehouse.load(vec![cost(2, 20)]).await.unwrap();
    assert_eq!(costs(&warehouse).await, [2]);
    let staged = "SELECT COUNT(*) AS n FROM ai_usage_analytics.staging_claude_expenses";
    assert_eq!(csv(&warehouse, staged).await, "n\n3\n");
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_load_that_is_dropped_at_any_moment_leaves_whole_slices() {
    let (google, warehouse) = ready().await;
    warehouse.load(vec![cost(1, 10)]).await.unwrap();
    let mut generation = 20;
    for millis in [1_u64, 5, 20, 40, 60, 80, 120, 200] {
        let client = connect(&google).await;
        let rows = (0..500).fold(Reading::default(), |reading, _| reading.row(expense(generation)));
        let load = client.load(vec![rows.of(cost_slice(5), generation)]);
        let cut = tokio::time::timeout(Duration::from_millis(millis), load).await;
        generation += i64::from(cut.is_ok()) + 1;
        let (rows, line) = (costs(&warehouse).await, warehouse.ledger(None).await.unwrap().remove(0));
        assert_eq!(rows.len() as u64, line.loaded.rows(), "after {millis} ms");
        assert!(rows.iter().all(|row| rows.first() == Some(row)), "after {millis} ms");
    }
    warehouse.load(vec![cost(7, 1_000)]).await.unwrap();
    assert_eq!(costs(&warehouse).await, [7]);
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn lineage_and_what_the_loader_adds_is_written() {
    let (_kept, warehouse) = ready().await;
    let directory = Slice::all(Feed::AnthropicDirectory, "org");
    let named = |id: &str| KeySource { api_key_id: id.into(), ..KeySource::default() };
    let chat = Slice::of_day(Feed::AnthropicClaudeAi, "org", aispend_model::parse_day("2026-10-05").unwrap());
    let usage = aispend_proto::v1::ClaudeUsage { activity_date: 20_731, ..Default::default() };
    warehouse
        .load(vec![
            Reading::default().row(usage).of(chat, 1_000_000),
            Reading::default().row(named("a")).row(named("b")).of(directory.clone(), 1_000_000),
            Reading::default().row(named("b")).of(directory, 2_000_000),
        ])
        .await
        .unwrap();
    assert_eq!(
        csv(
            &warehouse,
            "SELECT activity_date, upload_timestamp, org_id, slice_key, source, run_id, fetched_at, document_sha256 \
             FROM ai_usage_analytics.claude_usage_stats"
        )
        .await
        .lines()
        .nth(1)
        .unwrap(),
        format!(
            "2026-10-05,1970-01-01T00:00:01Z,org,anthropic/claude-ai|org|2026-10-05,test,run-1000000,1970-01-01T00:00:01Z,{:064x}",
            1_000_000
        )
    );
    assert_eq!(
        csv(
            &warehouse,
            "SELECT api_key_id, is_active, run_id FROM ai_usage_analytics.key_sources ORDER BY 1"
        )
        .await,
        "api_key_id,is_active,run_id\na,false,run-1000000\nb,true,run-2000000\n"
    );
    let set = warehouse.snapshot(Table::ClaudeUsageStats).await.unwrap();
    assert_eq!(set.claude_usage_stats.first().unwrap().upload_timestamp, None);
    assert_eq!(csv(&warehouse, "SELECT COUNT(*) AS n FROM ai_usage_analytics.raw_documents").await, "n\n3\n");
    assert_eq!(
        csv(&warehouse, "SELECT holder FROM ai_usage_analytics.load_lock").await,
        "holder\nrun-1000000\n"
    );
}
