//! `aispend migrate --create-bus` as the command, and what is there then, read back from the services themselves.

use std::collections::BTreeMap;
use std::process::Command;

use aispend_bigquery::{BigQuery, BigQueryOptions};
use aispend_emulators::from_env;
use aispend_google::Google;
use aispend_warehouse::{Engine, digest};
use serde_json::{Value, json};

use crate::cluster::now;
use crate::worker::binary;

/// Each topic, who reads it, and how often a message is delivered before Pub/Sub gives up.
const BUS: [(&str, &str, u32); 5] = [
    ("fetch-requests", "fetcher", 100),
    ("raw-slices", "normalizer", 20),
    ("record-batches", "validator", 20),
    ("valid-batches", "loader", 20),
    ("slice-events", "alerter", 20),
];

/// A project where nothing is but the tables. The emulator takes minutes for the dashboards' views, which are not what this
/// is about: the dataset says that it has them.
async fn project() -> (Google, BTreeMap<String, String>) {
    let id = format!("made-{}-{}", std::process::id(), now().as_millisecond() % 1_000_000);
    let mut variables: BTreeMap<String, String> =
        from_env().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    for (name, value) in
        [("GOOGLE_CLOUD_PROJECT", id.as_str()), ("AISPEND_BUCKET", id.as_str()), ("AISPEND_ENGINE", "gcp")]
    {
        variables.insert(name.to_owned(), value.to_owned());
    }
    let google = Google::read(&|name| variables.get(name).cloned()).unwrap();
    let bigquery = BigQuery::connect(&google, BigQueryOptions::default()).await.unwrap();
    bigquery.create_tables(false).await.unwrap();
    let migrated = format!(
        "UPDATE ai_usage_analytics.warehouse_info SET schema_digest = '{}' WHERE TRUE",
        digest(Engine::BigQuery)
    );
    bigquery.query(&migrated, None).await.unwrap();
    (google, variables)
}

