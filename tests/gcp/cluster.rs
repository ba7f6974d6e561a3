//! A project of its own on the emulators: bus, bucket, dataset, vendors, and workers.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aispend_alerter::{End, RunReport, SliceReport, again_of, read_run};
use aispend_bigquery::{BigQuery, BigQueryOptions};
use aispend_emulators::from_env;
use aispend_google::Google;
use aispend_ports::{Parked, ParkedStore, Topic};
use aispend_pubsub::{BusAdmin, BusOptions, PushOptions, names};
use aispend_simulator::{FaultPlan, Quirks, Simulator, World, WorldConfig, google_credentials, server};
use aispend_storage::{CloudArchive, StorageOptions};
use aispend_tables::QueryResult;
use aispend_testkit::truth;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::balancer::Balancer;
use crate::worker::{Mode, Worker, binary, free_port};

/// Longer than any run of these small companies takes, also on a busy machine and with trouble.
const PATIENCE: Duration = Duration::from_mins(7);

/// Every stage, downstream first: who reads is there before who writes.
pub const STAGES: [&str; 5] = ["alerter", "loader", "validator", "normalizer", "fetcher"];

/// The company's shape and the trouble of its vendors.
pub struct Company {
    pub seed: u64,
    pub enterprise: bool,
    pub analytics: bool,
    pub plan: FaultPlan,
    pub days: i64,
    /// Cursor events of a person and day.
    pub events: u32,
}

impl Company {
    /// Without Enterprise, with the beta, without trouble.
    pub fn small(seed: u64) -> Self {
        Self { seed, enterprise: false, analytics: true, plan: FaultPlan::none(), days: 4, events: 4 }
    }

    fn world(&self) -> World {
        let today = now().to_zoned(jiff::tz::TimeZone::UTC).date();
        let last = today.saturating_sub(4.days());
        let first = last.saturating_sub((self.days - 1).days());
        World::generate(WorldConfig {
            enterprise: self.enterprise,
            analytics: self.analytics,
            enterprise_analytics: self.analytics,
            events_per_person_day: self.events,
            quirks: Quirks::random(self.seed),
            ..WorldConfig::company(self.seed, 5, first, last)
        })
    }
}

pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Everything that a test of the cloud engine needs, alone in its project.
pub struct Cluster {
    pub google: Google,
    pub archive: CloudArchive,
    pub bigquery: BigQuery,
    pub mode: Mode,
    simulator: Arc<Mutex<Simulator>>,
    variables: Vec<(String, String)>,
    balancers: Vec<(Topic, Balancer)>,
    folder: Option<TempDir>,
    started: u32,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(folder) = self.folder.take()
        {
            eprintln!("the workers' logs stay: {}", folder.keep().display());
        }
    }
}

