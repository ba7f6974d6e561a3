//! The five stages as the cloud runs them, under simulated time: real runners and the real HTTP client, over Pub/Sub and
//! BigQuery in memory and vendors on a socket.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use aispend_alerter::Alerter;
use aispend_fetcher::{Fetcher, FetcherDoors, FetcherSettings};
use aispend_http::{Account, Auth, HttpFetch, HttpOptions, RetryPolicy};
use aispend_loader::Loader;
use aispend_memory::{MemoryBus, MemoryBusOptions};
use aispend_model::{Request, Response, Vendor};
use aispend_normalizer::Normalizer;
use aispend_ports::{Archive, Bus, Clock, Fetch, FetchError, Outgoing, Topic, Warehouse};
use aispend_proto::v1::Envelope;
use aispend_simulator::{FaultPlan, Keys, Quirks, Simulator, WorldConfig, server};
use aispend_stage::{Doors, Runner, RunnerOptions, Stage, read_envelope};
use aispend_testkit::Dice;
use aispend_testkit::memory::{MemoryArchive, MemoryParked, MemoryWarehouse};
use aispend_testkit::sim::{RoughArchive, RoughWarehouse, SheetsFrom, Weather};
use aispend_tests::simulation::{Scenario, holds_truth};
use aispend_validator::{Limits, Validator};
use aispend_worker::PushBus;
use async_trait::async_trait;
use jiff::civil::date;
use jiff::{Timestamp, ToSpan};
use secrecy::SecretString;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::pubsub::PubSub;
use crate::bench::ALWAYS;

/// How messages come to a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Pull,
    Push,
}

/// Everything.
pub struct Cloud {
    pub pubsub: PubSub,
    pub parked: Arc<MemoryParked>,
    /// Of the warehouse's door.
    pub warehouse_weather: Arc<Weather>,
    /// Of the archive's door.
    pub archive_weather: Arc<Weather>,
    warehouse: Arc<MemoryWarehouse>,
    scenario: Scenario,
    simulator: server::Shared,
    clock: Arc<Simulated>,
    mode: Mode,
    stop: watch::Sender<bool>,
}

impl Cloud {
    /// Three people and so many days, every vendor, no oddities; `change` is for what the fetcher is told.
    pub async fn start(mode: Mode, days: i64, change: impl FnOnce(&mut FetcherSettings)) -> Self {
        let first_day = date(2026, 10, 5);
        let config = WorldConfig {
            quirks: Quirks::NONE,
            events_per_person_day: 2,
            ..WorldConfig::company(11, 3, first_day, first_day.saturating_add((days - 1).days()))
        };
        let scenario = Scenario {
            config,
            bad_days: 1,
            beta_opens: 0,
            sheets_from: SheetsFrom::Google,
            never: std::collections::BTreeSet::new(),
            shaky: Vec::new(),
            page_size: None,
            sittings: aispend_fetcher::Sittings::default(),
        };
        let world = scenario.world();
        let mut settings = FetcherSettings { patience: Duration::from_hours(6), ..scenario.settings(&world) };
        change(&mut settings);
        let keys = world.keys.clone();
        let simulator: server::Shared =
            Arc::new(std::sync::Mutex::new(Simulator::new(world, FaultPlan::none())));
        let clock = Arc::new(Simulated { began: Instant::now(), at: scenario.calm_moment() });
        let vendors_clock = Arc::clone(&clock);
        let (base_url, _) =
            server::spawn(Arc::clone(&simulator), Arc::new(move || vendors_clock.now())).await.unwrap();
        let fetch = http(&base_url, &keys, clock.clone());
        let parked = Arc::<MemoryParked>::default();
        let memory = MemoryBus::new(MemoryBusOptions::default(), clock.clone(), parked.clone());
        let cloud = Self {
            pubsub: PubSub::new(memory),
            parked,
            warehouse_weather: Weather::new(Dice::new(1)),
            archive_weather: Weather::new(Dice::new(2)),
            warehouse: Arc::default(),
            scenario,
            simulator,
            clock,
            mode,
            stop: watch::Sender::new(false),
        };
        cloud.start_stages(settings, Arc::new(fetch));
        cloud
    }

    /// As the workers' `process` modules do.
    fn start_stages(&self, settings: FetcherSettings, fetch: Arc<dyn Fetch>) {
        let clock: Arc<dyn Clock> = self.clock.clone();
        let archive: Arc<dyn Archive> = Arc::new(RoughArchive {
            inner: Arc::<MemoryArchive>::default(),
            weather: self.archive_weather.clone(),
        });
        let warehouse: Arc<dyn Warehouse> = Arc::new(RoughWarehouse {
            inner: self.warehouse.clone(),
            weather: self.warehouse_weather.clone(),
        });
        let doors = FetcherDoors {
            fetch,
            archive: archive.clone(),
            warehouse: warehouse.clone(),
            clock: clock.clone(),
        };
        let slices = RunnerOptions { concurrency: 64, outage_after: 0, ..RunnerOptions::default() };
        self.start_stage(Fetcher::new(settings, doors), &archive, slices);
        let four = RunnerOptions { concurrency: 4, ..RunnerOptions::default() };
        self.start_stage(Normalizer::new(archive.clone(), clock.clone()), &archive, four);
        let limits = Limits::default();
        self.start_stage(Validator::new(archive.clone(), clock.clone(), limits), &archive, four);
        let batches = |batch| RunnerOptions { concurrency: 1, batch, ..RunnerOptions::default() };
        let loader = Loader::new(warehouse.clone(), archive.clone(), clock.clone());
        self.start_stage(loader, &archive, batches(50));
        self.start_stage(Alerter::new(warehouse, archive.clone(), clock), &archive, batches(200));
    }