fn migrate(variables: &BTreeMap<String, String>, more: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let output = tokio::task::block_in_place(|| {
        Command::new(binary("aispend"))
            .args([&["migrate", "--create-bus"], more].concat())
            .current_dir(folder.path())
            .env_clear()
            .envs(
                std::env::vars()
                    .filter(|(name, _)| ["PATH", "HOME", "LD_LIBRARY_PATH"].contains(&name.as_str())),
            )
            .envs(variables)
            .output()
            .unwrap()
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

async fn get(url: String) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(&url).send().await.unwrap();
    assert!(answer.status().is_success(), "{url}: {}", answer.status());
    answer.json().await.unwrap()
}

/// Everything of a kind that Pub/Sub has in the project, by its id.
async fn all(google: &Google, kind: &str) -> BTreeMap<String, Value> {
    let base = google.pubsub.as_ref().unwrap();
    let answer = get(format!("{base}/v1/projects/{}/{kind}?pageSize=100", google.project)).await;
    let list = answer[kind].as_array().cloned().unwrap_or_default();
    let id = |one: &Value| one["name"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    list.into_iter().map(|one| (id(&one), one)).collect()
}

async fn bucket(google: &Google) -> Value {
    let base = google.storage.as_ref().unwrap();
    get(format!("{base}/storage/v1/b/{}", google.project)).await
}

/// A subscription as the runbooks promise it; `push`: where to.
fn expected(project: &str, topic: &str, stage: &str, attempts: u32, push: Option<&str>) -> Value {
    let mut subscription = json!({
        "name": format!("projects/{project}/subscriptions/{topic}.{stage}"),
        "topic": format!("projects/{project}/topics/{topic}"),
        "ackDeadlineSeconds": 600,
        "messageRetentionDuration": "604800s",
        "retryPolicy": { "minimumBackoff": "10s", "maximumBackoff": "600s" },
        "deadLetterPolicy": {
            "deadLetterTopic": format!("projects/{project}/topics/{topic}.{stage}.dead"),
            "maxDeliveryAttempts": attempts,
        },
    });
    if let Some(address) = push {
        subscription["pushConfig"] = json!({ "pushEndpoint": address });
    }
    subscription
}

/// The values that are promised; what a service adds is its own.
fn differences(found: &Value, expected: &Value) -> Vec<String> {
    let expected = expected.as_object().unwrap().iter();
    let differs = |(name, value): (&String, &Value)| {
        let is_same = match (value, &found[name]) {
            (Value::Object(_), inner @ Value::Object(_)) => differences(inner, value).is_empty(),
            (value, inner) => value == inner,
        };
        (!is_same).then(|| format!("{name} is {}, not {value}", found[name]))
    };
    expected.filter_map(differs).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn what_the_workers_stand_on_is_made_once_and_as_promised() {
    let (google, variables) = project().await;
    let project = google.project.clone();
    assert!(all(&google, "topics").await.is_empty() && all(&google, "subscriptions").await.is_empty());
    let said = migrate(&variables, &[]);
    assert!(said.contains(&format!("bucket {project} is ready")), "{said}");

    let topics: Vec<String> = all(&google, "topics").await.into_keys().collect();
    let mut wanted: Vec<String> = BUS
        .iter()
        .flat_map(|(topic, stage, _)| [(*topic).to_owned(), format!("{topic}.{stage}.dead")])
        .collect();
    wanted.sort_unstable();
    assert_eq!(topics, wanted);
    let mut subscriptions = all(&google, "subscriptions").await;
    assert_eq!(subscriptions.len(), 10, "{:?}", subscriptions.keys());
    for (topic, stage, attempts) in BUS {
        let found = &subscriptions[&format!("{topic}.{stage}")];
        let wanted = expected(&project, topic, stage, attempts, None);
        assert_eq!(differences(found, &wanted), Vec::<String>::new(), "{topic}: {found:#}");
        assert!(found["pushConfig"]["pushEndpoint"].is_null(), "{found:#}");
        let dead = &subscriptions[&format!("{topic}.{stage}.dead")];
        assert_eq!(dead["topic"], format!("projects/{project}/topics/{topic}.{stage}.dead"));
        assert!(dead["deadLetterPolicy"].is_null(), "{dead:#}");
        // Kept until somebody looks.
        for kept in [found, dead] {
            assert!(kept["expirationPolicy"]["ttl"].is_null(), "{kept:#}");
        }
    }
    let made = bucket(&google).await;
    // Its place as well would be promised: this emulator has but one.
    assert_eq!(made["name"].as_str(), Some(project.as_str()));

    // Somebody had a reason for another value: a second call leaves it, and makes what is gone.
    let base = google.pubsub.clone().unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let changed = "raw-slices.normalizer";
    let patch = json!({
        "subscription": { "name": format!("projects/{project}/subscriptions/{changed}"), "ackDeadlineSeconds": 77 },
        "updateMask": "ackDeadlineSeconds",
    });
    let url = format!("{base}/v1/projects/{project}/subscriptions/{changed}");
    let patched = client.patch(url).json(&patch).send().await.unwrap();
    assert!(patched.status().is_success(), "{:?}", patched.text().await);
    subscriptions.get_mut(changed).unwrap()["ackDeadlineSeconds"] = json!(77);
    let gone = format!("{base}/v1/projects/{project}/subscriptions/slice-events.alerter.dead");
    assert!(client.delete(gone).send().await.unwrap().status().is_success());
    migrate(&variables, &[]);
    assert_eq!(all(&google, "subscriptions").await, subscriptions);
    assert_eq!(all(&google, "topics").await.into_keys().collect::<Vec<_>>(), topics);
    assert_eq!(bucket(&google).await, made);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn pushed_to_workers_each_subscription_has_its_stage_as_its_address() {
    let (google, variables) = project().await;
    migrate(&variables, &["--push-to", "http://127.0.0.1:9/{stage}"]);
    let subscriptions = all(&google, "subscriptions").await;
    for (topic, stage, attempts) in BUS {
        let found = &subscriptions[&format!("{topic}.{stage}")];
        let address = format!("http://127.0.0.1:9/{stage}/push");
        let wanted = expected(&google.project, topic, stage, attempts, Some(&address));
        assert_eq!(differences(found, &wanted), Vec::<String>::new(), "{topic}: {found:#}");
        let dead = &subscriptions[&format!("{topic}.{stage}.dead")];
        assert!(dead["pushConfig"]["pushEndpoint"].is_null(), "what was given up on is pulled: {dead:#}");
    }
}
