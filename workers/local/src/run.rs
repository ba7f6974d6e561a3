//! `aispend run`, `reprocess`, `retire`: one trigger, followed to its end.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use aispend_alerter::again_of;
use aispend_config::Settings;
use aispend_duckdb::DuckDb;
use aispend_model::{Money, Slice, day_number};
use aispend_ports::{Clock, Fetch, SliceOutcome, Topic};
use aispend_proto::TableSums;
use aispend_proto::v1::envelope::Body;
use aispend_proto::v1::{FetchRequested, PlannedSlice, RunPlanned};
use aispend_stage::{Counts, Header, Output, content_id, slice_to_wire};
use aispend_validator::Limits;
use aispend_worker::Pace;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::alerts;
use crate::cli::{PeriodArguments, RetireArguments, RunArguments};
use crate::failure::Failure;
use crate::followed::Followed;
use crate::pipeline::{Pipeline, Place};
use crate::progress::Progress;
use crate::screen::{count, dollars};
use crate::setup;
use crate::site::{self, Site};
use crate::summary::Summary;

/// A run that may have been killed: kept until it ends.
#[derive(Debug, Serialize, Deserialize)]
struct Unfinished {
    run_id: String,
    asked: String,
    day: Date,
}

/// What a run is to do, once.
pub struct Job {
    /// Its id.
    pub run_id: String,
    /// What to publish.
    pub messages: Vec<Output>,
}

