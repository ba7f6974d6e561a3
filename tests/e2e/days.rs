//! A company that is read once a day, on a clock of its own: five stages in this process, the real warehouse, every alert rule.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aispend_alerter::channels::{Channel, ChannelError, Mail, Mailboxes, Notice};
use aispend_alerter::{Alerter, Rules, RunReport, Watch, WatchDoors, again_of, read_run};
use aispend_duckdb::DuckDb;
use aispend_fetcher::{Fetcher, FetcherDoors};
use aispend_loader::Loader;
use aispend_memory::{MemoryBus, MemoryBusOptions};
use aispend_normalizer::Normalizer;
use aispend_ports::{
    Answer, Archive, Bus, BusError, Clock, Outgoing, ParkedStore, Questions, Subscription, Topic, Warehouse,
    WarehouseError,
};
use aispend_proto::v1::FetchRequested;
use aispend_proto::v1::envelope::Body;
use aispend_simulator::{FaultPlan, Quirks, Simulator, World, WorldConfig};
use aispend_stage::{Doors, Header, Output, Runner, RunnerOptions, Stage};
use aispend_testkit::memory::{MemoryArchive, MemoryParked};
use aispend_testkit::sim::{SheetsFrom, SimFetch};
use aispend_tests::mail::MailServer;
use aispend_tests::simulation::Scenario;
use aispend_validator::{Limits, Validator};
use aispend_warehouse::Engine;
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use tempfile::TempDir;
use tokio::sync::watch;

/// A clock that a story sets. A short wait lets the time pass; whoever watches for something that never comes sees none.
pub struct Days(AtomicI64);

#[async_trait]
impl Clock for Days {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Relaxed)).unwrap()
    }
    async fn sleep(&self, duration: Duration) {
        if duration > Duration::from_mins(15) {
            return std::future::pending().await;
        }
        let until = self.0.load(Relaxed) + i64::try_from(duration.as_micros()).unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.0.fetch_max(until, Relaxed);
    }
}

impl Days {
    /// The morning of a day.
    fn set(&self, day: Date) {
        let morning = day.at(6, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap();
        self.0.store(morning.timestamp().as_microsecond(), Relaxed);
    }
}

/// A way of telling that remembers what was told.
#[derive(Default)]
pub struct Ears(Mutex<Vec<String>>);

#[async_trait]
impl Channel for Ears {
    fn name(&self) -> &'static str {
        "ears"
    }
    async fn tell(&self, notice: &Notice) -> Result<(), ChannelError> {
        let breach = &notice.incident.breach;
        self.0
            .lock()
            .unwrap()
            .push(format!("{} {}: {}", breach.rule, breach.period, notice.incident.summary));
        Ok(())
    }
}

/// What the rules were answered since the last look.
#[derive(Default)]
struct Heard {
    /// The questions of rules that got an answer.
    rules: BTreeSet<String>,
    /// Rows of their answers.
    rows: usize,
    /// Why a question got none.
    failures: Vec<String>,
}

/// The warehouse as the alerters ask it.
struct Asked {
    warehouse: DuckDb,
    heard: Mutex<Heard>,
}

#[async_trait]
impl Questions for Asked {
    async fn ask(&self, sql: &str) -> Result<Answer, WarehouseError> {
        let answer = self.warehouse.ask(sql).await;
        let mut heard = self.heard.lock().unwrap();
        match &answer {
            // What else is asked has other columns.
            Ok(answer) if answer.columns.iter().any(|column| column == "limit_value") => {
                heard.rules.insert(sql.to_owned());
                heard.rows += answer.rows.len();
            }
            Ok(_) => {}
            Err(error) => heard.failures.push(aispend_stage::error_chain(error)),
        }
        drop(heard);
        answer
    }
}

/// A bus on which every event comes twice.
struct Twice(MemoryBus);

#[async_trait]
impl Bus for Twice {
    async fn publish(&self, message: Outgoing) -> Result<(), BusError> {
        if message.topic == Topic::SliceEvents {
            self.0.publish(message.clone()).await?;
        }
        self.0.publish(message).await
    }
    async fn subscribe(&self, topic: Topic) -> Result<Box<dyn Subscription>, BusError> {
        self.0.subscribe(topic).await
    }
}

/// Ten people for a year and a half, growing slowly; the world ends with a batch job that runs away, which no story reaches.
pub fn config(seed: u64) -> WorldConfig {
    WorldConfig {
        quirks: Quirks::NONE,
        events_per_person_day: 4,
        ..WorldConfig::company(seed, 10, date(2025, 9, 1), date(2026, 12, 31))
    }
}

