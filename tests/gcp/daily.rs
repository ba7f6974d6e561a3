//! A message of the scheduler becomes the truth in BigQuery.

use aispend_duckdb::DuckDb;
use aispend_ports::{Topic, Warehouse as _};
use aispend_proto::Table;

use crate::cluster::{Cluster, Company, Setting, troubles};
use crate::worker::Mode;

/// `secrets`: the keys that Secret Manager has, and no worker's environment.
async fn daily(name: &str, mode: Mode, company: &Company, secrets: &[&str]) -> Cluster {
    let mut cluster = Cluster::new(name, mode, company, &Setting::default()).await;
    let mut hidden = Vec::new();
    for variable in secrets {
        hidden.push(cluster.keep_secret(variable).await);
    }
    let workers = cluster.start_all().await;
    // Twice in the same minute is once.
    for _ in 0..2 {
        cluster.publish_json(Topic::FetchRequests, r#"{"trigger":"daily"}"#).await;
    }
    let (run, again) = cluster.run_over("daily").await;
    let troubled = troubles(&run, &again);
    assert!(troubled.is_empty(), "{troubled:?}");
    let runs = cluster.ask("SELECT COUNT(*) AS runs FROM ai_usage_analytics.runs WHERE trigger = 'daily'");
    assert_eq!(runs.rows[0][0].to_string(), "1");
    cluster.assert_truth(name);
    assert!(cluster.parked().await.is_empty());
    let (code, said, trouble) = cluster.aispend(&["dead-letters", "list"]);
    assert_eq!((code, said.trim()), (0, "nothing is parked"), "{trouble}");
    let asked = "SELECT COUNT(*) AS runs FROM ai_usage_analytics.runs WHERE state = 'succeeded' AND trigger = 'daily'";
    let (code, said, trouble) = cluster.aispend(&["query", asked, "--format", "csv"]);
    assert_eq!((code, said.trim()), (0, "runs\n1"), "{trouble}");
    for worker in workers {
        let (stage, log) = (worker.stage, worker.log_path());
        assert!(worker.end().await.success(), "the {stage} did not end in order");
        let log = std::fs::read_to_string(log).unwrap();
        assert!(log.contains("ended"), "{log}");
        assert!(hidden.iter().all(|key| !log.contains(key.as_str())), "a key is in the log of the {stage}");
    }
    cluster
}

/// Every table is cell for cell what one machine makes of the same vendors.
pub async fn as_on_one_machine(cluster: &Cluster) {
    let data = cluster.on_one_machine();
    let duckdb = DuckDb::open_writer(&data, false).unwrap();
    for table in Table::ALL {
        let (ours, theirs) =
            (cluster.bigquery.snapshot(*table).await.unwrap(), duckdb.snapshot(*table).await.unwrap());
        assert!(ours == theirs, "{} differs: {} rows and {}", table.name(), ours.len(), theirs.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn pulled() {
    let company = Company { enterprise: true, ..Company::small(11) };
    let keys = ["CURSOR_ADMIN_KEY", "ANTHROPIC_ADMIN_KEY", "ANTHROPIC_ANALYTICS_KEY"];
    let cluster = daily("pulled", Mode::Pull, &company, &keys).await;
    as_on_one_machine(&cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn pushed() {
    let company = Company { analytics: false, ..Company::small(12) };
    let cluster = daily("pushed", Mode::Push, &company, &[]).await;
    as_on_one_machine(&cluster).await;
}