/// What a run came to.
pub struct Outcome {
    /// The runs that it led to.
    pub followed: Followed,
    /// How long it took.
    pub took: Duration,
    /// True where the deadline ended it.
    pub is_overdue: bool,
    /// What each stage did.
    pub counts: Vec<(&'static str, Counts)>,
}

/// `aispend run`.
pub async fn run(settings: &Settings, arguments: &RunArguments) -> Result<ExitCode, Failure> {
    check_period(&arguments.period)?;
    let site = Site::open(settings).await?;
    let request = FetchRequested { trigger: "command".to_owned(), ..asked(&arguments.period) };
    let outcome = match &site {
        Site::Cloud(world) => {
            site::follow(world, job(&new_run_id(world.clock.as_ref()), request), arguments.json).await?
        }
        Site::Machine(data_dir) => {
            if settings.anthropic.is_empty() && settings.cursor.is_empty() {
                return Err(Failure::usage(crate::screen::NO_KEYS));
            }
            let assumptions = setup::assumptions(settings)?;
            let clock = setup::clock();
            let pace = Pace { is_limited: true };
            let fetch = Arc::new(setup::http(settings, pace, Arc::clone(&clock)).await?);
            let warehouse = setup::warehouse(data_dir, false).await?;
            warehouse.assume(&assumptions).await?;
            let run_id = continued(settings, &arguments.period, clock.today())?;
            let outcome =
                follow(settings, &warehouse, fetch, pace, clock, job(&run_id, request), arguments.json)
                    .await?;
            if !outcome.is_overdue {
                finished(data_dir);
            }
            outcome
        }
    };
    let summary = Summary::of(&outcome, &site).await?;
    if arguments.json {
        summary.print_json()?;
    } else {
        summary.print(false);
    }
    Ok(summary.exit_code())
}

/// `aispend reprocess`.
pub async fn reprocess(settings: &Settings, arguments: &PeriodArguments) -> Result<ExitCode, Failure> {
    check_period(arguments)?;
    let request = FetchRequested { trigger: "reprocess".to_owned(), reprocess: true, ..asked(arguments) };
    let site = Site::open(settings).await?;
    let run_id = new_run_id(setup::clock().as_ref());
    carry_out(settings, &site, job(&run_id, request)).await
}

/// `aispend retire`.
pub async fn retire(settings: &Settings, arguments: &RetireArguments) -> Result<ExitCode, Failure> {
    let site = Site::open(settings).await?;
    let mut lines = site.ledger(Some(arguments.feed)).await?;
    lines.retain(|line| line.outcome == SliceOutcome::Complete);
    if lines.is_empty() {
        println!("nothing of {} is loaded", arguments.feed);
        return Ok(ExitCode::SUCCESS);
    }
    if arguments.dry_run {
        let mut all = TableSums::default();
        for line in &lines {
            for (table, rows, money) in line.loaded.iter() {
                all.add(table, rows, money);
            }
            println!("would empty {}: {}", line.slice.key(), rows_and_money(&line.loaded));
        }
        println!("{} slices, {}", lines.len(), rows_and_money(&all));
        return Ok(ExitCode::SUCCESS);
    }
    let slices: Vec<Slice> = lines.into_iter().map(|line| line.slice).collect();
    let clock = setup::clock();
    let job = slices_job(&new_run_id(clock.as_ref()), &slices, "retire", "", clock.as_ref());
    carry_out(settings, &site, job).await
}

/// Follows a job to its end, and says what it came to.
async fn carry_out(settings: &Settings, site: &Site, job: Job) -> Result<ExitCode, Failure> {
    let outcome = follow_at(settings, site, job).await?;
    let summary = Summary::of(&outcome, site).await?;
    summary.print(false);
    Ok(summary.exit_code())
}

/// Follows a job where it is to be done.
pub async fn follow_at(settings: &Settings, site: &Site, job: Job) -> Result<Outcome, Failure> {
    match site {
        Site::Cloud(world) => site::follow(world, job, false).await,
        Site::Machine(data_dir) => {
            let clock = setup::clock();
            let pace = Pace { is_limited: true };
            let fetch = Arc::new(setup::http(settings, pace, Arc::clone(&clock)).await?);
            let warehouse = setup::warehouse(data_dir, false).await?;
            follow(settings, &warehouse, fetch, pace, clock, job, false).await
        }
    }
}

fn rows_and_money(sums: &TableSums) -> String {
    format!("{} rows, {} USD", count(sums.rows()), dollars(Money::from_nanos(sums.money())))
}

/// A run with its plan given: the plan's event, and a message a slice. `source`: where the slices are to be read.
pub fn slices_job(run_id: &str, slices: &[Slice], trigger: &str, source: &str, clock: &dyn Clock) -> Job {
    let header = Header { run_id: run_id.to_owned(), ..Header::default() };
    let now = clock.now();
    let planned = RunPlanned {
        slices: slices
            .iter()
            .map(|slice| PlannedSlice {
                slice: Some(slice_to_wire(slice)),
                source: source.to_owned(),
                ..PlannedSlice::default()
            })
            .collect(),
        trigger: trigger.to_owned(),
        planned_at: now.as_microsecond(),
        ..RunPlanned::default()
    };
    let mut messages = vec![Output::new(Topic::SliceEvents, &header, now, Body::RunPlanned(planned))];
    for slice in slices {
        let header = Header { slice: Some(slice.clone()), ..header.clone() };
        let body = FetchRequested {
            trigger: trigger.to_owned(),
            source: source.to_owned(),
            ..FetchRequested::default()
        };
        messages.push(Output::new(Topic::FetchRequests, &header, now, Body::FetchRequested(body)));
    }
    Job { run_id: run_id.to_owned(), messages }
}

/// A run whose plan the fetcher makes.
pub fn job(run_id: &str, request: FetchRequested) -> Job {
    let header = Header { run_id: run_id.to_owned(), ..Header::default() };
    let message = Output::new(
        Topic::FetchRequests,
        &header,
        jiff::Timestamp::UNIX_EPOCH,
        Body::FetchRequested(request),
    );
    Job { run_id: run_id.to_owned(), messages: vec![message] }
}

/// Runs the pipeline until the run and its second look are over, or the deadline is.
pub async fn follow(
    settings: &Settings,
    warehouse: &DuckDb,
    fetch: Arc<dyn Fetch>,
    pace: Pace,
    clock: Arc<dyn Clock>,
    job: Job,
    is_quiet: bool,
) -> Result<Outcome, Failure> {
    let data_dir = settings.data_dir();
    follow_in(settings, &Place::of(&data_dir, warehouse), fetch, pace, clock, job, is_quiet).await
}

/// The same in a place of the caller's choice.
pub async fn follow_in(
    settings: &Settings,
    place: &Place<'_>,
    fetch: Arc<dyn Fetch>,
    pace: Pace,
    clock: Arc<dyn Clock>,
    job: Job,
    is_quiet: bool,
) -> Result<Outcome, Failure> {
    let started = clock.now();
    let limits = Limits::of(settings);
    let fetcher = setup::fetcher(settings, pace);
    // A simulated company's money is nobody's news, and neither is what a copy says.
    let is_watched = pace.is_limited && place.data_dir == settings.data_dir();
    let watch = if is_watched { Some(alerts::watch(settings, place.warehouse, &clock).await?) } else { None };
    let pipeline = Pipeline::start(place, fetch, fetcher, limits, Arc::clone(&clock), watch)?;
    for message in &job.messages {
        pipeline.publish(message).await?;
    }
    let mut progress = Progress::start(is_quiet);
    let read = async || {
        Followed::read(&job.run_id, async |run_id: &str| Ok::<_, Failure>(pipeline.alerter.report(run_id)))
            .await
    };
    let mut changes = pipeline.alerter.changes();
    let deadline = tokio::time::sleep(settings.seconds("run.deadline_seconds"));
    tokio::pin!(deadline);
    let is_overdue = loop {
        let followed = read().await?;
        progress.show(&followed);
        if followed.is_over() {
            break false;
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { break true },
            () = &mut deadline => break true,
            _ = tokio::signal::ctrl_c() => {
                progress.end();
                return Err(Failure::world("stopped; `aispend run` with the same period continues where it was"));
            }
        }
        // Many events come at once; a person reads ten a second.
        tokio::time::sleep(Duration::from_millis(30)).await;
    };
    progress.end();
    let followed = read().await?;
    let counters = pipeline.counters();
    if is_overdue {
        // Messages still on their way end with the process; the slices stay due.
        drop(tokio::time::timeout(Duration::from_secs(5), pipeline.stop()).await);
    } else {
        pipeline.stop().await;
    }
    // After the last acknowledgement: what was received is accounted for.
    let counts = counters.iter().map(|(name, counters)| (*name, counters.read())).collect();
    place.warehouse.publish().await?;
    let took = Duration::try_from(clock.now().duration_since(started)).unwrap_or_default();
    Ok(Outcome { followed, took, is_overdue, counts })
}

fn asked(period: &PeriodArguments) -> FetchRequested {
    FetchRequested {
        feeds: period.feeds.iter().map(|feed| feed.as_str().to_owned()).collect(),
        from: period.from.map(day_number),
        to: period.to.map(day_number),
        ..FetchRequested::default()
    }
}

fn check_period(period: &PeriodArguments) -> Result<(), Failure> {
    match (period.from, period.to) {
        (Some(from), Some(to)) if from > to => {
            Err(Failure::usage(format!("--from {from} is after --to {to}")))
        }
        _ => Ok(()),
    }
}

/// A new run's id: when, and by which process.
pub fn new_run_id(clock: &dyn Clock) -> String {
    let now = clock.now();
    let tail = content_id(&[&std::process::id().to_le_bytes(), &now.as_nanosecond().to_le_bytes()]);
    let tail: String = tail.chars().take(6).collect();
    format!("{}-{tail}", now.strftime("%Y%m%dT%H%M%S"))
}

fn unfinished_path(data_dir: &Path) -> PathBuf {
    data_dir.join(".writer").join("run.json")
}

/// The id of the killed run that was asked for the same thing today, or a new one. Its plan is in the archive, and what
/// it had loaded is not read again.
fn continued(settings: &Settings, period: &PeriodArguments, today: Date) -> Result<String, Failure> {
    // A changed setting, a mended key say, asks for another plan.
    let asked = format!("{period:?} {}", content_id(&[settings.fingerprint().as_bytes()]));
    let path = unfinished_path(&settings.data_dir());
    let known: Option<Unfinished> =
        std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    if let Some(known) = known.filter(|known| known.asked == asked && known.day == today) {
        eprintln!("continuing run {}, which did not end", known.run_id);
        // Its second look was planned from what was loaded then: the next one is planned anew.
        let stale =
            settings.data_dir().join(".writer/plans").join(format!("run-{}", again_of(&known.run_id)));
        drop(std::fs::remove_file(stale));
        return Ok(known.run_id);
    }
    forget_progress(&settings.data_dir());
    let run_id = new_run_id(setup::clock().as_ref());
    let unfinished = Unfinished { run_id: run_id.clone(), asked, day: today };
    let text = serde_json::to_vec(&unfinished).map_err(|error| Failure::world(error.to_string()))?;
    std::fs::write(&path, text).map_err(|error| Failure::world(format!("{}: {error}", path.display())))?;
    Ok(run_id)
}

fn finished(data_dir: &Path) {
    // A file that stays only makes the next run of the same period skip what this one loaded today.
    drop(std::fs::remove_file(unfinished_path(data_dir)));
    forget_progress(data_dir);
}

/// What attempts left for those after them is of no use to another run.
fn forget_progress(data_dir: &Path) {
    drop(std::fs::remove_dir_all(data_dir.join(".writer/progress")));
}