/// Every rule of this build.
fn rules() -> Rules {
    Rules::new(Engine::DuckDb, aispend_warehouse::alerts().unwrap(), BTreeMap::new())
}

/// The company and everything that reads it.
pub struct Company {
    days: Arc<Days>,
    ears: Arc<Ears>,
    mail: MailServer,
    asked: Arc<Asked>,
    breaches: usize,
    warehouse: DuckDb,
    archive: Arc<dyn Archive>,
    bus: MemoryBus,
    stop: watch::Sender<bool>,
    runs: u32,
    simulator: Arc<Mutex<Simulator>>,
    _folder: TempDir,
}

impl Company {
    /// Reads a world from that day on.
    pub async fn open(config: WorldConfig, start_date: Date) -> Self {
        Self::open_with(config, start_date, 1).await
    }

    /// The same with so many alerters, to which every event comes twice where they are several.
    pub async fn open_with(config: WorldConfig, start_date: Date, alerters: usize) -> Self {
        let scenario = Scenario {
            config: config.clone(),
            bad_days: 0,
            beta_opens: 0,
            sheets_from: SheetsFrom::Files,
            never: BTreeSet::new(),
            shaky: Vec::new(),
            page_size: None,
            // Longer than this clock lets pass by itself: an attempt ends with its answer.
            sittings: aispend_fetcher::Sittings { longest: Duration::from_hours(1), ..Default::default() },
        };
        let world = World::generate(config);
        let mut settings = scenario.settings(&world);
        (settings.start_date, settings.empty_pause) = (Some(start_date), Duration::ZERO);
        // A wrong answer fails its slice at the second try: the clock does not run while one waits for the third.
        settings.patience = Duration::ZERO;
        let simulator = Arc::new(Mutex::new(Simulator::new(world, FaultPlan::none())));
        let days = Arc::new(Days(AtomicI64::new(0)));
        let clock = Arc::clone(&days) as Arc<dyn Clock>;
        let folder = tempfile::tempdir().unwrap();
        let warehouse = DuckDb::open_writer(folder.path(), false).unwrap();
        warehouse.migrate().await.unwrap();
        let archive: Arc<dyn Archive> = Arc::<MemoryArchive>::default();
        let parked: Arc<dyn ParkedStore> = Arc::<MemoryParked>::default();
        // Days pass while nothing is at work: no deadline may see them. Nobody waits for a second try.
        let options = MemoryBusOptions {
            ack_deadline: Duration::from_hours(24 * 365),
            min_backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(1),
            ..MemoryBusOptions::default()
        };
        let bus = MemoryBus::new(options, Arc::clone(&clock), Arc::clone(&parked));
        let company = Self {
            days,
            ears: Arc::default(),
            mail: MailServer::open().await.unwrap(),
            asked: Arc::new(Asked { warehouse: warehouse.clone(), heard: Mutex::default() }),
            breaches: 0,
            warehouse: warehouse.clone(),
            archive: Arc::clone(&archive),
            bus: bus.clone(),
            stop: watch::Sender::new(false),
            runs: 0,
            simulator: Arc::clone(&simulator),
            _folder: folder,
        };
        let tables: Arc<dyn Warehouse> = Arc::new(warehouse.clone());
        let fetcher = FetcherDoors {
            fetch: Arc::new(SimFetch::new(simulator, Arc::clone(&clock), scenario.accounts())),
            archive: Arc::clone(&archive),
            warehouse: Arc::clone(&tables),
            clock: Arc::clone(&clock),
        };
        let bus: Arc<dyn Bus> = if alerters > 1 { Arc::new(Twice(bus)) } else { Arc::new(bus) };
        let doors = Doors { bus, archive: Arc::clone(&archive), parked, clock: Arc::clone(&clock) };
        let limits = Limits::default();
        company.run(Fetcher::new(settings, fetcher), &doors, 8, 1);
        company.run(Normalizer::new(Arc::clone(&archive), Arc::clone(&clock)), &doors, 2, 1);
        company.run(Validator::new(Arc::clone(&archive), Arc::clone(&clock), limits), &doors, 2, 1);
        company.run(
            Loader::new(Arc::clone(&tables), Arc::clone(&archive), Arc::clone(&clock)),
            &doors,
            1,
            64,
        );
        for _ in 0..alerters {
            let alerter = Alerter::new(Arc::clone(&tables), Arc::clone(&archive), Arc::clone(&clock));
            company.run(alerter.with_watch(company.watch(&doors)), &doors, 1, 64);
        }
        company
    }

