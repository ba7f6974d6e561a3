//! Settings and doors of a command.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use aispend_config::{Settings, Sources};
use aispend_duckdb::{DuckDb, Options};
use aispend_fetcher::{AnthropicKey, CostApi, CursorTeam, FetcherSettings, KeyKind, Sheets};
use aispend_http::{Account, Auth, GoogleCredentials, HttpFetch, HttpOptions, RetryPolicy};
use aispend_model::Vendor;
use aispend_ports::{Clock, SystemClock};

use crate::cli::Cli;
use crate::failure::Failure;

/// Reads flags, environment and file.
pub fn settings(cli: &Cli) -> Result<Settings, Failure> {
    let path = cli.config.clone().unwrap_or_else(|| PathBuf::from("aispend.toml"));
    let file = match std::fs::read_to_string(&path) {
        Ok(text) => Some((path.display().to_string(), text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && cli.config.is_none() => None,
        Err(error) => return Err(Failure::usage(format!("{}: {error}", path.display()))),
    };
    let flags = cli.data_dir.iter().map(|path| ("data_dir", path.display().to_string())).collect();
    let sources = Sources { flags, variable: &|name| std::env::var(name).ok(), file };
    let settings = Settings::read(&sources).map_err(|problems| Failure::usage(problems.to_string()))?;
    if settings.text("engine") == Some("gcp") {
        return Err(Failure::usage("AISPEND_ENGINE: this build runs on one machine only; set it to local"));
    }
    Ok(settings)
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

/// `aispend migrate`.
pub async fn migrate(settings: &Settings) -> Result<ExitCode, Failure> {
    let data_dir = settings.data_dir();
    warehouse(&data_dir, false).await?;
    println!("{} is ready", data_dir.join("warehouse.duckdb").display());
    Ok(ExitCode::SUCCESS)
}

/// How patient a run is with vendors and answers.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Limits of the vendors apply; a simulated vendor has none.
    pub is_limited: bool,
}

/// True where Google itself is to be asked without a key. Another server (a proxy, a simulator) may need none.
fn lacks_sheets_key(settings: &Settings) -> bool {
    settings.text("sheets.spreadsheet_id").is_some()
        && settings.text("sheets.credentials").is_none()
        && settings.is_default("sheets.base_url")
}

/// The client that talks to vendors.
pub fn http(settings: &Settings, pace: Pace, clock: Arc<dyn Clock>) -> Result<HttpFetch, Failure> {
    let url = |name: &str| settings.text(name).unwrap_or_default().trim_end_matches('/').to_owned();
    let mut accounts = Vec::new();
    for account in &settings.anthropic {
        accounts.push(Account {
            vendor: Vendor::Anthropic,
            name: account.slot.clone(),
            base_url: url("anthropic.base_url"),
            auth: if account.is_admin {
                Auth::AnthropicKey(Arc::new(account.key.clone()))
            } else {
                Auth::AnthropicAnalyticsKey(Arc::new(account.key.clone()))
            },
        });
    }
    for account in &settings.cursor {
        accounts.push(Account {
            vendor: Vendor::Cursor,
            name: account.org_id.clone(),
            base_url: url("cursor.base_url"),
            auth: Auth::CursorKey(Arc::new(account.key.clone())),
        });
    }
    if settings.text("sheets.spreadsheet_id").is_some() {
        let auth = match settings.text("sheets.credentials") {
            Some(path) => Auth::Google(
                GoogleCredentials::from_file(Path::new(path))
                    .map_err(|error| Failure::usage(format!("GOOGLE_APPLICATION_CREDENTIALS: {error}")))?,
            ),
            None => Auth::Nothing,
        };
        if !lacks_sheets_key(settings) {
            accounts.push(Account {
                vendor: Vendor::Sheets,
                name: "sheets".to_owned(),
                base_url: url("sheets.base_url"),
                auth,
            });
        }
    }
    let unlimited = 1_000_000;
    let limit = |name: &str| if pace.is_limited { settings.count(name) } else { unlimited };
    let options = HttpOptions {
        cursor_per_minute: limit("cursor.requests_per_minute"),
        cursor_events_per_minute: limit("cursor.event_requests_per_minute"),
        sheets_per_minute: if pace.is_limited { 60 } else { unlimited },
        anthropic_analytics_per_minute: limit("anthropic.analytics_requests_per_minute"),
        anthropic_at_once: 1,
        timeout: settings.seconds("fetch.timeout_seconds"),
        retry: RetryPolicy {
            answering_budget: settings.seconds("fetch.patience_seconds"),
            silent_budget: settings.seconds("fetch.silent_patience_seconds"),
            ..RetryPolicy::default()
        },
        sheets_folder: settings.data_dir().join("sheets"),
    };
    HttpFetch::new(accounts, options, clock)
        .map_err(|error| Failure::usage(aispend_stage::error_chain(&error)))
}

/// What the fetcher is told.
pub fn fetcher(settings: &Settings, pace: Pace) -> FetcherSettings {
    FetcherSettings {
        anthropic: settings
            .anthropic
            .iter()
            .map(|account| AnthropicKey {
                slot: account.slot.clone(),
                kind: if account.is_admin { KeyKind::Admin } else { KeyKind::Analytics },
                setting: account.setting.clone(),
            })
            .collect(),
        cursor: settings.cursor.iter().map(|account| CursorTeam { org_id: account.org_id.clone() }).collect(),
        sheets: match settings.text("sheets.spreadsheet_id") {
            Some(_) if lacks_sheets_key(settings) => Sheets::WithoutKey,
            Some(id) => Sheets::Google { spreadsheet_id: id.to_owned() },
            None => Sheets::Csv,
        },
        tabs: settings.tabs.clone(),
        start_date: settings.day("run.start_date"),
        cost_api: match settings.text("anthropic.cost_api") {
            Some("analytics") => CostApi::Analytics,
            Some("legacy") => CostApi::Legacy,
            _ => CostApi::Auto,
        },
        claude_code_workspaces: settings.list("anthropic.claude_code_workspaces"),
        confirmed_orgs: settings.list("anthropic.confirmed_orgs"),
        // On one machine a run ends: what two tries did not bring stays due, and the next run asks again.
        patience: Duration::ZERO,
        empty_pause: if pace.is_limited {
            settings.seconds("fetch.empty_pause_seconds")
        } else {
            Duration::ZERO
        },
        unsettled_pause: Duration::from_millis(500),
    }
}
