//! `aispend import`: a file merged into a sheet, or a tab as it is now, with what that does in rows and money said before it
//! is done.

mod effect;
mod moves;
mod print;
mod tab;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use aispend_alerter::{End, RunReport};
use aispend_config::Settings;
use aispend_duckdb::{DuckDb, open_reader};
use aispend_http::{HttpFetch, HttpOptions, RetryPolicy};
use aispend_model::{Feed, Slice};
use aispend_ports::{Clock, Fetch, LedgerLine, SliceOutcome, Warehouse as _};
use aispend_sources::sheets::import::{Incoming, Merge, Version, merge, short_name};
use aispend_stage::error_chain;
use aispend_worker::Pace;

use crate::cli::ImportArguments;
use crate::failure::{Failure, INCOMPLETE};
use crate::pipeline::Place;
use crate::run::{Job, Outcome, follow_in, new_run_id, slices_job};
use crate::setup;
use crate::site::Site;
use crate::summary::Summary;
use effect::Effect;
use moves::{attributed, rehearse};

/// Sheets name no organisation.
const ORG: &str = "sheets";

/// `aispend import`.
pub async fn import(settings: &Settings, arguments: &ImportArguments) -> Result<ExitCode, Failure> {
    let feed = arguments.sheet;
    check_settings(settings, feed)?;
    let is_at_google = settings.text("sheets.spreadsheet_id").is_some();
    match &arguments.file {
        Some(path) if !is_at_google => import_file(settings, arguments, path).await,
        None if is_at_google => tab::import_tab(settings, arguments).await,
        Some(path) => {
            let (name, tab) = (short_name(feed), tab_of(settings, feed));
            Err(Failure::usage(format!(
                "{name} is kept in a Google spreadsheet (AISPEND_SPREADSHEET_ID): put the rows of {} into its tab \"{tab}\", then `aispend import {name} --dry-run` shows what that changes, and `aispend import {name}` loads it",
                path.display()
            )))
        }
        None => Err(Failure::usage(format!(
            "name the file: aispend import {0} FILE; `aispend sheets template {0}` writes one to begin with",
            short_name(feed)
        ))),
    }
}

async fn import_file(
    settings: &Settings,
    arguments: &ImportArguments,
    path: &Path,
) -> Result<ExitCode, Failure> {
    let feed = arguments.sheet;
    let bytes = read(path)?;
    let period = match (arguments.from, arguments.to) {
        (Some(from), Some(to)) if from > to => {
            return Err(Failure::usage(format!("--from {from} is after --to {to}")));
        }
        (from, to) => from.zip(to),
    };
    let name = path.display().to_string();
    let incoming = Incoming { name: &name, bytes: &bytes, period };
    let data_dir = settings.data_dir();
    let sheet = Sheet::of(settings, &data_dir, feed);
    // A file that is none is said at once, and not after the run that has the lock.
    merged(feed, &sheet, &incoming)?;
    let warehouse = warehouse(&data_dir, arguments.dry_run).await?;
    let lines = ledger(warehouse.as_ref()).await?;
    check_enterprise(&lines, feed)?;
    // Under the writer's lock from here on: what is shown is what is done.
    let (there, merge) = merged(feed, &sheet, &incoming)?;
    let has_news = !(merge.added.is_empty() && merge.changed.is_empty());
    print::rows(feed, &merge);
    let clock = setup::clock();
    let effect = if has_news {
        let moves = match &warehouse {
            Some(warehouse) if effect::moves_money(feed) => {
                // A run that was killed may have loaded more than it showed: what is compared is what is loaded.
                warehouse.publish().await?;
                let file = moves::File { tab: tab_of(settings, feed), bytes: &merge.file };
                Some(rehearse(settings, Some(&data_dir), feed, &moves::From::File(file), &clock).await?)
            }
            _ => None,
        };
        let there = there.as_deref().map(Version::file);
        let days = (clock.today(), effect::first_day(settings, &lines, clock.today()));
        let before = moves.as_ref().map(|_| attributed(&data_dir)).transpose()?;
        let moves = before.zip(moves.and_then(|moves| moves.attributed));
        Effect::of(feed, there.as_ref(), &Version::file(&merge.file), days, moves)?
    } else {
        Effect::default()
    };
    print::money(&effect);
    let code = if merge.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) };
    let Some(warehouse) = warehouse.filter(|_| !arguments.dry_run) else {
        println!("\nNothing was changed (--dry-run).");
        return Ok(code);
    };
    if !has_news {
        println!("\nNothing to change: {} stays as it is.", sheet.path.display());
        return Ok(code);
    }
    sheet.write(there.as_deref(), &merge.file)?;
    println!("\nWrote {}", sheet.path.display());
    let place = Place::of(&data_dir, &warehouse);
    let outcome =
        load(settings, &place, feed, Door::files(settings, &data_dir, &clock)?, &clock, false).await?;
    let summary = Summary::of(&outcome, &Site::Machine(data_dir.clone())).await?;
    summary.print(false);
    print::undo(feed, &sheet, there.is_some());
    check_loaded(&outcome, "the sheet is written and was not loaded")?;
    effect.check(&data_dir)?;
    Ok(if merge.refused.is_empty() { summary.exit_code() } else { code })
}

