//! What leaves a process that runs a stage: traces, metrics and log lines, and nothing of what messages hold.
//!
//! The stage runs in a process of its own, as logs go to its standard error: this test, started again.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aispend_memory::{MemoryBus, MemoryBusOptions};
use aispend_ports::{Bus, Outgoing, SystemClock, Topic};
use aispend_proto::v1::batch::Place;
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{AlertCheck, Batch, Envelope, RecordsNormalized};
use aispend_proto::{Message as _, SCHEMA_VERSION};
use aispend_stage::{
    Classify, Disposition, Doors, Message, Output, Runner, RunnerOptions, Stage, read_envelope,
};
use aispend_telemetry::{LogFormat, Telemetry};
use aispend_testkit::memory::{MemoryArchive, MemoryParked};
use axum::Router;
use axum::body::Bytes;
use axum::http::Uri;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use tokio::sync::watch;

const COLLECTOR: &str = "AISPEND_TEST_COLLECTOR";
const KEY: &str = "sk-ant-admin01-recognisable";
const PERSON: &str = "ada.lovelace@example.com";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Publishes a word, or fails as the run's name says.
struct Echo;

#[derive(Debug, thiserror::Error)]
enum EchoError {
    #[error("the world is in the way")]
    World,
    #[error("line 3: `{KEY}` of `{PERSON}` is not an amount")]
    Amount,
}

impl Classify for EchoError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::World => Disposition::Retry { after: Some(Duration::from_hours(1)) },
            Self::Amount => Disposition::Park { reason: "amount" },
        }
    }
}

impl Stage for Echo {
    const NAME: &'static str = "echo";
    const INPUT: Topic = Topic::FetchRequests;
    type Error = EchoError;

    async fn handle(&self, message: Message) -> Result<Vec<Output>, EchoError> {
        match message.header.run_id.as_str() {
            "retry" => Err(EchoError::World),
            "park" => Err(EchoError::Amount),
            _ => {
                let body = Body::AlertCheck(AlertCheck::default());
                Ok(vec![Output::new(Topic::SliceEvents, &message.header, message.published_at, body)])
            }
        }
    }
}

/// A message whose records name a key and a person.
fn message(run_id: &str) -> Outgoing {
    let frames = format!("{KEY} of {PERSON}").into_bytes();
    let batch = Batch { place: Some(Place::Frames(frames.into())), ..Batch::default() };
    let body = RecordsNormalized { batch: Some(batch), ..RecordsNormalized::default() };
    let envelope = Envelope {
        schema_version: SCHEMA_VERSION,
        run_id: run_id.to_owned(),
        message_id: run_id.to_owned(),
        body: Some(Body::RecordsNormalized(body)),
        ..Envelope::default()
    };
    outgoing(envelope.encode_to_vec())
}

