//! `aispend import`: a file merged into a sheet, with what that does in rows and money said before it is done.

mod effect;
mod moves;
mod print;

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
use aispend_ports::{Clock, Fetch, SliceOutcome, Warehouse as _};
use aispend_sources::sheets::import::{Incoming, Merge, merge, short_name};
use aispend_stage::error_chain;
use aispend_worker::Pace;

use crate::cli::ImportArguments;
use crate::failure::{Failure, INCOMPLETE};
use crate::pipeline::Place;
use crate::run::{Job, Outcome, follow_in, new_run_id, slices_job};
use crate::setup;
use crate::site::Site;
use crate::summary::Summary;
use effect::{Effect, effect};

/// Sheets name no organisation.
const ORG: &str = "sheets";

/// `aispend import`.
pub async fn import(settings: &Settings, arguments: &ImportArguments) -> Result<ExitCode, Failure> {
    let feed = arguments.sheet;
    check_settings(settings, feed)?;
    let bytes = read(&arguments.file)?;
    let period = match (arguments.from, arguments.to) {
        (Some(from), Some(to)) if from > to => {
            return Err(Failure::usage(format!("--from {from} is after --to {to}")));
        }
        (from, to) => from.zip(to),
    };
    let name = arguments.file.display().to_string();
    let incoming = Incoming { name: &name, bytes: &bytes, period };
    let data_dir = settings.data_dir();
    let sheet = Sheet::of(settings, &data_dir, feed);
    // A file that is none is said at once, and not after the run that has the lock.
    merged(feed, &sheet, &incoming)?;
    let has_warehouse = open_reader(&data_dir).is_ok();
    let warehouse = match (arguments.dry_run, has_warehouse) {
        (true, false) => None,
        _ => Some(setup::warehouse(&data_dir, false).await?),
    };
    check_enterprise(warehouse.as_ref(), feed).await?;
    // Under the writer's lock from here on: what is shown is what is done.
    let (there, merge) = merged(feed, &sheet, &incoming)?;
    let has_news = !(merge.added.is_empty() && merge.changed.is_empty());
    print::rows(feed, &merge);
    let clock = setup::clock();
    let effect = if has_news {
        effect(settings, &data_dir, warehouse.as_ref(), feed, there.as_deref(), &merge.file, &clock).await?
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
    let outcome = load(settings, &Place::of(&data_dir, &warehouse), feed, &clock, false).await?;
    let summary = Summary::of(&outcome, &Site::Machine(data_dir.clone())).await?;
    summary.print(false);
    print::undo(feed, &sheet, there.is_some());
    effect.check(&data_dir, &outcome)?;
    Ok(if merge.refused.is_empty() { summary.exit_code() } else { code })
}

/// A sheet's file.
struct Sheet {
    path: PathBuf,
    /// As it was before the newest import.
    before: PathBuf,
}

impl Sheet {
    fn of(settings: &Settings, data_dir: &Path, feed: Feed) -> Self {
        let tab = settings.tabs.get(&feed).map_or_else(|| short_name(feed), String::as_str);
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

/// Refused where the sheet is kept, or its money told, elsewhere.
fn check_settings(settings: &Settings, feed: Feed) -> Result<(), Failure> {
    let name = short_name(feed);
    if settings.text("sheets.spreadsheet_id").is_some() {
        let tab = settings.tabs.get(&feed).map_or(name, String::as_str);
        return Err(Failure::usage(format!(
            "{name} is kept in a Google spreadsheet (AISPEND_SPREADSHEET_ID): edit its tab \"{tab}\" there; `aispend run` reads it"
        )));
    }
    if settings.text("engine") == Some("gcp") {
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
async fn check_enterprise(warehouse: Option<&DuckDb>, feed: Feed) -> Result<(), Failure> {
    let (true, Some(warehouse)) = (is_of_team_plans(feed), warehouse) else { return Ok(()) };
    let lines = warehouse.ledger(None).await.map_err(|error| Failure::world(error_chain(&error)))?;
    let has_told = lines.iter().filter(|line| line.outcome == SliceOutcome::Complete).any(|line| {
        if feed == Feed::SheetClaudeAiUsage {
            line.slice.feed == Feed::AnthropicClaudeAi
        } else {
            matches!(line.source.as_str(), "analytics_enterprise" | "enterprise_reports")
        }
    });
    if has_told { Err(told_by_enterprise(feed)) } else { Ok(()) }
}

/// Reads the sheet in the folder of that place through the whole pipeline. No vendor is asked.
async fn load(
    settings: &Settings,
    place: &Place<'_>,
    feed: Feed,
    clock: &Arc<dyn Clock>,
    is_quiet: bool,
) -> Result<Outcome, Failure> {
    // Without an account only files can be read.
    let options = HttpOptions {
        cursor_per_minute: 1,
        cursor_events_per_minute: 1,
        sheets_per_minute: 1,
        anthropic_analytics_per_minute: 1,
        anthropic_at_once: 1,
        timeout: settings.seconds("fetch.timeout_seconds"),
        retry: RetryPolicy::default(),
        sheets_folder: place.data_dir.join("sheets"),
    };
    let fetch = HttpFetch::new(Vec::new(), options, Arc::clone(clock))
        .map_err(|error| Failure::world(error_chain(&error)))?;
    let fetch: Arc<dyn Fetch> = Arc::new(fetch);
    let slice = Slice::all(feed, ORG);
    let job: Job = slices_job(&new_run_id(clock.as_ref()), &[slice], "command", "csv", clock.as_ref());
    let pace = Pace { is_limited: true };
    follow_in(settings, place, fetch, pace, Arc::clone(clock), job, is_quiet).await
}

/// What kept the sheet from being loaded.
fn trouble(report: &RunReport) -> Option<String> {
    let failed = report.slices.iter().find(|slice| {
        matches!(slice.end, End::Failed | End::Parked | End::Pending | End::NotInUse | End::Unavailable)
    })?;
    Some(format!("{}: {}\n  → {}", failed.slice.key(), failed.detail, failed.remedy))
}
