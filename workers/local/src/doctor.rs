//! `aispend doctor`: keys, feeds, sheets, warehouse and machine on one screen, before the first run or when something is odd.

mod cloud;
mod key_form;
mod machine;
mod print;
mod warehouse;

use std::process::ExitCode;
use std::sync::Arc;

use aispend_config::Settings;
use aispend_fetcher::doctor::{Check, Diagnosis, Doors, Status, examine};
use aispend_http::Once;
use aispend_ports::Archive;
use aispend_worker::Pace;
use serde::Serialize;

use crate::cli::DoctorArguments;
use crate::failure::{Failure, INCOMPLETE};
use crate::pipeline;
use crate::setup;
use crate::site::Site;

/// A person waits: one answer must come within.
const TIMEOUT_SECONDS: &str = "8";

/// Everything that was found. As JSON this is what `docs/guides/doctor.md` describes.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The worst of all.
    pub status: Status,
    /// `local` or `gcp`.
    pub engine: &'static str,
    /// Where the data is.
    pub place: String,
    /// Keys, sheets, clock, gaps.
    #[serde(flatten)]
    pub diagnosis: Diagnosis,
    /// What is loaded, how current it is, what it lacks.
    pub warehouse: Vec<Check>,
    /// What the workers stand on; nothing on one machine.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cloud: Vec<Check>,
    /// Folder and disk.
    pub machine: Vec<Check>,
}

/// Asks, looks, and says it.
pub async fn doctor(settings: &Settings, arguments: &DoctorArguments) -> Result<ExitCode, Failure> {
    if settings.anthropic.is_empty() && settings.cursor.is_empty() {
        return Err(Failure::usage(crate::screen::NO_KEYS));
    }
    let site = Site::open(settings).await?;
    let report = examined(settings, &site).await?;
    if arguments.json {
        let text =
            serde_json::to_string_pretty(&report).map_err(|error| Failure::world(error.to_string()))?;
        println!("{text}");
    } else {
        print!("{}", print::screen(&report, print::Colours::of_stdout()));
    }
    Ok(if report.status == Status::Fail { ExitCode::from(INCOMPLETE) } else { ExitCode::SUCCESS })
}

async fn examined(settings: &Settings, site: &Site) -> Result<Report, Failure> {
    let clock = setup::clock();
    let pace = Pace { is_limited: true };
    let cloud = match site {
        Site::Machine(_) => None,
        Site::Cloud(world) => Some(Box::pin(cloud::checks(world)).await),
    };
    // A key whose secret cannot be read is named there, and costs no other.
    let settings = &cloud.as_ref().map_or_else(|| settings.clone(), |cloud| cloud.readable(settings));
    let cloud = cloud.map_or_else(Vec::new, |cloud| cloud.checks);
    let impatient = settings.clone().with("fetch.timeout_seconds", TIMEOUT_SECONDS);
    let fetch = Once::new(setup::http(&impatient, pace, Arc::clone(&clock)).await?);
    let archive: Arc<dyn Archive> = match site {
        Site::Machine(data_dir) => Arc::new(pipeline::archive(data_dir)),
        Site::Cloud(world) => Arc::clone(&world.archive),
    };
    let doors = Doors {
        fetch: &fetch,
        archive: Some(archive.as_ref()),
        clock: clock.as_ref(),
        hint: &|setting| key_form::hint(settings, setting),
        cursor_setting: &|org_id| key_form::cursor_setting(settings, org_id),
    };
    let told = setup::fetcher(settings, pace);
    let (mut diagnosis, warehouse) =
        tokio::join!(examine(&told, &doors), warehouse::checks(site, clock.today()));
    warehouse.note_vanished(&mut diagnosis.sheets);
    let machine = match site {
        Site::Machine(data_dir) => machine::checks(data_dir),
        Site::Cloud(_) => Vec::new(),
    };
    let others = warehouse.checks.iter().chain(&cloud).chain(&machine).map(|check| check.status);
    Ok(Report {
        status: others.chain([diagnosis.status()]).max().unwrap_or(Status::Ok).max(Status::Ok),
        engine: if matches!(site, Site::Machine(_)) { "local" } else { "gcp" },
        place: site.warehouse_name(),
        diagnosis,
        warehouse: warehouse.checks,
        cloud,
        machine,
    })
}
