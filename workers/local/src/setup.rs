//! Settings and doors of a command.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aispend_config::{DECLARED, Kind, Settings};
use aispend_duckdb::{DuckDb, Options};
use aispend_fetcher::FetcherSettings;
use aispend_http::HttpFetch;
use aispend_ports::{Clock, SystemClock};
use aispend_warehouse::Assumption;
use aispend_worker::{Pace, SheetsReader, lacks_sheets_key};

use crate::cli::Cli;
use crate::failure::Failure;

/// Reads flags, environment and file.
pub fn settings(cli: &Cli) -> Result<Settings, Failure> {
    let flags = cli.data_dir.iter().map(|path| ("data_dir", path.display().to_string())).collect();
    Settings::load(cli.config.as_deref(), flags).map_err(|problems| Failure::usage(problems.to_string()))
}

/// The settings with every text, list and address that names a secret read from Secret Manager. Keys and passwords stay
/// names: whoever uses one reads it, and nobody else needs the right to.
pub async fn revealed(settings: &Settings) -> Result<Settings, Failure> {
    let is_key =
        |name: &str| DECLARED.iter().any(|declared| declared.name == name && declared.kind == Kind::Secret);
    let names: Vec<&'static str> =
        settings.naming_secrets().into_iter().filter(|name| !is_key(name)).collect();
    Ok(aispend_worker::revealed(settings, &names).await?)
}

/// The machine's clock.
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::new(tokio::time::sleep))
}

/// The warehouse for writing, created or upgraded; waits while another command writes.
pub async fn warehouse(data_dir: &Path, is_simulated: bool) -> Result<DuckDb, Failure> {
    let options = Options {
        on_wait: || eprintln!("another aispend is writing to this data folder, waiting for it to end …"),
        ..Options::default()
    };
    let data_dir = data_dir.to_owned();
    let opened =
        tokio::task::spawn_blocking(move || DuckDb::open_writer_with(&data_dir, is_simulated, &options))
            .await;
    let warehouse = opened.map_err(|error| Failure::world(error.to_string()))??;
    warehouse.migrate().await?;
    Ok(warehouse)
}

/// What figures and checks rest on, where the settings say so.
pub fn assumptions(settings: &Settings) -> Result<Vec<Assumption>, Failure> {
    aispend_warehouse::assumptions(&settings.list("warehouse.assumptions")).map_err(|errors| {
        let all: Vec<String> = errors.iter().map(|error| format!("warehouse.assumptions: {error}")).collect();
        Failure::usage(all.join("\n"))
    })
}

/// The client that talks to vendors.
pub async fn http(settings: &Settings, pace: Pace, clock: Arc<dyn Clock>) -> Result<HttpFetch, Failure> {
    Ok(aispend_worker::http(settings, pace, SheetsReader::KeyFile, clock).await?)
}

/// What the fetcher is told. On one machine a run ends: what two tries did not bring stays due, and the next run asks again.
pub fn fetcher(settings: &Settings, pace: Pace) -> FetcherSettings {
    let told = FetcherSettings::of(settings, lacks_sheets_key(settings, SheetsReader::KeyFile));
    let empty_pause = if pace.is_limited { told.empty_pause } else { Duration::ZERO };
    FetcherSettings { empty_pause, ..told }
}
