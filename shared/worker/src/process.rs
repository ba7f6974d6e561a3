//! A worker's life: settings, doors, messages, an orderly end.

use std::future::Future;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use aispend_config::Settings;
use aispend_ports::Bus;
use aispend_pubsub::{PubSub, PubSubOptions};
use aispend_stage::{Doors, Runner, RunnerOptions, Stage};
use aispend_telemetry::{LogFormat, Telemetry};
use clap::{CommandFactory, FromArgMatches};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::{error, info, warn};

use crate::arguments::{Arguments, Logs, Mode, SETTINGS_OF_ALL, settings_help};
use crate::health::{Health, Phase};
use crate::oidc::Gate;
use crate::push::PushBus;
use crate::server::{PushDoor, serve};
use crate::world::{StartError, World};

/// A stage, ready to run.
pub struct Built<S> {
    /// The stage.
    pub stage: S,
    /// How much it takes on at once.
    pub options: RunnerOptions,
    /// Work beside its messages, ended with the process.
    pub beside: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl<S> Built<S> {
    /// With as much at once as the settings say, and nothing beside it.
    pub fn of(stage: S, world: &World) -> Self {
        let concurrency = world.settings.count("worker.concurrency") as usize;
        Self { stage, options: RunnerOptions { concurrency, ..RunnerOptions::default() }, beside: None }
    }
}

/// The `main` of a worker. `settings`: names, or beginnings of names, of the settings that its stage reads beside those of
/// every worker; `build`: makes the stage.
pub fn main<S: Stage>(
    settings: &[&str],
    build: impl AsyncFnOnce(&World) -> Result<Built<S>, StartError>,
) -> ExitCode {
    let prefixes: Vec<&str> = settings.iter().chain(SETTINGS_OF_ALL).copied().collect();
    let command = Arguments::command().name(S::NAME).after_help(settings_help(&prefixes));
    let arguments = match Arguments::from_arg_matches(&command.get_matches()) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: the runtime does not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(live(&arguments, build));
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(if error.is_usage() { 2 } else { 1 })
        }
    }
}

async fn live<S: Stage>(
    arguments: &Arguments,
    build: impl AsyncFnOnce(&World) -> Result<Built<S>, StartError>,
) -> Result<(), StartError> {
    let settings = Settings::load(arguments.config.as_deref(), Vec::new())?;
    let logs = match arguments.log_format {
        Logs::Text => LogFormat::Text,
        Logs::Json => {
            LogFormat::Cloud { project: settings.text("google.project").unwrap_or_default().to_owned() }
        }
    };
    let level = if arguments.verbose { "debug" } else { "info" };
    let telemetry = Telemetry::start(S::NAME, &logs, level, settings.text("telemetry.otlp_endpoint"))
        .map_err(|detail| StartError::Setting { setting: "OTEL_EXPORTER_OTLP_ENDPOINT", detail })?;
    let stop = Stop::listen()?;
    let port = arguments.port.unwrap_or_else(|| u16::try_from(settings.count("worker.port")).unwrap_or(8080));
    let listener = TcpListener::bind(("0.0.0.0", port)).await.map_err(|error| StartError::Setting {
        setting: "PORT",
        detail: format!("{port} cannot be listened on: {error}"),
    })?;
    let world = World::open(settings).await?;
    let built = build(&world).await?;
    let ended = run(arguments.mode, listener, world, built, stop).await;
    telemetry.end().await;
    ended
}

/// Turns true on SIGTERM and Ctrl-C.
#[derive(Clone)]
struct Stop(watch::Sender<bool>);

impl Stop {
    fn listen() -> Result<Self, StartError> {
        let stop = Self(watch::Sender::new(false));
        for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
            let mut signals = signal(kind).map_err(StartError::door("the signal handler"))?;
            let stop = stop.clone();
            tokio::spawn(async move {
                if signals.recv().await.is_some() {
                    stop.now();
                }
            });
        }
        Ok(stop)
    }

    fn now(&self) {
        self.0.send_replace(true);
    }
}

