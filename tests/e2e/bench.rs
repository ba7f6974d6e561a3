//! One stage on a bench: a runner, a bus that hands out what it is told to, and doors that fail on demand.

use std::sync::Arc;

use aispend_ports::{Parked, Topic};
use aispend_proto::Message as _;
use aispend_proto::v1::Envelope;
use aispend_stage::{Counts, Doors, Runner, RunnerOptions, Stage};
use aispend_testkit::Dice;
use aispend_testkit::memory::{MemoryArchive, MemoryParked};
use aispend_testkit::sim::{RoughBus, RoughParked, SimBus, SimClock, Timeline, Weather, rough_delivery};
use bytes::Bytes;

/// A stage on a bench.
pub struct Bench<S> {
    pub bus: Arc<SimBus>,
    pub archive: Arc<MemoryArchive>,
    pub parked: Arc<MemoryParked>,
    pub timeline: Arc<Timeline>,
    /// Of publishing.
    pub publishing: Arc<Weather>,
    /// Of acknowledging.
    pub settling: Arc<Weather>,
    /// Of parking.
    pub parking: Arc<Weather>,
    runner: Runner<S>,
}

/// Every call fails.
pub const ALWAYS: u64 = 2_000;

impl<S: Stage> Bench<S> {
    pub fn new(stage: impl FnOnce(Arc<MemoryArchive>, SimClock) -> S) -> Self {
        let timeline = Timeline::new("2026-11-22T06:00:00Z".parse().unwrap());
        let clock = SimClock::new(Arc::clone(&timeline));
        let (bus, archive, parked) =
            (SimBus::new(Arc::clone(&timeline)), Arc::default(), Arc::<MemoryParked>::default());
        let [publishing, settling, parking] = [1, 2, 3].map(|seed| Weather::new(Dice::new(seed)));
        let stage = stage(Arc::clone(&archive), clock.clone());
        let doors = Doors {
            bus: Arc::new(RoughBus { inner: bus.clone(), weather: publishing.clone() }),
            archive: archive.clone(),
            parked: Arc::new(RoughParked { inner: parked.clone(), weather: parking.clone() }),
            clock: Arc::new(clock),
        };
        let runner = Runner::new(Arc::new(stage), doors, RunnerOptions::default());
        Self { bus, archive, parked, timeline, publishing, settling, parking, runner }
    }

    pub fn send(&self, envelope: &Envelope) {
        self.bus.send(S::INPUT, envelope.encode_to_vec());
    }

    /// Lets the stage handle everything that is ready, in one batch; says how many messages that were.
    pub async fn handle(&self) -> usize {
        let ready = self.bus.ready(S::INPUT);
        let deliveries: Vec<_> = ready
            .iter()
            .filter_map(|number| self.bus.deliver(*number))
            .map(|delivery| rough_delivery(delivery, &self.settling))
            .collect();
        let count = deliveries.len();
        self.runner.handle(deliveries).await;
        count
    }

    /// Lets enough time pass for everything that was given back.
    pub fn wait(&self) {
        self.timeline.advance(3_600_000_000);
    }

    pub fn counts(&self) -> Counts {
        self.runner.counters().read()
    }

    /// Messages waiting on a topic, in order.
    pub fn waiting(&self, topic: Topic) -> Vec<Bytes> {
        let deliveries = self.bus.ready(topic).into_iter().filter_map(|number| self.bus.deliver(number));
        deliveries.map(|delivery| delivery.data.clone()).collect()
    }

    pub fn parked(&self) -> Vec<Parked> {
        self.parked.all()
    }
}
