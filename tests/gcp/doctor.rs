//! What doctor says of a project: everything there, and then something taken away.

use serde_json::Value;

use crate::cluster::{Cluster, Company, Setting};
use crate::worker::Mode;

/// The state, the words and the remedy of a line about the project.
fn line<'a>(report: &'a Value, subject: &str) -> (&'a str, &'a str, &'a str) {
    let lines = report["cloud"].as_array().unwrap();
    let line = lines.iter().find(|line| line["subject"] == subject);
    let line = line.unwrap_or_else(|| panic!("no line `{subject}`: {lines:#?}"));
    let text = |name: &str| line[name].as_str().unwrap();
    (text("status"), text("says"), text("remedy"))
}

fn doctor(cluster: &Cluster) -> (i32, Value) {
    let (code, said, trouble) = cluster.aispend(&["doctor", "--json"]);
    (code, serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}\n{trouble}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_project_is_looked_at_line_by_line() {
    let mut cluster = Cluster::new("doctor", Mode::Pull, &Company::small(41), &Setting::default()).await;
    let (code, report) = doctor(&cluster);
    for subject in ["topics", "subscriptions", "dead letters", "bucket", "dataset", "tables"] {
        assert_eq!(line(&report, subject).0, "ok", "{report:#}");
    }
    assert_eq!(line(&report, "secrets").0, "note");
    // The emulator's dataset has no views for dashboards: the line names the first of them.
    let (status, says, remedy) = line(&report, "views");
    assert!(status == "fail" && says.contains("vw_") && remedy.contains("aispend migrate"), "{says}");
    assert_eq!(code, 1);

    // Somebody cleans up.
    let project = &cluster.google.project;
    let base = cluster.google.pubsub.clone().unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for gone in
        ["topics/raw-slices", "subscriptions/valid-batches.loader", "topics/slice-events.alerter.dead"]
    {
        let answer = client.delete(format!("{base}/v1/projects/{project}/{gone}")).send().await.unwrap();
        assert!(answer.status().is_success(), "{gone}");
    }
    cluster.set("CURSOR_ADMIN_KEY", "secret://nobody-made-it");
    let dataset = cluster.bigquery.dataset().to_owned();
    cluster.set("AISPEND_DATASET", "nobody_made_it");
    let (code, report) = doctor(&cluster);
    assert_eq!(code, 1);
    for (subject, expected, way_out) in [
        ("topics", "raw-slices", "--create-bus"),
        ("subscriptions", "valid-batches.loader", "--create-bus"),
        ("dead letters", "slice-events.alerter.dead", "--create-bus"),
        ("dataset", "nobody_made_it", "aispend migrate"),
        ("cursor", "nobody-made-it", "Secret Manager Secret Accessor"),
    ] {
        let (status, says, remedy) = line(&report, subject);
        assert!(status == "fail" && says.contains(expected), "{subject}: {says}");
        assert!(remedy.contains(way_out), "{subject}: {remedy}");
    }
    // The other key is asked all the same.
    assert!(report["keys"].as_array().unwrap().iter().any(|key| key["status"] == "ok"), "{report:#}");

    cluster.set("AISPEND_DATASET", &dataset);
    cluster.set("AISPEND_BUCKET", "nobody-made-it");
    let (_, report) = doctor(&cluster);
    let (status, _, remedy) = line(&report, "bucket");
    assert!(status == "fail" && remedy.contains("AISPEND_BUCKET"), "{report:#}");
}