/// The warehouse for writing; none where a dry run would have to make it.
async fn warehouse(data_dir: &Path, is_dry_run: bool) -> Result<Option<DuckDb>, Failure> {
    if is_dry_run && open_reader(data_dir).is_err() {
        return Ok(None);
    }
    setup::warehouse(data_dir, false).await.map(Some)
}

async fn ledger(warehouse: Option<&DuckDb>) -> Result<Vec<LedgerLine>, Failure> {
    let Some(warehouse) = warehouse else { return Ok(Vec::new()) };
    warehouse.ledger(None).await.map_err(|error| Failure::world(error_chain(&error)))
}

fn tab_of(settings: &Settings, feed: Feed) -> &str {
    settings.tabs.get(&feed).map_or_else(|| short_name(feed), String::as_str)
}

/// A sheet's file.
struct Sheet {
    path: PathBuf,
    /// As it was before the newest import.
    before: PathBuf,
}

impl Sheet {
    fn of(settings: &Settings, data_dir: &Path, feed: Feed) -> Self {
        let tab = tab_of(settings, feed);
        let folder = data_dir.join("sheets");
        Self { path: folder.join(format!("{tab}.csv")), before: folder.join(format!("{tab}.before.csv")) }
    }

    fn read(&self) -> Result<Option<Vec<u8>>, Failure> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::world(format!("{}: {error}", self.path.display()))),
        }
    }

    /// The old sheet is kept aside; the new one is there whole, or not at all.
    fn write(&self, there: Option<&[u8]>, file: &[u8]) -> Result<(), Failure> {
        if let Some(there) = there {
            write_whole(&self.before, there)?;
        }
        write_whole(&self.path, file)
    }
}