    fn start_stage<S: Stage>(&self, stage: S, archive: &Arc<dyn Archive>, options: RunnerOptions) {
        let bus: Arc<dyn Bus> = match self.mode {
            Mode::Pull => Arc::new(self.pubsub.clone()),
            Mode::Push => {
                let room = options.concurrency * options.batch * 2;
                let (bus, inlet) = PushBus::new(Arc::new(self.pubsub.clone()), room);
                tokio::spawn(self.pubsub.clone().push(S::INPUT, inlet));
                Arc::new(bus)
            }
        };
        let doors =
            Doors { bus, archive: archive.clone(), parked: self.parked.clone(), clock: self.clock.clone() };
        let runner = Runner::new(Arc::new(stage), doors, options);
        let stop = self.stop.subscribe();
        tokio::spawn(async move { runner.run(stop).await });
    }

    /// What the scheduler sends.
    pub async fn trigger(&self) {
        let data = r#"{"trigger":"daily"}"#.into();
        let message = Outgoing { topic: Topic::FetchRequests, data, attributes: Vec::new() };
        self.pubsub.publish(message).await.unwrap();
    }

    /// What the vendors do wrong.
    pub fn vendors(&self, change: impl FnOnce(&mut FaultPlan)) {
        change(&mut self.simulator.lock().unwrap_or_else(PoisonError::into_inner).faults.plan);
    }

    /// Switches a door off, or on again.
    pub fn fails(weather: &Weather, fails: bool) {
        weather.set_failures(if fails { ALWAYS } else { 0 });
    }

    /// Waits until no message is left; says how long that took.
    pub async fn rest(&self) -> Duration {
        let begun = Instant::now();
        while self.pubsub.unsettled() > 0 {
            sleep(Duration::from_secs(1)).await;
            assert!(begun.elapsed() < Duration::from_hours(8), "it never comes to rest");
        }
        begun.elapsed()
    }

    /// What the stages said since the start, and when.
    pub fn heard(&self) -> Vec<(Duration, Envelope)> {
        let notes = self.pubsub.notes();
        let since = |at: &Instant| at.duration_since(self.clock.began);
        notes.events.iter().map(|(at, data)| (since(at), read_envelope(data).unwrap())).collect()
    }

    /// Nothing is lost, parked or failed; every run ended well; the tables are the truth.
    pub fn is_sound(&self) -> Result<(), String> {
        let notes = self.pubsub.notes();
        let (published, settled) = (notes.published, notes.settled.len() as u64);
        if published != settled {
            return Err(format!("published {published} messages, settled {settled}"));
        }
        if let Some(parked) = self.parked.all().first() {
            return Err(format!("parked: {parked:?}"));
        }
        let runs = self.warehouse.runs();
        if !runs.iter().any(|run| run.trigger == "reconsider") {
            return Err("nobody looked a second time".to_owned());
        }
        if let Some(run) = runs.iter().find(|run| run.state != "succeeded") {
            return Err(format!("a run did not succeed: {run:?}"));
        }
        let world = &self.simulator.lock().unwrap_or_else(PoisonError::into_inner).world;
        holds_truth(&self.warehouse, world, self.clock.now(), self.scenario.days())
    }

    /// The attempts of the topic's message that needed most.
    pub fn attempts(&self, topic: Topic) -> u32 {
        self.pubsub.notes().attempts.get(&topic).copied().unwrap_or(0)
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// Paused time as a clock.
struct Simulated {
    began: Instant,
    at: Timestamp,
}

#[async_trait]
impl Clock for Simulated {
    fn now(&self) -> Timestamp {
        self.at + self.began.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        sleep(duration).await;
    }
}

/// The client as `aispend_worker` makes it, without limits: those go by the machine's own time.
fn http(base_url: &str, keys: &Keys, clock: Arc<dyn Clock>) -> Steady {
    let unlimited = 1_000_000;
    let key = |text: &str| Arc::new(SecretString::from(text));
    let accounts = [
        (Vendor::Anthropic, "admin", Auth::AnthropicKey(key(&keys.admin))),
        (Vendor::Anthropic, "analytics", Auth::AnthropicAnalyticsKey(key(&keys.analytics))),
        (Vendor::Cursor, "cursor", Auth::CursorKey(key(&keys.cursor))),
        (Vendor::Sheets, "sheets", Auth::Bearer(key(&keys.google))),
    ];
    let account = |(vendor, name, auth): (Vendor, &str, Auth)| Account {
        vendor,
        name: name.to_owned(),
        base_url: base_url.to_owned(),
        auth,
    };
    let options = HttpOptions {
        cursor_per_minute: unlimited,
        cursor_events_per_minute: unlimited,
        sheets_per_minute: unlimited,
        anthropic_analytics_per_minute: unlimited,
        anthropic_at_once: 1,
        timeout: Duration::from_mins(2),
        retry: RetryPolicy::default(),
        sheets_folder: std::path::PathBuf::new(),
    };
    Steady(HttpFetch::new(accounts.map(account).into(), options, clock).unwrap())
}

/// Paused time leaps to the next timer as soon as nobody has anything to do, and a socket needs a moment: while an answer
/// is on its way, the next timer is never far.
struct Steady(HttpFetch);

#[async_trait]
impl Fetch for Steady {
    async fn send(&self, request: &Request) -> Result<Response, FetchError> {
        let steps = async {
            loop {
                sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            biased;
            answer = self.0.send(request) => answer,
            () = steps => Err(FetchError::Credentials { vendor: request.vendor, detail: String::new() }),
        }
    }
}
