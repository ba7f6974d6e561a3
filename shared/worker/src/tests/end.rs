//! SIGTERM with a message at work, in simulated time.

use std::sync::Arc;
use std::time::Duration;

use aispend_memory::{MemoryBus, MemoryBusOptions};
use aispend_ports::{Bus, Outgoing, SystemClock, Topic};
use aispend_stage::{Classify, Disposition, Doors, Message, Output, Runner, RunnerOptions, Stage};
use aispend_testkit::memory::{MemoryArchive, MemoryParked};
use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::deadline::Deadline;
use crate::health::{Health, Phase};
use crate::process::{Stop, run_to_the_end};

/// What `AISPEND_DRAIN_SECONDS` is, unless somebody sets it.
const DRAIN: Duration = Duration::from_secs(8);

/// Takes so long for each message; without any it fails at once.
struct Slow(Option<Duration>);

#[derive(Debug, thiserror::Error)]
#[error("the world is in the way")]
struct Failed;

impl Classify for Failed {
    fn disposition(&self) -> Disposition {
        Disposition::Retry { after: Some(Duration::ZERO) }
    }
}

impl Stage for Slow {
    const NAME: &'static str = "slow";
    const INPUT: Topic = Topic::FetchRequests;
    type Error = Failed;

    async fn handle(&self, _: Message) -> Result<Vec<Output>, Failed> {
        tokio::time::sleep(self.0.ok_or(Failed)?).await;
        Ok(Vec::new())
    }
}

struct End {
    settled: u64,
    /// Messages that wait for another worker.
    waiting: usize,
    /// From the signal to the last step but telemetry.
    took: Duration,
    /// For telemetry.
    left: Duration,
}

/// One message is at work for two seconds when the process is told to end; what comes after the stage takes so long.
async fn end(stage: Slow, ending: Duration) -> End {
    let clock = Arc::new(SystemClock::new(tokio::time::sleep));
    let parked = Arc::<MemoryParked>::default();
    let soon = Duration::from_millis(1);
    let options = MemoryBusOptions {
        ack_deadline: Duration::from_hours(1),
        min_backoff: soon,
        max_backoff: soon,
        ..MemoryBusOptions::default()
    };
    let bus = MemoryBus::new(options, clock.clone(), parked.clone());
    let data = Bytes::from_static(br#"{"trigger":"daily"}"#);
    bus.publish(Outgoing { topic: Topic::FetchRequests, data, attributes: Vec::new() }).await.unwrap();
    let doors = Doors { bus: Arc::new(bus.clone()), archive: Arc::<MemoryArchive>::default(), parked, clock };
    let runner = Runner::new(Arc::new(stage), doors, RunnerOptions::default());
    let counters = runner.counters();
    let stop = Stop(watch::Sender::new(false));
    let running = tokio::spawn({
        let stop = stop.clone();
        async move {
            let health = Health::default();
            let (ended, deadline) =
                run_to_the_end(runner, &health, &stop, DRAIN, tokio::time::sleep(ending)).await;
            assert_eq!(health.phase(), Phase::Draining);
            ended.unwrap();
            deadline
        }
    });
    tokio::time::sleep(Duration::from_secs(2)).await;
    let asked = Instant::now();
    stop.now();
    let deadline: Deadline = running.await.unwrap();
    let (took, left) = (asked.elapsed(), deadline.left());
    // Within the lease: nobody has to wait for its end.
    let mut again = bus.subscribe(Topic::FetchRequests).await.unwrap();
    let next = tokio::time::timeout(Duration::from_mins(1), again.next()).await;
    End { settled: counters.read().settled, waiting: usize::from(next.is_ok()), took, left }
}

#[tokio::test(start_paused = true)]
async fn a_message_at_work_is_settled_and_the_process_ends_as_soon_as_it_is() {
    let end = end(Slow(Some(Duration::from_secs(5))), Duration::ZERO).await;
    assert_eq!((end.settled, end.waiting), (1, 0));
    assert!(end.took < Duration::from_secs(4), "{:?}", end.took);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_takes_too_long_is_given_back_within_the_deadline() {
    let end = end(Slow(Some(Duration::from_mins(5))), Duration::ZERO).await;
    assert_eq!((end.settled, end.waiting), (0, 1));
    assert!(end.took + end.left <= DRAIN, "{:?} and {:?}", end.took, end.left);
    assert!(end.left >= Duration::from_secs(1), "{:?}", end.left);
}

#[tokio::test(start_paused = true)]
async fn nothing_that_hangs_keeps_the_process_beyond_the_deadline_nor_telemetry_from_its_turn() {
    for stage in [Duration::ZERO, Duration::from_mins(5)] {
        let end = end(Slow(Some(stage)), Duration::from_hours(1)).await;
        assert!(end.took + end.left <= DRAIN, "{:?} and {:?}", end.took, end.left);
        assert!(end.left >= Duration::from_millis(900), "{:?}", end.left);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stage_that_pauses_because_the_world_fails_ends_at_once() {
    let end = end(Slow(None), Duration::ZERO).await;
    assert_eq!((end.settled, end.waiting), (0, 1));
    assert!(end.took < Duration::from_secs(1), "{:?}", end.took);
}

#[test]
fn the_default_leaves_cloud_run_its_ten_seconds() {
    let declared = aispend_config::DECLARED.iter().find(|one| one.name == "worker.drain_seconds").unwrap();
    assert_eq!(declared.default, DRAIN.as_secs().to_string());
    assert!(DRAIN <= Duration::from_secs(9));
}