/// What differs from the plain cluster.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    /// Addresses instead of the emulators' own: relays.
    pub instead: Vec<(&'static str, String)>,
    /// How long Pub/Sub waits for the answer to a push; `None`: 120 s.
    pub answer_within: Option<Duration>,
    /// Deliveries before Pub/Sub gives up; `None`: as in production.
    pub max_attempts: Option<u32>,
    /// More variables for the workers.
    pub variables: Vec<(&'static str, String)>,
}

impl Cluster {
    /// Makes project, bus, bucket and tables, and opens the vendors.
    pub async fn new(name: &str, mode: Mode, company: &Company, setting: &Setting) -> Self {
        let unique = format!("{name}-{}-{}", std::process::id(), now().as_millisecond() % 1_000_000);
        let dataset = format!("t_{}", unique.replace('-', "_"));
        let mut variables: Vec<(String, String)> =
            from_env().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let plain = variables.clone();
        for (name, address) in &setting.instead {
            variables.retain(|(known, _)| known != name);
            variables.push(((*name).to_owned(), address.clone()));
        }
        let lookup = |name: &str| {
            let known = plain.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
            known.or_else(|| (name == "GOOGLE_CLOUD_PROJECT").then(|| unique.clone()))
        };
        let google = Google::read(&lookup).unwrap();
        let archive = CloudArchive::connect(&google, StorageOptions::new(unique.clone())).await.unwrap();
        archive.create_bucket("US").await.unwrap();
        let options = BigQueryOptions { dataset: dataset.clone(), ..BigQueryOptions::default() };
        let bigquery = BigQuery::connect(&google, options).await.unwrap();
        bigquery.migrate_facts(false).await.unwrap();
        let mut balancers = Vec::new();
        for topic in Topic::ALL {
            balancers.push((topic, Balancer::start().await));
        }
        let ports: Vec<_> = balancers.iter().map(|(topic, balancer)| (*topic, balancer.port)).collect();
        let endpoints = (mode == Mode::Push).then_some(ports.as_slice());
        create_bus(&google, mode, endpoints, setting).await;

        let world = company.world();
        let keys = world.keys.clone();
        let start = world.config().first_day.to_string();
        let simulator = Arc::new(Mutex::new(Simulator::new(world, company.plan.clone())));
        let (base_url, _) = server::spawn(Arc::clone(&simulator), Arc::new(now)).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let key_file = folder.path().join("service-account.json");
        std::fs::write(&key_file, google_credentials(&base_url)).unwrap();
        let mut set = |name: &str, value: &str| variables.push((name.to_owned(), value.to_owned()));
        for (name, value) in [
            ("AISPEND_ENGINE", "gcp"),
            ("GOOGLE_CLOUD_PROJECT", unique.as_str()),
            ("AISPEND_DATASET", dataset.as_str()),
            ("AISPEND_BUCKET", unique.as_str()),
            ("AISPEND_PUSH_AUTH", "none"),
            ("AISPEND_DRAIN_SECONDS", "20"),
            ("AISPEND_START_DATE", start.as_str()),
            ("AISPEND_ANTHROPIC_ANALYTICS_REQUESTS_PER_MINUTE", "1000000"),
            ("AISPEND_CURSOR_REQUESTS_PER_MINUTE", "1000000"),
            ("AISPEND_CURSOR_EVENT_REQUESTS_PER_MINUTE", "1000000"),
            ("AISPEND_FETCH_EMPTY_PAUSE_SECONDS", "0"),
            ("ANTHROPIC_BASE_URL", base_url.as_str()),
            ("CURSOR_BASE_URL", base_url.as_str()),
            ("GOOGLE_SHEETS_BASE_URL", base_url.as_str()),
            ("GOOGLE_APPLICATION_CREDENTIALS", key_file.to_str().unwrap()),
            ("AISPEND_SPREADSHEET_ID", keys.spreadsheet.as_str()),
            ("ANTHROPIC_ADMIN_KEY", keys.admin.as_str()),
            ("CURSOR_ADMIN_KEY", keys.cursor.as_str()),
        ] {
            set(name, value);
        }
        if company.enterprise {
            set("ANTHROPIC_ANALYTICS_KEY", &keys.analytics);
        }
        for (name, value) in &setting.variables {
            set(name, value);
        }
        Self {
            google,
            archive,
            bigquery,
            mode,
            simulator,
            variables,
            balancers,
            folder: Some(folder),
            started: 0,
        }
    }

    /// Sets a variable for the workers that are started from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Puts the value of a variable into Secret Manager and its name in its place: the value itself, which nobody is
    /// given any more.
    pub async fn keep_secret(&mut self, variable: &str) -> String {
        let known = self.variables.iter().find(|(name, _)| name == variable);
        let value = known.map(|(_, value)| value.clone()).unwrap();
        let name = variable.to_ascii_lowercase();
        let endpoint = self.google.secret_manager.as_deref().unwrap();
        let url = format!("{endpoint}/v1/projects/{}/secrets/{name}", self.google.project);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let put = client.put(url).body(value.clone()).send().await.unwrap();
        assert!(put.status().is_success(), "{}", put.status());
        self.set(variable, &format!("secret://{name}"));
        value
    }

    /// Starts one of the stages.
    pub async fn start(&mut self, stage: &'static str) -> Worker {
        self.start_program(stage, &binary(stage)).await
    }

    /// Starts a program as one of the stages.
    pub async fn start_program(&mut self, stage: &'static str, program: &Path) -> Worker {
        let (port, log) = (free_port(), self.log_of(stage));
        let worker = Worker::start(stage, program, self.mode, port, &self.variables, log).await;
        self.balance(stage, port);
        worker
    }

    /// Starts a program as one of the stages, whatever becomes of it.
    pub fn spawn(&mut self, stage: &'static str, program: &Path) -> Worker {
        let (port, log) = (free_port(), self.log_of(stage));
        let worker = Worker::spawn(stage, program, self.mode, port, &self.variables, log);
        self.balance(stage, port);
        worker
    }

    fn log_of(&mut self, stage: &str) -> PathBuf {
        self.started += 1;
        self.path().join(format!("{}-{stage}.log", self.started))
    }

    /// Pub/Sub pushes to one address a stage.
    fn balance(&self, stage: &str, port: u16) {
        let of_stage = |balancer: &&(Topic, Balancer)| names::stage(balancer.0) == stage;
        self.balancers.iter().find(of_stage).unwrap().1.add(port);
    }

    /// Starts all five.
    pub async fn start_all(&mut self) -> Vec<Worker> {
        let mut workers = Vec::new();
        for stage in STAGES {
            workers.push(self.start(stage).await);
        }
        workers
    }

    fn path(&self) -> PathBuf {
        self.folder.as_ref().unwrap().path().to_owned()
    }

    /// Publishes as Cloud Scheduler does: plain JSON, by REST.
    pub async fn publish_json(&self, topic: Topic, text: &str) {
        self.publish_bytes(topic, text.as_bytes()).await;
    }

    /// Publishes bytes.
    pub async fn publish_bytes(&self, topic: Topic, data: &[u8]) {
        self.publish_to(topic.as_str(), data, &json!({})).await;
    }

    /// Gives up on a message before a topic's reader, as Pub/Sub does after so many deliveries.
    pub async fn give_up(&self, topic: Topic, data: &[u8], attempts: u32) {
        let attributes = json!({"CloudPubSubDeadLetterSourceDeliveryCount": attempts.to_string()});
        self.publish_to(&names::dead(topic), data, &attributes).await;
    }

    async fn publish_to(&self, topic_id: &str, data: &[u8], attributes: &Value) {
        let path = names::topic_path(&self.google.project, topic_id);
        let url = format!("{}/v1/{path}:publish", self.google.pubsub.as_ref().unwrap());
        let body = json!({"messages": [{"data": STANDARD.encode(data), "attributes": attributes}]});
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.post(url).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{:?}", answer.text().await);
    }

    /// Waits until a run of that trigger and its second look are over.
    pub async fn run_over(&self, trigger: &str) -> (RunReport, RunReport) {
        match self.run_over_within(trigger, PATIENCE).await {
            Ok(both) => both,
            Err(open) => panic!("the run of `{trigger}` does not end: {open:#?}"),
        }
    }

    /// The same, or which slices are open after so long.
    pub async fn run_over_within(
        &self,
        trigger: &str,
        patience: Duration,
    ) -> Result<(RunReport, RunReport), Vec<String>> {
        let begun = Instant::now();
        loop {
            let ids = self.runs_of(trigger).await;
            let mut open = vec!["no run".to_owned()];
            if let Some(run_id) = ids.first() {
                let run = read_run(&self.archive, run_id).await.unwrap();
                let again = read_run(&self.archive, &again_of(run_id)).await.unwrap();
                if let (Some(run), Some(again)) = (&run, &again)
                    && run.is_over()
                    && again.is_over()
                {
                    return Ok((run.clone(), again.clone()));
                }
                open = run.iter().chain(&again).flat_map(pending).collect();
                let unplanned = [(run_id.clone(), run), (again_of(run_id), again)];
                let is_planned =
                    |report: &Option<RunReport>| report.as_ref().is_some_and(|run| run.is_planned);
                let unplanned = unplanned.iter().filter(|(_, report)| !is_planned(report));
                open.extend(unplanned.map(|(run_id, _)| format!("{run_id} has no plan")));
            }
            if begun.elapsed() > patience {
                return Err(open);
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }

    /// Waits until the run of that trigger is over, whatever its second look does, and says which it was.
    pub async fn first_over(&self, trigger: &str) -> String {
        let begun = Instant::now();
        loop {
            if let Some(run_id) = self.runs_of(trigger).await.into_iter().next()
                && read_run(&self.archive, &run_id).await.unwrap().is_some_and(|run| run.is_over())
            {
                return run_id;
            }
            assert!(begun.elapsed() < PATIENCE, "the run of `{trigger}` does not end");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn runs_of(&self, trigger: &str) -> Vec<String> {
        let sql =
            format!("SELECT run_id FROM ai_usage_analytics.runs WHERE trigger = '{trigger}' ORDER BY run_id");
        match self.bigquery.query(&self.named(&sql), None).await {
            Ok(answer) => answer.rows.iter().map(|row| row[0].to_string()).collect(),
            // BigQuery may be away, where the test has it so.
            Err(error) => {
                eprintln!("{error:?}");
                Vec::new()
            }
        }
    }

    /// Waits until nothing has been pushed for that long and nothing pushed is unanswered; false where that does not come
    /// within a test's patience.
    pub async fn nothing_pushed_for(&self, pause: Duration) -> bool {
        let counted = || self.balancers.iter().map(|(_, balancer)| balancer.counted()).collect::<Vec<_>>();
        let begun = Instant::now();
        let (mut last, mut since) = (counted(), Instant::now());
        while begun.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let now = counted();
            if now != last || now.iter().any(|(came, ended)| came != ended) {
                (last, since) = (now, Instant::now());
            } else if since.elapsed() > pause {
                return true;
            }
        }
        false
    }

    /// Asks BigQuery.
    pub fn ask(&self, sql: &str) -> QueryResult {
        tokio::task::block_in_place(|| {
            let sql = self.named(sql);
            let asked = tokio::runtime::Handle::current().block_on(self.bigquery.query(&sql, None));
            asked.unwrap_or_else(|error| panic!("{sql}: {error:?}"))
        })
    }

    /// The statement for this test's dataset.
    fn named(&self, sql: &str) -> String {
        sql.replace("ai_usage_analytics.", &format!("{}.", self.bigquery.dataset()))
    }

    /// The vendors.
    pub fn vendors(&self) -> MutexGuard<'_, Simulator> {
        self.simulator.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asserts that BigQuery holds what is true, and whose it is.
    #[track_caller]
    pub fn assert_truth(&self, what: &str) {
        // Vendors that wait for this lock would hold every thread that BigQuery's answer needs: it is let go of before asking.
        let world = self.vendors().world.clone();
        let scope = world.scope(now());
        let told = world.truth(&scope);
        truth::assert_truth(&|sql: &str| self.ask(sql), &world, &scope, &told, what);
        truth::assert_attribution(&|sql: &str| self.ask(sql), &scope, &told, what);
    }

    /// What is parked.
    pub async fn parked(&self) -> Vec<Parked> {
        self.archive.parked().list().await.unwrap()
    }

    /// Runs `aispend` against this project.
    pub fn aispend(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = tokio::task::block_in_place(|| {
            Command::new(binary("aispend"))
                .args(arguments)
                .current_dir(self.path())
                .env_clear()
                .envs(std::env::vars().filter(|(name, _)| ["PATH", "HOME"].contains(&name.as_str())))
                .envs(self.variables.iter().cloned())
                .output()
                .unwrap()
        });
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    /// The same vendors read by `aispend run` on one machine, into DuckDB.
    pub fn on_one_machine(&self) -> PathBuf {
        let data = self.path().join("data");
        let output = tokio::task::block_in_place(|| {
            Command::new(binary("aispend"))
                .args(["--data-dir", data.to_str().unwrap(), "run"])
                .current_dir(self.path())
                .env_clear()
                .envs(std::env::vars().filter(|(name, _)| ["PATH", "HOME"].contains(&name.as_str())))
                .envs(self.variables.iter().filter(|(name, _)| name != "AISPEND_ENGINE").cloned())
                .output()
                .unwrap()
        });
        // Rejected sheet rows end it with 1: the vendors' oddities are the same for both engines.
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
        data
    }
}

/// What failed or was parked in a run and its second look.
pub fn troubles(run: &RunReport, again: &RunReport) -> Vec<(String, String, String)> {
    let in_trouble = |slice: &&SliceReport| matches!(slice.end, End::Failed | End::Parked);
    let all = run.slices.iter().chain(&again.slices).filter(in_trouble);
    all.map(|slice| (slice.slice.key(), slice.reason.clone(), slice.detail.clone())).collect()
}

fn pending(report: &RunReport) -> Vec<String> {
    let open = |slice: &&SliceReport| slice.end == End::Pending;
    let of = |key: String| format!("{} {key}", report.run_id);
    report.slices.iter().filter(open).map(|slice| of(slice.slice.key())).collect()
}

/// Bus and dead letters, as quick as emulators are.
async fn create_bus(google: &Google, mode: Mode, pushed_to: Option<&[(Topic, u16)]>, setting: &Setting) {
    let push = pushed_to.map(|ports| PushOptions {
        endpoints: ports.iter().map(|(topic, port)| (*topic, format!("http://127.0.0.1:{port}"))).collect(),
        service_account: None,
    });
    let options = BusOptions {
        // Pushed, a request that is not answered by then was in vain. A process that dies ends its requests at once.
        ack_deadline: match mode {
            Mode::Push => setting.answer_within.unwrap_or(Duration::from_mins(2)),
            Mode::Pull => Duration::from_secs(20),
        },
        backoff: None,
        push,
        max_attempts: setting.max_attempts,
        ..BusOptions::default()
    };
    BusAdmin::connect(google, options).await.unwrap().create().await.unwrap();
}