/// Written beside, made to survive a loss of power, renamed.
fn write_whole(path: &Path, body: &[u8]) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::world(format!("{}: {error}", path.display()));
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let fresh = path.with_extension("csv.new");
    let mut file = File::create(&fresh).map_err(failed)?;
    file.write_all(body).and_then(|()| file.sync_all()).map_err(failed)?;
    fs::rename(&fresh, path).map_err(failed)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn merged(feed: Feed, sheet: &Sheet, incoming: &Incoming<'_>) -> Result<(Option<Vec<u8>>, Merge), Failure> {
    let there = sheet.read()?;
    let merge = merge(feed, there.as_deref(), incoming).map_err(|error| Failure::usage(error.to_string()))?;
    Ok((there, merge))
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    if path.is_dir() {
        let reason = "is a folder; name the CSV file in it";
        return Err(Failure::usage(format!("{} {reason}", path.display())));
    }
    fs::read(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

/// Refused where the sheet's money is told elsewhere, or it can be kept nowhere.
fn check_settings(settings: &Settings, feed: Feed) -> Result<(), Failure> {
    if settings.text("engine") == Some("gcp") && settings.text("sheets.spreadsheet_id").is_none() {
        return Err(Failure::usage(
            "with AISPEND_ENGINE=gcp sheets are tabs of a Google spreadsheet: set AISPEND_SPREADSHEET_ID and edit it there",
        ));
    }
    if is_of_team_plans(feed) && settings.anthropic.iter().any(|account| !account.is_admin) {
        return Err(told_by_enterprise(feed));
    }
    Ok(())
}

/// Rows of these sheets name no organisation: read beside an Enterprise organisation's reports, they would count twice.
const fn is_of_team_plans(feed: Feed) -> bool {
    matches!(feed, Feed::SheetClaudeAiSpend | Feed::SheetClaudeAiUsage)
}

fn told_by_enterprise(feed: Feed) -> Failure {
    let name = short_name(feed);
    Failure::usage(format!(
        "{name} is for Team plans: the reports of the Enterprise organisation tell the same, and both would count"
    ))
}

/// The same by what is loaded: the key may be gone, the reports' rows are not.
fn check_enterprise(lines: &[LedgerLine], feed: Feed) -> Result<(), Failure> {
    if !is_of_team_plans(feed) {
        return Ok(());
    }
    let has_told = lines.iter().filter(|line| line.outcome == SliceOutcome::Complete).any(|line| {
        if feed == Feed::SheetClaudeAiUsage {
            line.slice.feed == Feed::AnthropicClaudeAi
        } else {
            matches!(line.source.as_str(), "analytics_enterprise" | "enterprise_reports")
        }
    });
    if has_told { Err(told_by_enterprise(feed)) } else { Ok(()) }
}

/// Who is asked for a sheet.
#[derive(Clone)]
struct Door {
    fetch: Arc<dyn Fetch>,
    source: &'static str,
}

impl Door {
    /// The files of a data folder. Without an account nobody else can be asked.
    fn files(settings: &Settings, data_dir: &Path, clock: &Arc<dyn Clock>) -> Result<Self, Failure> {
        let options = HttpOptions {
            cursor_per_minute: 1,
            cursor_events_per_minute: 1,
            sheets_per_minute: 1,
            anthropic_analytics_per_minute: 1,
            anthropic_at_once: 1,
            timeout: settings.seconds("fetch.timeout_seconds"),
            retry: RetryPolicy::default(),
            sheets_folder: data_dir.join("sheets"),
        };
        let fetch = HttpFetch::new(Vec::new(), options, Arc::clone(clock))
            .map_err(|error| Failure::world(error_chain(&error)))?;
        Ok(Self { fetch: Arc::new(fetch), source: "csv" })
    }

    /// The spreadsheet.
    async fn google(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Self, Failure> {
        let fetch = setup::http(settings, Pace { is_limited: true }, Arc::clone(clock)).await?;
        Ok(Self { fetch: Arc::new(fetch), source: "google" })
    }
}

/// Reads a sheet through the whole pipeline into that place. No vendor is asked.
async fn load(
    settings: &Settings,
    place: &Place<'_>,
    feed: Feed,
    door: Door,
    clock: &Arc<dyn Clock>,
    is_quiet: bool,
) -> Result<Outcome, Failure> {
    let job = sheet_job(feed, door.source, clock);
    let pace = Pace { is_limited: true };
    follow_in(settings, place, door.fetch, pace, Arc::clone(clock), job, is_quiet).await
}

fn sheet_job(feed: Feed, source: &str, clock: &Arc<dyn Clock>) -> Job {
    slices_job(&new_run_id(clock.as_ref()), &[Slice::all(feed, ORG)], "command", source, clock.as_ref())
}

/// Says that a sheet was not loaded, and why.
fn check_loaded(outcome: &Outcome, not_loaded: &str) -> Result<(), Failure> {
    trouble(&outcome.followed.first)
        .map_or(Ok(()), |trouble| Err(Failure::world(format!("{not_loaded}\n{trouble}"))))
}

/// What kept the sheet from being loaded.
fn trouble(report: &RunReport) -> Option<String> {
    let failed = report.slices.iter().find(|slice| {
        matches!(slice.end, End::Failed | End::Parked | End::Pending | End::NotInUse | End::Unavailable)
    })?;
    Some(format!("{}: {}\n  → {}", failed.slice.key(), failed.detail, failed.remedy))
}
