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
use clap::FromArgMatches;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::{error, info, warn};

use crate::arguments::{Arguments, Logs, Mode, command, with_those_of_all};
use crate::deadline::Deadline;
use crate::health::{Health, Phase};
use crate::oidc::Gate;
use crate::push::PushBus;
use crate::secrets::all_revealed;
use crate::server::{PushDoor, serve};
use crate::world::{StartError, World};

/// How long a process that never ran may tell why.
const UNSTARTED: Duration = Duration::from_secs(2);

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
    let matches = command(S::NAME, settings).get_matches();
    let arguments = match Arguments::from_arg_matches(&matches) {
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
    let ended = runtime.block_on(live(&arguments, &with_those_of_all(settings), build));
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
    prefixes: &[&str],
    build: impl AsyncFnOnce(&World) -> Result<Built<S>, StartError>,
) -> Result<(), StartError> {
    let settings = Settings::load(arguments.config.as_deref(), Vec::new())?;
    // Before telemetry, which has settings as well.
    let settings = all_revealed(&settings, prefixes).await?;
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
    let started = tokio::select! {
        started = start(arguments, settings, build) => started.map(Some),
        () = stop.asked() => Ok(None),
    };
    let (ended, deadline) = match started {
        Ok(Some(started)) => run(arguments.mode, started, &stop).await,
        Ok(None) => (Ok(()), Deadline::within(UNSTARTED)),
        Err(error) => (Err(error), Deadline::within(UNSTARTED)),
    };
    telemetry.end(deadline.left()).await;
    ended
}

/// Everything a worker runs on.
struct Started<S> {
    listener: TcpListener,
    world: World,
    built: Built<S>,
    pubsub: Arc<PubSub>,
    outstanding: u32,
}

async fn start<S: Stage>(
    arguments: &Arguments,
    settings: Settings,
    build: impl AsyncFnOnce(&World) -> Result<Built<S>, StartError>,
) -> Result<Started<S>, StartError> {
    let port = arguments.port.unwrap_or_else(|| u16::try_from(settings.count("worker.port")).unwrap_or(8080));
    let listener = TcpListener::bind(("0.0.0.0", port)).await.map_err(|error| StartError::Setting {
        setting: "PORT",
        detail: format!("{port} cannot be listened on: {error}"),
    })?;
    let world = World::open(settings).await?;
    let built = build(&world).await?;
    let options = &built.options;
    // As many as are handled at once, and as many again on their way: no worker hoards what another could do.
    let outstanding = u32::try_from(options.concurrency * options.batch.max(1) * 2).unwrap_or(u32::MAX);
    let pubsub_options = PubSubOptions {
        outstanding_messages: outstanding,
        lease: lease(&world)?,
        close_within: world.settings.seconds("worker.drain_seconds"),
        ..PubSubOptions::default()
    };
    let pubsub = PubSub::connect(&world.google, pubsub_options).await.map_err(StartError::door("Pub/Sub"))?;
    Ok(Started { listener, world, built, pubsub: Arc::new(pubsub), outstanding })
}

/// Turns true on SIGTERM and Ctrl-C.
#[derive(Clone)]
pub(crate) struct Stop(pub(crate) watch::Sender<bool>);

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

    pub(crate) fn now(&self) {
        self.0.send_replace(true);
    }

    async fn asked(&self) {
        // Its sender is ours.
        drop(self.0.subscribe().wait_for(|stop| *stop).await);
    }
}

async fn run<S: Stage>(mode: Mode, started: Started<S>, stop: &Stop) -> (Result<(), StartError>, Deadline) {
    let Started { listener, world, built: Built { stage, options, beside }, pubsub, outstanding } = started;
    let health = Arc::new(Health::default());
    let (bus, door): (Arc<dyn Bus>, Option<PushDoor>) = match mode {
        Mode::Pull => (Arc::clone(&pubsub) as Arc<dyn Bus>, None),
        Mode::Push => match gate(&world.settings, world.google.pubsub.is_some()) {
            Ok(gate) => {
                let (bus, inlet) = PushBus::new(Arc::clone(&pubsub) as Arc<dyn Bus>, outstanding as usize);
                (Arc::new(bus), Some(PushDoor { topic: S::INPUT, gate, inlet }))
            }
            Err(error) => return (Err(error), Deadline::within(UNSTARTED)),
        },
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
    let beside = beside.map(tokio::spawn);
    health.enter(Phase::Ready);
    info!(stage = S::NAME, mode = ?mode, "ready");
    let ending = async {
        if let Some(beside) = beside {
            beside.abort();
        }
        pubsub.close().await;
        server_stop.send_replace(true);
        // Whoever still waits for an answer is told by the closed connection.
        drop(server.await);
    };
    run_to_the_end(runner, &health, stop, world.settings.seconds("worker.drain_seconds"), ending).await
}

/// Runs until somebody asks it to stop; then all that is left to do shares one deadline. `ending`: what comes after the
/// stage.
pub(crate) async fn run_to_the_end<S: Stage>(
    runner: Runner<S>,
    health: &Health,
    stop: &Stop,
    drain: Duration,
    ending: impl Future<Output = ()>,
) -> (Result<(), StartError>, Deadline) {
    let counters = runner.counters();
    let mut running = tokio::spawn({
        let stop = stop.0.subscribe();
        async move { runner.run(stop).await }
    });
    let ended = tokio::select! {
        ended = &mut running => Some(ended),
        () = stop.asked() => None,
    };
    let deadline = Deadline::within(drain);
    health.enter(Phase::Draining);
    stop.now();
    let ended = match ended {
        Some(ended) => Some(ended),
        None => tokio::time::timeout(deadline.for_the_stage(), &mut running).await.ok(),
    };
    if ended.is_none() {
        // With the runner ends what it has at work: each message is given back.
        running.abort();
        warn!(
            stage = S::NAME,
            drain_seconds = drain.as_secs(),
            "stopped with messages at work: they come again"
        );
    }
    if tokio::time::timeout(deadline.for_the_doors(), ending).await.is_err() {
        warn!(stage = S::NAME, "ended before the bus and the server had: what they did not hear comes again");
    }
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
    let ended = match ended {
        None | Some(Ok(Ok(()))) => Ok(()),
        Some(Ok(Err(error))) => {
            error!(stage = S::NAME, detail = aispend_stage::error_chain(&error), "the bus is closed");
            Err(StartError::door("the subscription")(error))
        }
        Some(Err(error)) => Err(StartError::door("the runner")(error)),
    };
    (ended, deadline)
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

/// `is_emulated`: it is not Google's Pub/Sub that pushes.
pub(crate) fn gate(settings: &Settings, is_emulated: bool) -> Result<Gate, StartError> {
    if settings.text("google.push_auth") == Some("none") {
        if is_emulated {
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