fn outgoing(data: Vec<u8>) -> Outgoing {
    let parent = ("traceparent".to_owned(), format!("00-{TRACE}-00f067aa0ba902b7-01"));
    Outgoing { topic: Echo::INPUT, data: data.into(), attributes: vec![parent] }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the process that the other test starts"]
async fn a_process_that_tells() {
    let collector = std::env::var(COLLECTOR).unwrap();
    let logs = LogFormat::Cloud { project: "demo".to_owned() };
    let telemetry = Telemetry::start("echo", &logs, "trace", Some(&collector)).unwrap();
    let clock = Arc::new(SystemClock::new(tokio::time::sleep));
    let parked = Arc::<MemoryParked>::default();
    let bus = MemoryBus::new(MemoryBusOptions::default(), clock.clone(), parked.clone());
    for run_id in ["good", "retry", "park"] {
        bus.publish(message(run_id)).await.unwrap();
    }
    bus.publish(outgoing(format!("\u{1}{KEY} of {PERSON}").into_bytes())).await.unwrap();
    // What a person typed: an unknown word is named, to that person.
    for typed in [format!("{{\"{KEY}\":1}}"), format!("{{\"feeds\":[\"{PERSON}\"]}}")] {
        bus.publish(outgoing(typed.into_bytes())).await.unwrap();
    }
    let doors = Doors {
        bus: Arc::new(bus.clone()),
        archive: Arc::<MemoryArchive>::default(),
        parked: parked.clone(),
        clock,
    };
    let runner = Runner::new(Arc::new(Echo), doors, RunnerOptions::default());
    let counters = runner.counters();
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(async move { runner.run(stopped).await });
    while counters.read().settled + counters.read().given_back < 6 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.send(true).unwrap();
    running.await.unwrap().unwrap();
    for parked in parked.all() {
        println!("parked: {} {}", parked.id, parked.detail);
    }
    aispend_telemetry::loaded("cursor/usage-events", 3, 12_340_000_000);
    telemetry.end(Duration::from_secs(20)).await;
    let mut told = bus.subscribe(Topic::SliceEvents).await.unwrap();
    for _ in 0..counters.read().published {
        let next = told.next().await.unwrap().unwrap();
        println!("published: {}", read_envelope(&next.data).unwrap().traceparent);
    }
}

/// What a collector was sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<(String, Bytes)>>>);

impl Collector {
    async fn start(&self) -> String {
        let kept = self.clone();
        let app = Router::new().fallback(move |uri: Uri, body: Bytes| async move {
            kept.0.lock().unwrap().push((uri.path().to_owned(), body));
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        address
    }

    fn sent<T: prost::Message + Default>(&self, path: &str) -> Vec<T> {
        let sent = self.0.lock().unwrap();
        sent.iter().filter(|(at, _)| at == path).map(|(_, body)| T::decode(body.clone()).unwrap()).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_tells_its_traces_and_numbers_and_nothing_of_what_messages_hold() {
    let collector = Collector::default();
    let address = collector.start().await;
    let ran = tokio::task::spawn_blocking(move || {
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", "a_process_that_tells", "--ignored", "--nocapture"]);
        again.env(COLLECTOR, address).env_remove("RUST_LOG").output().unwrap()
    });
    let ran = ran.await.unwrap();
    let (out, logs) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap());
    assert!(ran.status.success(), "{out}\n{logs}");

    let mut numbers = BTreeMap::new();
    for request in collector.sent::<ExportMetricsServiceRequest>("/v1/metrics") {
        let scopes = request.resource_metrics.into_iter().flat_map(|resource| resource.scope_metrics);
        for metric in scopes.flat_map(|scope| scope.metrics) {
            let total = match metric.data.unwrap() {
                Data::Sum(sum) => sum.data_points.iter().map(|point| counted(point.value)).sum(),
                Data::Histogram(histogram) => histogram.data_points.iter().map(|point| point.count).sum(),
                Data::Gauge(_) | Data::ExponentialHistogram(_) | Data::Summary(_) => 0,
            };
            numbers.insert(metric.name, (metric.unit, total));
        }
    }
    let expected = [
        ("aispend.handle.duration", "s", 3),
        ("aispend.message.age", "s", 5),
        ("aispend.messages.oldest_unsettled_age", "s", 0),
        ("aispend.messages.parked", "{message}", 4),
        ("aispend.messages.published", "{message}", 2),
        ("aispend.messages.received", "{message}", 6),
        ("aispend.messages.retried", "{message}", 1),
        ("aispend.messages.settled", "{message}", 5),
        ("aispend.money.loaded", "{cent}", 1234),
        ("aispend.rows.loaded", "{row}", 3),
    ];
    let told: Vec<(&str, &str, u64)> =
        numbers.iter().map(|(name, (unit, total))| (name.as_str(), unit.as_str(), *total)).collect();
    assert_eq!(told, expected);

    // One trace from the message that came to those that follow, below the span that handled it.
    let requests = collector.sent::<ExportTraceServiceRequest>("/v1/traces");
    let scopes =
        requests.into_iter().flat_map(|request| request.resource_spans).flat_map(|one| one.scope_spans);
    let spans: Vec<_> = scopes.flat_map(|scope| scope.spans).filter(|span| span.name == "echo").collect();
    assert_eq!(spans.len(), 3);
    assert!(
        spans
            .iter()
            .all(|span| hex(&span.trace_id) == TRACE && hex(&span.parent_span_id) == "00f067aa0ba902b7")
    );
    let published: Vec<&str> =
        out.lines().filter_map(|line| line.split_once("published: ")).map(|(_, text)| text).collect();
    assert_eq!(published.len(), 2, "{out}");
    assert!(published.iter().all(|text| text.starts_with(&format!("00-{TRACE}-"))), "{published:?}");
    let is_below = |text: &&str| spans.iter().any(|span| text.contains(&hex(&span.span_id)));
    assert!(published.iter().any(is_below), "{published:?}");

    assert!(
        logs.contains("message parked") && logs.contains("message given back") && logs.contains(TRACE),
        "{logs}"
    );
    // The words that quote a message are in the dead letter, and the log says under which id.
    let letters: Vec<(&str, &str)> = out
        .lines()
        .filter_map(|line| line.split_once("parked: ").and_then(|(_, letter)| letter.split_once(' ')))
        .collect();
    assert_eq!(letters.len(), 4, "{out}");
    assert_eq!(
        letters.iter().filter(|(_, detail)| detail.contains(KEY) || detail.contains(PERSON)).count(),
        3
    );
    assert!(letters.iter().all(|(id, _)| logs.contains(id)), "{letters:?}\n{logs}");
    let mut everything = vec![("logs".to_owned(), Bytes::from(logs))];
    everything.extend(collector.0.lock().unwrap().clone());
    for (place, bytes) in everything {
        for hidden in [KEY, PERSON] {
            let is_in = bytes.windows(hidden.len()).any(|window| window == hidden.as_bytes());
            assert!(!is_in, "{hidden} is in {place}: {}", String::from_utf8_lossy(&bytes));
        }
    }
}

fn counted(value: Option<Value>) -> u64 {
    match value {
        Some(Value::AsInt(count)) => u64::try_from(count).unwrap(),
        Some(Value::AsDouble(_)) | None => 0,
    }
}
