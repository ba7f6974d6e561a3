//! The emulators are what the tests of the adapters take them for.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Duration,
};

use aispend_emulators::{
    Addresses, BIGQUERY, BIGQUERY_STORAGE, Emulators, PUBSUB, Relay, SECRET_MANAGER, STORAGE, Service,
    from_env,
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpStream, time::sleep};

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn bigquery_keeps_all_nine_decimals_of_a_numeric() {
    let web = Web::new(&from_env(), BIGQUERY);
    let project = project();
    let dataset = json!({ "datasetReference": { "projectId": project, "datasetId": "money" } });
    web.post(&format!("/bigquery/v2/projects/{project}/datasets"), &dataset).await;
    let query = async |sql: &str| {
        let request = json!({ "query": sql, "useLegacySql": false });
        web.post(&format!("/bigquery/v2/projects/{project}/queries"), &request).await
    };
    query("CREATE TABLE money.spent (usd NUMERIC)").await;
    query("INSERT INTO money.spent (usd) VALUES (NUMERIC '1.123456789'), (NUMERIC '0.000000002')").await;

    let answer = query("SELECT SUM(usd) AS usd FROM money.spent").await;

    assert_eq!(answer.pointer("/rows/0/f/0/v"), Some(&json!("1.123456791")), "{answer}");
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn bigquerys_storage_interface_is_open() {
    TcpStream::connect(&from_env()[BIGQUERY_STORAGE]).await.unwrap();
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn bigquery_loads_what_was_written_to_cloud_storage() {
    let addresses = from_env();
    let (storage, bigquery) = (Web::new(&addresses, STORAGE), Web::new(&addresses, BIGQUERY));
    let (project, bucket) = (project(), project());
    storage.post(&format!("/storage/v1/b?project={project}"), &json!({ "name": bucket })).await;
    let upload = format!("/upload/storage/v1/b/{bucket}/o?uploadType=media&name=rows.json");
    storage.post(&upload, &json!({ "n": 7 })).await;
    let dataset = json!({ "datasetReference": { "projectId": project, "datasetId": "loaded" } });
    bigquery.post(&format!("/bigquery/v2/projects/{project}/datasets"), &dataset).await;

    let load = json!({ "configuration": { "load": {
        "sourceUris": [format!("gs://{bucket}/rows.json")],
        "sourceFormat": "NEWLINE_DELIMITED_JSON",
        "destinationTable": { "projectId": project, "datasetId": "loaded", "tableId": "rows" },
        "schema": { "fields": [{ "name": "n", "type": "INT64" }] },
    } } });
    let job = bigquery.post(&format!("/bigquery/v2/projects/{project}/jobs"), &load).await;
    assert_eq!(job.pointer("/status/errorResult"), None, "{job}");

    let query = json!({ "query": "SELECT n FROM loaded.rows", "useLegacySql": false });
    let answer = bigquery.post(&format!("/bigquery/v2/projects/{project}/queries"), &query).await;
    assert_eq!(answer.pointer("/rows/0/f/0/v"), Some(&json!("7")), "{answer}");
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_secret_has_versions_and_latest_is_the_last() {
    let web = Web::new(&from_env(), SECRET_MANAGER);
    let secret = format!("/v1/projects/{}/secrets/api-key", project());
    let access = |version: &str| format!("{secret}/versions/{version}:access");
    assert_eq!(web.ask(Method::GET, &access("latest"), "").await.unwrap().0, StatusCode::NOT_FOUND);
    for value in ["first", "second"] {
        assert_eq!(web.ask(Method::PUT, &secret, value).await.unwrap().0, StatusCode::OK);
    }

    let read = async |version: &str| {
        let answer = web.get(&access(version)).await;
        BASE64.decode(answer.pointer("/payload/data").unwrap().as_str().unwrap()).unwrap()
    };
    assert_eq!((read("latest").await, read("1").await), (b"second".to_vec(), b"first".to_vec()));
    assert_eq!(web.get(&format!("{secret}/versions")).await.get("totalSize"), Some(&json!(2)));
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_relay_cuts_the_way_and_the_service_forgets_nothing() {
    let relay = Relay::start(from_env()[PUBSUB].clone()).await.unwrap();
    let web = Web::at(relay.address());
    let topic = format!("/v1/projects/{}/topics/raw-slices", project());
    assert_eq!(web.ask(Method::PUT, &topic, "{}").await.unwrap().0, StatusCode::OK);
    let mut open = TcpStream::connect(relay.address()).await.unwrap();

    relay.cut();

    // A connection that was open ends, and a new one is of no use.
    assert_eq!(tokio::io::AsyncReadExt::read(&mut open, &mut [0]).await.unwrap_or_default(), 0);
    web.ask(Method::GET, &topic, "").await.unwrap_err();

    relay.restore();

    assert_eq!(web.ask(Method::GET, &topic, "").await.unwrap().0, StatusCode::OK);
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn a_killed_emulator_comes_back_where_it_was() {
    let mut emulators = Emulators::start(&[Service::Storage, Service::SecretManager]).await.unwrap();
    let addresses = emulators.addresses();
    emulators.secrets().unwrap().put("acme", "api-key", b"s3cret");
    let buckets = (Web::new(&addresses, STORAGE), "/storage/v1/b?project=acme");
    let secrets =
        (Web::new(&addresses, SECRET_MANAGER), "/v1/projects/acme/secrets/api-key/versions/latest:access");
    buckets.0.post(buckets.1, &json!({ "name": "kept" })).await;

    for (service, (web, path)) in [(Service::Storage, buckets), (Service::SecretManager, secrets)] {
        let before = web.get(path).await;
        emulators.kill(service);
        web.ask(Method::GET, path, "").await.unwrap_err();
        emulators.restart(service).await.unwrap();
        let names = |answer: &Value| answer.pointer("/items/0/name").or(answer.pointer("/name")).cloned();
        assert_eq!(names(&web.get(path).await), names(&before), "{service:?}");
        assert!(names(&before).is_some(), "{before}");
    }
    assert_eq!(emulators.addresses(), addresses);
}

#[test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
fn exec_ends_as_its_command_did() {
    let script = r#"test -n "$PUBSUB_EMULATOR_HOST" -a "$GOOGLE_CLOUD_PROJECT" = demo-project && exit 7"#;
    // What a failed command leaves behind goes there.
    let folder = tempfile::tempdir().unwrap();
    let status = emulators(&folder).args(["exec", "sh", "-c", script]).status().unwrap();
    assert_eq!(status.code(), Some(7));
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn no_emulator_outlives_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = emulators(&folder).arg("serve").stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(owner.stdout.take().unwrap()).lines().map(Result::unwrap);
    let addresses: Vec<String> = lines
        .filter(|line| line.contains("_HOST="))
        .take(5)
        .map(|line| line.split_once('=').unwrap().1.to_owned())
        .collect();
    for address in &addresses {
        TcpStream::connect(address).await.unwrap();
    }

    // SIGKILL: it cannot clean up behind itself.
    owner.kill().unwrap();
    owner.wait().unwrap();

    for address in &addresses {
        while TcpStream::connect(address).await.is_ok() {
            sleep(Duration::from_millis(20)).await;
        }
    }
    assert_eq!(addresses.len(), 5);
}

/// The command, with its temporary files in a folder of ours.
fn emulators(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_emulators"));
    command.env("TMPDIR", folder.path());
    command
}

/// A name that no other test has, in this run of the emulators: every test is a process of its own.
fn project() -> String {
    format!("emulators-{}", std::process::id())
}

/// Plain HTTP to one emulator.
struct Web {
    client: Client,
    root: String,
}

impl Web {
    fn new(addresses: &Addresses, variable: &str) -> Self {
        Self::at(&addresses[variable])
    }

    fn at(address: &str) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        Self { client, root: format!("http://{address}") }
    }

    async fn ask(&self, method: Method, path: &str, body: &str) -> reqwest::Result<(StatusCode, String)> {
        let request = self.client.request(method, format!("{}{path}", self.root));
        let answer = request.header("content-type", "application/json").body(body.to_owned()).send().await?;
        Ok((answer.status(), answer.text().await?))
    }

    async fn get(&self, path: &str) -> Value {
        read(path, self.ask(Method::GET, path, "").await.unwrap())
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        read(path, self.ask(Method::POST, path, &body.to_string()).await.unwrap())
    }
}

fn read(path: &str, (status, body): (StatusCode, String)) -> Value {
    assert!(status.is_success(), "{path}: {status} {body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    // BigQuery's emulator reports a failed query with success.
    assert_eq!(answer.get("errors"), None, "{path}");
    answer
}
