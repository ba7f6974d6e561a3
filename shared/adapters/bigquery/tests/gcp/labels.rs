//! What a bill can be parted by: every job of a load names its stage and its run. The emulator keeps no labels, so this
//! reads what is sent.

use std::sync::{Arc, Mutex};

use aispend_bigquery::{BigQuery, BigQueryOptions};
use aispend_google::Google;
use aispend_ports::Warehouse;
use aispend_testkit::warehouse::{Reading, cost_slice, expense};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::place::{options, ready};

/// What clients sent, connection by connection.
type Sent = Arc<Mutex<Vec<Vec<u8>>>>;

/// BigQuery behind a relay that keeps what passes on the way there.
async fn recorded(google: &Google) -> (Google, Sent) {
    let service = google.bigquery.clone().unwrap().replace("http://", "");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let sent = Sent::default();
    let kept = Arc::clone(&sent);
    tokio::spawn(async move {
        while let Ok((inside, _)) = listener.accept().await {
            let outside = TcpStream::connect(&service).await.unwrap();
            tokio::spawn(pass(inside, outside, Arc::clone(&kept)));
        }
    });
    (Google { bigquery: Some(format!("http://{address}")), ..google.clone() }, sent)
}

async fn pass(inside: TcpStream, outside: TcpStream, sent: Sent) {
    let ((mut asking, mut told), (mut answering, mut asked)) = (inside.into_split(), outside.into_split());
    tokio::spawn(async move { tokio::io::copy(&mut answering, &mut told).await });
    let place = {
        let mut sent = sent.lock().unwrap();
        sent.push(Vec::new());
        sent.len() - 1
    };
    let mut some = vec![0; 16 << 10];
    while let Ok(read @ 1..) = asking.read(&mut some).await {
        sent.lock().unwrap()[place].extend_from_slice(&some[..read]);
        asked.write_all(&some[..read]).await.unwrap();
    }
}

/// The bodies of the requests of a connection.
fn bodies(mut sent: &[u8]) -> Vec<Value> {
    let mut bodies = Vec::new();
    while let Some(end) = sent.windows(4).position(|window| window == b"\r\n\r\n") {
        let head = String::from_utf8(sent[..end].to_vec()).unwrap().to_ascii_lowercase();
        assert!(!head.contains("transfer-encoding"), "{head}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
        let body = &sent[end + 4..end + 4 + length];
        if !body.is_empty() {
            bodies.push(serde_json::from_slice(body).unwrap());
        }
        sent = &sent[end + 4 + length..];
    }
    bodies
}

/// Statement and labels of every job that was sent.
fn jobs(sent: &Sent) -> Vec<(String, Value)> {
    let all: Vec<Value> = sent.lock().unwrap().iter().flat_map(|sent| bodies(sent)).collect();
    let of = |body: &Value| {
        let (configuration, query) = match &body["configuration"] {
            Value::Null => (body, &body["query"]),
            inserted => (inserted, &inserted["query"]["query"]),
        };
        (query.as_str().unwrap().to_owned(), configuration["labels"].clone())
    };
    all.iter().map(of).collect()
}

#[tokio::test]
#[ignore = "needs the emulators: cargo xtask test --only gcp"]
async fn every_job_of_a_load_names_its_stage_and_its_run() {
    let (google, _kept) = ready().await;
    let (behind, sent) = recorded(&google).await;
    let options = BigQueryOptions { stage: "Loader".to_owned(), ..options() };
    let loader = BigQuery::connect(&behind, options).await.unwrap();
    let mut load = Reading::default().row(expense(1)).of(cost_slice(5), 10);
    load.run_id = "20261122T091327-893516.Again".to_owned();
    loader.load(vec![load]).await.unwrap();
    let jobs = jobs(&sent);
    let labels = json!({ "stage": "loader", "run": "20261122t091327-893516_again" });
    // Whether the tables are this build's is asked now and then, for no run.
    let of_nobody = json!({ "stage": "loader" });
    for (statement, found) in &jobs {
        let expected = if statement.contains("schema_version") { &of_nobody } else { &labels };
        assert_eq!(found, expected, "{statement}");
    }
    let are = |text: &str| jobs.iter().filter(|(statement, _)| statement.contains(text)).count();
    assert_eq!((are("BEGIN TRANSACTION"), are("slice_key IN UNNEST"), jobs.len()), (1, 1, 3), "{jobs:#?}");
}
