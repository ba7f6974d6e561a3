//! The loop that runs any stage: settle last, three fates, one message's panic is one message's trouble.

use std::sync::Arc;
use std::time::Duration;

use aispend_memory::{MemoryBus, MemoryBusOptions};
use aispend_normalizer::Normalizer;
use aispend_ports::{Archive, Bus, Outgoing, Topic};
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{Document, Envelope, FindingRaised, Slice, SliceFetched};
use aispend_proto::{Message as _, SCHEMA_VERSION};
use aispend_stage::{
    Classify, Disposition, Doors, Message, Output, Runner, RunnerOptions, Stage, read_envelope,
};
use aispend_testkit::memory::{MemoryArchive, MemoryParked};
use bytes::Bytes;
use tokio::sync::watch;

use crate::bench::{ALWAYS, Bench};

/// Says again what it heard. A run called `panic`, `retry`, `park` or `bug` does that instead.
struct Echo;

#[derive(Debug, thiserror::Error)]
#[error("told to `{0}`")]
struct Told(&'static str);

impl Classify for Told {
    fn disposition(&self) -> Disposition {
        match self.0 {
            "retry" => Disposition::Retry { after: Some(Duration::from_mins(1)) },
            "park" => Disposition::Park { reason: "rejected" },
            _ => Disposition::Bug,
        }
    }
}

impl Stage for Echo {
    const NAME: &'static str = "echo";
    const INPUT: Topic = Topic::RawSlices;
    type Error = Told;

    async fn handle(&self, message: Message) -> Result<Vec<Output>, Told> {
        match message.header.run_id.as_str() {
            "panic" => panic!("told to"),
            "retry" => Err(Told("retry")),
            "park" => Err(Told("park")),
            "bug" => Err(Told("bug")),
            _ => {
                let body = Body::FindingRaised(FindingRaised::default());
                Ok(vec![Output::new(Topic::SliceEvents, &message.header, message.published_at, body)])
            }
        }
    }
}

fn bench() -> Bench<Echo> {
    Bench::new(|_, _| Echo)
}

fn envelope(run_id: &str) -> Envelope {
    Envelope {
        schema_version: SCHEMA_VERSION,
        run_id: run_id.to_owned(),
        slice: Some(Slice { feed: "anthropic/cost".to_owned(), org_id: "org".to_owned(), day: Some(20_731) }),
        generation: 7,
        body: Some(Body::SliceFetched(SliceFetched::default())),
        ..Envelope::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_is_acked_only_once_its_outputs_are_published() {
    let bench = bench();
    bench.send(&envelope("hello"));
    bench.publishing.set_failures(ALWAYS);
    bench.handle().await;
    let counts = bench.counts();
    assert_eq!((counts.settled, counts.given_back, counts.published), (0, 1, 0));
    assert!(bench.waiting(Topic::SliceEvents).is_empty());
    bench.publishing.set_failures(0);
    bench.wait();
    bench.handle().await;
    let counts = bench.counts();
    assert_eq!((counts.settled, counts.given_back, counts.published), (1, 1, 1));
    assert_eq!(bench.waiting(Topic::SliceEvents).len(), 1);
    assert_eq!(bench.bus.tally().settled, 1);
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_that_is_lost_repeats_the_message_and_says_the_same() {
    let bench = bench();
    bench.send(&envelope("hello"));
    bench.settling.set_failures(ALWAYS);
    bench.handle().await;
    bench.settling.set_failures(0);
    bench.wait();
    assert_eq!(bench.handle().await, 1);
    let heard = bench.waiting(Topic::SliceEvents);
    let ids: Vec<String> = heard.iter().map(|data| read_envelope(data).unwrap().message_id).collect();
    let [first, second] = ids.as_slice() else { panic!("{ids:?}") };
    assert_eq!(first, second);
}

#[tokio::test(start_paused = true)]
async fn a_panic_costs_one_message() {
    let bench = bench();
    for run_id in ["one", "panic", "two"] {
        bench.send(&envelope(run_id));
    }
    assert_eq!(bench.handle().await, 3);
    let counts = bench.counts();
    assert_eq!((counts.settled, counts.parked, counts.given_back), (3, 1, 0));
    let parked = bench.parked();
    assert_eq!((parked[0].reason.as_str(), parked[0].run_id.as_str()), ("panic", "panic"));
    // Two echoes, and the news that one message was parked.
    assert_eq!(bench.waiting(Topic::SliceEvents).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn each_fault_has_its_fate() {
    for (run_id, expected) in
        [("retry", (0, 1, 0)), ("park", (1, 0, 1)), ("bug", (1, 0, 1)), ("hello", (1, 0, 0))]
    {
        let bench = bench();
        bench.send(&envelope(run_id));
        bench.handle().await;
        let counts = bench.counts();
        assert_eq!((counts.settled, counts.given_back, counts.parked), expected, "{run_id}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_given_back_comes_when_it_was_told_to() {
    let bench = bench();
    bench.send(&envelope("retry"));
    bench.handle().await;
    bench.timeline.advance(59_000_000);
    assert_eq!(bench.handle().await, 0);
    bench.timeline.advance(1_000_000);
    assert_eq!(bench.handle().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_of_a_newer_release_is_given_back_untouched() {
    let bench = bench();
    let newer = Envelope { schema_version: SCHEMA_VERSION + 1, ..envelope("park") };
    // A field that this build does not know.
    let mut data = newer.encode_to_vec();
    data.extend_from_slice(&[0xfa, 0x3f, 0x02, b'h', b'i']);
    bench.bus.send(Topic::RawSlices, data.clone());
    bench.handle().await;
    let counts = bench.counts();
    assert_eq!((counts.settled, counts.given_back, counts.parked), (0, 1, 0));
    bench.wait();
    assert_eq!(bench.waiting(Topic::RawSlices), [Bytes::from(data)]);
}

#[tokio::test(start_paused = true)]
async fn unreadable_bytes_are_parked_with_their_bytes_and_attempts() {
    let bench = bench();
    bench.bus.send(Topic::RawSlices, &b"\xff\xff\xffno envelope"[..]);
    bench.parking.set_failures(ALWAYS);
    bench.handle().await;
    assert_eq!((bench.counts().given_back, bench.parked().len()), (1, 0));
    bench.parking.set_failures(0);
    bench.wait();
    bench.handle().await;
    let parked = bench.parked();
    let [parked] = parked.as_slice() else { panic!("{parked:?}") };
    assert_eq!(&parked.message[..], b"\xff\xff\xffno envelope");
    assert_eq!((parked.reason.as_str(), parked.attempts, parked.fetched.as_ref()), ("unreadable", 2, None));
    assert_eq!(bench.bus.tally().settled, 1);
}

#[tokio::test(start_paused = true)]
async fn a_parked_slice_holds_what_was_fetched_and_can_be_replayed() {
    let bench = Bench::new(|archive, clock| Normalizer::new(archive, Arc::new(clock)));
    let page = br#"{"totalUsageEventsCount":0,"usageEvents":[]}"#;
    let sha256 = bench.archive.put_document(page).await.unwrap();
    let document = Document {
        sha256: sha256.clone(),
        role: "events".to_owned(),
        size_bytes: page.len() as u64,
        ..Document::default()
    };
    let fetched =
        SliceFetched { documents: vec![document], outcome: "complete".to_owned(), ..SliceFetched::default() };
    let slice =
        Slice { feed: "cursor/usage-events".to_owned(), org_id: "cursor".to_owned(), day: Some(20_731) };
    bench.send(&Envelope { slice: Some(slice), body: Some(Body::SliceFetched(fetched)), ..envelope("run") });
    bench.archive.lose(&sha256);
    bench.handle().await;
    let parked = bench.parked();
    let [parked] = parked.as_slice() else { panic!("{parked:?}") };
    assert_eq!(
        (parked.reason.as_str(), parked.slice_key.as_str()),
        ("document_lost", "cursor/usage-events|cursor|2026-10-05")
    );
    let replayed = Envelope::decode(parked.fetched.clone().unwrap()).unwrap();
    assert!(matches!(replayed.body, Some(Body::SliceFetched(_))));

    // The cause is mended, and the slice sent again as its next revision.
    bench.archive.put_document(page).await.unwrap();
    bench.send(&Envelope { revision: replayed.revision + 1, ..replayed });
    bench.handle().await;
    let heard = bench.waiting(Topic::RecordBatches);
    let [heard] = heard.as_slice() else { panic!("{} batches", heard.len()) };
    let normalized = read_envelope(heard).unwrap();
    assert_eq!((normalized.generation, normalized.revision), (7, 1));
}

/// A runner over the bus of one machine, with time of its own.
async fn run_for(
    stop_after: Duration,
    run_ids: &[&str],
    options: RunnerOptions,
) -> (Arc<Runner<Echo>>, MemoryBus) {
    let clock = Arc::new(aispend_ports::SystemClock::new(tokio::time::sleep));
    let parked = Arc::<MemoryParked>::default();
    let bus = MemoryBus::new(MemoryBusOptions::default(), clock.clone(), parked.clone());
    for run_id in run_ids {
        let data = Bytes::from(envelope(run_id).encode_to_vec());
        bus.publish(Outgoing { topic: Topic::RawSlices, data, attributes: Vec::new() }).await.unwrap();
    }
    let doors = Doors { bus: Arc::new(bus.clone()), archive: Arc::<MemoryArchive>::default(), parked, clock };
    let runner = Arc::new(Runner::new(Arc::new(Echo), doors, options));
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn({
        let runner = Arc::clone(&runner);
        async move { runner.run(stopped).await }
    });
    tokio::time::sleep(stop_after).await;
    stop.send(true).unwrap();
    running.await.unwrap().unwrap();
    (runner, bus)
}

#[tokio::test(start_paused = true)]
async fn a_runner_that_is_stopped_has_settled_what_it_took() {
    let (runner, bus) =
        run_for(Duration::from_secs(1), &["a", "b", "c", "d"], RunnerOptions::default()).await;
    let counts = runner.counters().read();
    assert_eq!((counts.received, counts.settled, counts.published), (4, 4, 4));
    assert_eq!((bus.unsettled(Topic::RawSlices), bus.unsettled(Topic::SliceEvents)), (0, 4));
}

#[tokio::test(start_paused = true)]
async fn an_outage_does_not_burn_the_attempts_of_everyone() {
    let run_ids = ["retry"; 40];
    let hour = Duration::from_hours(1);
    let patient = RunnerOptions { concurrency: 1, ..RunnerOptions::default() };
    let (runner, bus) = run_for(hour, &run_ids, patient).await;
    let counts = runner.counters().read();
    assert_eq!((counts.settled, counts.parked), (0, 0));
    assert_eq!(bus.unsettled(Topic::RawSlices), run_ids.len());
    // Given back for a minute each, they would have come 2,400 times; pulling paused instead.
    assert!(counts.received < 300, "{} deliveries in an hour", counts.received);
}