async fn run<S: Stage>(
    mode: Mode,
    listener: TcpListener,
    world: World,
    built: Built<S>,
    stop: Stop,
) -> Result<(), StartError> {
    let Built { stage, options, beside } = built;
    let drain = world.settings.seconds("worker.drain_seconds");
    // As many as are handled at once, and as many again on their way: no worker hoards what another could do.
    let outstanding = u32::try_from(options.concurrency * options.batch.max(1) * 2).unwrap_or(u32::MAX);
    let pubsub_options = PubSubOptions {
        outstanding_messages: outstanding,
        lease: lease(&world)?,
        close_within: drain / 2,
        ..PubSubOptions::default()
    };
    let pubsub = PubSub::connect(&world.google, pubsub_options).await.map_err(StartError::door("Pub/Sub"))?;
    let pubsub = Arc::new(pubsub);
    let health = Arc::new(Health::default());
    let (bus, door): (Arc<dyn Bus>, Option<PushDoor>) = match mode {
        Mode::Pull => (Arc::clone(&pubsub) as Arc<dyn Bus>, None),
        Mode::Push => {
            let gate = gate(&world)?;
            let (bus, inlet) = PushBus::new(Arc::clone(&pubsub) as Arc<dyn Bus>, outstanding as usize);
            (Arc::new(bus), Some(PushDoor { topic: S::INPUT, gate, inlet }))
        }
    };
    // The server ends after the stage has: answers to pushed messages are what the stage settles.
    let server_stop = watch::Sender::new(false);
    let server = tokio::spawn(serve(listener, Arc::clone(&health), door, server_stop.subscribe()));
    let doors = Doors {
        bus,
        archive: Arc::clone(&world.archive),
        parked: Arc::clone(&world.parked),
        clock: Arc::clone(&world.clock),
    };
    let runner = Runner::new(Arc::new(stage), doors, options);
    let counters = runner.counters();
    let beside = beside.map(tokio::spawn);
    health.enter(Phase::Ready);
    info!(stage = S::NAME, mode = ?mode, "ready");
    let mut stopped = stop.0.subscribe();
    let mut running = tokio::spawn({
        let stop = stop.0.subscribe();
        async move { runner.run(stop).await }
    });
    let ended = tokio::select! {
        ended = &mut running => Some(ended),
        _ = stopped.wait_for(|stop| *stop) => None,
    };
    health.enter(Phase::Draining);
    stop.now();
    let ended = match ended {
        Some(ended) => Some(ended),
        None => tokio::time::timeout(drain, &mut running).await.ok(),
    };
    if ended.is_none() {
        running.abort();
        warn!(
            stage = S::NAME,
            drain_seconds = drain.as_secs(),
            "stopped with messages at work: they come again"
        );
    }
    if let Some(beside) = beside {
        beside.abort();
    }
    pubsub.close().await;
    server_stop.send_replace(true);
    // Whoever still waits for an answer is told by the closed connection.
    drop(tokio::time::timeout(Duration::from_secs(1), server).await);
    let counts = counters.read();
    info!(
        stage = S::NAME,
        received = counts.received,
        settled = counts.settled,
        published = counts.published,
        given_back = counts.given_back,
        parked = counts.parked,
        "ended"
    );
    match ended {
        None | Some(Ok(Ok(()))) => Ok(()),
        Some(Ok(Err(error))) => {
            error!(stage = S::NAME, detail = aispend_stage::error_chain(&error), "the bus is closed");
            Err(StartError::door("the subscription")(error))
        }
        Some(Err(error)) => Err(StartError::door("the runner")(error)),
    }
}

fn lease(world: &World) -> Result<Duration, StartError> {
    match world.settings.count("worker.lease_seconds") {
        seconds @ 10..=600 => Ok(Duration::from_secs(u64::from(seconds))),
        seconds => Err(StartError::Setting {
            setting: "AISPEND_LEASE_SECONDS",
            detail: format!("{seconds} is out of Pub/Sub's range, 10 to 600"),
        }),
    }
}

fn gate(world: &World) -> Result<Gate, StartError> {
    let settings = &world.settings;
    if settings.text("google.push_auth") == Some("none") {
        if world.google.pubsub.is_some() {
            return Ok(Gate::Open);
        }
        return Err(StartError::Setting {
            setting: "AISPEND_PUSH_AUTH",
            detail: "none is for emulators only: anybody could send messages; set it to oidc".to_owned(),
        });
    }
    let needed = |name: &str, setting: &'static str, what: &str| {
        settings.text(name).ok_or_else(|| StartError::Setting {
            setting,
            detail: format!("not set; in push mode it is {what}"),
        })
    };
    let audience = needed(
        "google.push_audience",
        "AISPEND_PUSH_AUDIENCE",
        "the audience of the push subscription's OIDC token",
    )?;
    let account = needed(
        "google.push_service_account",
        "AISPEND_PUSH_SERVICE_ACCOUNT",
        "the e-mail of the service account that the push subscription signs in as",
    )?;
    Ok(Gate::oidc(audience, account, settings.text("google.push_keys_url")))
}