    /// Asks every rule, and tells by two ways.
    fn watch(&self, doors: &Doors) -> Watch {
        let doors = WatchDoors {
            questions: Arc::clone(&self.asked) as Arc<dyn Questions>,
            warehouse: Arc::new(self.warehouse.clone()) as Arc<dyn Warehouse>,
            archive: Arc::clone(&doors.archive),
            parked: Arc::clone(&doors.parked),
            clock: Arc::clone(&doors.clock),
        };
        let on_call = ["on-call@example.com".to_owned()];
        let mailboxes = Mailboxes::read(Some("aispend <alerts@example.com>"), &[], &on_call).unwrap();
        let mail = Mail::new(self.mail.url(), None, mailboxes).unwrap();
        Watch::new(rules(), doors, vec![Arc::clone(&self.ears) as Arc<dyn Channel>, Arc::new(mail)], "")
    }

    /// Silence means something where every rule was asked, and has an answer.
    fn hear(&mut self) {
        let heard = std::mem::take(&mut *self.asked.heard.lock().unwrap());
        assert_eq!(heard.failures, Vec::<String>::new());
        // Messages set aside are no question to the warehouse.
        let rules = rules().all().len() - 1;
        assert!(heard.rules.len() >= rules, "{} of {rules} rules have an answer", heard.rules.len());
        self.breaches = heard.rows;
    }

    fn run<S: Stage>(&self, stage: S, doors: &Doors, concurrency: usize, batch: usize) {
        let options = RunnerOptions { concurrency, batch, ..RunnerOptions::default() };
        let runner = Runner::new(Arc::new(stage), doors.clone(), options);
        let stop = self.stop.subscribe();
        tokio::spawn(async move { runner.run(stop).await });
    }

    /// The run of a day's morning, its second look, and the rules at its end.
    pub async fn morning(&mut self, day: Date) -> RunReport {
        self.days.set(day);
        self.runs += 1;
        let run_id = format!("daily-{}", self.runs);
        let header = Header { run_id: run_id.clone(), ..Header::default() };
        let body = FetchRequested { trigger: "daily".to_owned(), ..FetchRequested::default() };
        let asked =
            Output::new(Topic::FetchRequests, &header, self.days.now(), Body::FetchRequested(body)).encode();
        self.bus.publish(asked).await.unwrap();
        let again = again_of(&run_id);
        loop {
            tokio::time::sleep(Duration::from_millis(5)).await;
            // At rest: whoever heard of the end has asked the rules.
            if Topic::ALL.iter().any(|topic| self.bus.unsettled(*topic) > 0) {
                continue;
            }
            let (run, again) = (self.report(&run_id).await, self.report(&again).await);
            if let (Some(run), Some(_)) = (run.filter(RunReport::is_over), again.filter(RunReport::is_over)) {
                self.hear();
                return run;
            }
        }
    }

    /// The vendors and their world.
    pub fn vendors(&self) -> MutexGuard<'_, Simulator> {
        self.simulator.lock().unwrap()
    }

    async fn report(&self, run_id: &str) -> Option<RunReport> {
        read_run(self.archive.as_ref(), run_id).await.unwrap()
    }

    /// How many rows the rules gave on the last morning, told or not.
    pub const fn breaches(&self) -> usize {
        self.breaches
    }

    /// The mail server of whoever is told.
    pub const fn mail(&self) -> &MailServer {
        &self.mail
    }

    /// How many incidents the warehouse knows.
    pub async fn incidents(&self) -> usize {
        let sql = "SELECT DISTINCT a.incident_id FROM ai_usage_analytics.alert_incidents AS a";
        self.warehouse.ask(sql).await.unwrap().rows.len()
    }

    /// What stands in the tables, by table and slice: one text for all of its rows, lineage left out.
    pub async fn slices(&self) -> BTreeMap<(&'static str, String), String> {
        let mut slices = BTreeMap::new();
        for table in aispend_testkit::truth::TABLES {
            let also = if table == "claude_usage_stats" { ", upload_timestamp" } else { "" };
            let sql = format!(
                "SELECT slice_key, md5(string_agg(CAST(t AS VARCHAR), ' ' ORDER BY CAST(t AS VARCHAR)))
                 FROM (SELECT * EXCLUDE (run_id, fetched_at, document_sha256{also}) FROM ai_usage_analytics.{table}) AS t
                 GROUP BY slice_key"
            );
            for row in self.warehouse.ask(&sql).await.unwrap().rows {
                let mut cells = row.into_iter().flatten();
                slices.insert((table, cells.next().unwrap()), cells.next().unwrap());
            }
        }
        slices
    }

    /// What somebody was told since the last call.
    pub fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.ears.0.lock().unwrap())
    }
}

impl Drop for Company {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.bus.close();
    }
}
