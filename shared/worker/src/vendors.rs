//! The client that talks to vendors, with the keys that the settings name.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use aispend_config::Settings;
use aispend_http::{Account, Auth, GoogleCredentials, HttpFetch, HttpOptions, RetryPolicy};
use aispend_model::Vendor;
use aispend_ports::{Clock, Key};
use async_trait::async_trait;
use google_cloud_auth::credentials::{AccessTokenCredentials, Builder};
use secrecy::SecretString;

use crate::secrets::Keys;
use crate::world::StartError;

/// What reading a spreadsheet takes.
const SHEETS_SCOPE: &str = "https://www.googleapis.com/auth/spreadsheets.readonly";

/// How patient a run is with vendors.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Limits of the vendors apply; a simulated vendor has none.
    pub is_limited: bool,
}

/// Who reads the spreadsheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetsReader {
    /// The key file of `GOOGLE_APPLICATION_CREDENTIALS`, or nobody.
    KeyFile,
    /// Whoever this process runs as.
    Ambient,
}

/// True where Google itself is to be asked without a key. Another server (a proxy, a simulator) may need none.
pub fn lacks_sheets_key(settings: &Settings, reader: SheetsReader) -> bool {
    settings.text("sheets.spreadsheet_id").is_some()
        && settings.text("sheets.credentials").is_none()
        && settings.is_default("sheets.base_url")
        && reader == SheetsReader::KeyFile
}

/// The client for every account of the settings. Keys may be `secret://NAME` of Secret Manager.
///
/// # Errors
/// When a key file or secret cannot be read.
pub async fn http(
    settings: &Settings,
    pace: Pace,
    reader: SheetsReader,
    clock: Arc<dyn Clock>,
) -> Result<HttpFetch, StartError> {
    let url = |name: &str| settings.text(name).unwrap_or_default().trim_end_matches('/').to_owned();
    let keys = Keys::of(settings);
    let mut accounts = Vec::new();
    for account in &settings.anthropic {
        let key = keys.key(&account.setting, &account.key).await?;
        accounts.push(Account {
            vendor: Vendor::Anthropic,
            name: account.slot.clone(),
            base_url: url("anthropic.base_url"),
            auth: if account.is_admin { Auth::AnthropicKey(key) } else { Auth::AnthropicAnalyticsKey(key) },
        });
    }
    for account in &settings.cursor {
        accounts.push(Account {
            vendor: Vendor::Cursor,
            name: account.org_id.clone(),
            base_url: url("cursor.base_url"),
            auth: Auth::CursorKey(keys.key(&account.org_id, &account.key).await?),
        });
    }
    if settings.text("sheets.spreadsheet_id").is_some() && !lacks_sheets_key(settings, reader) {
        accounts.push(Account {
            vendor: Vendor::Sheets,
            name: "sheets".to_owned(),
            base_url: url("sheets.base_url"),
            auth: sheets_auth(settings, reader)?,
        });
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
    HttpFetch::new(accounts, options, clock).map_err(StartError::door("the HTTP client"))
}

fn sheets_auth(settings: &Settings, reader: SheetsReader) -> Result<Auth, StartError> {
    if let Some(path) = settings.text("sheets.credentials") {
        let credentials = GoogleCredentials::from_file(Path::new(path)).map_err(|error| {
            StartError::Setting { setting: "GOOGLE_APPLICATION_CREDENTIALS", detail: error.to_string() }
        })?;
        return Ok(Auth::Google(credentials));
    }
    if reader == SheetsReader::Ambient && settings.is_default("sheets.base_url") {
        let credentials = Builder::default()
            .with_scopes([SHEETS_SCOPE])
            .build_access_token_credentials()
            .map_err(StartError::door("Google Sheets"))?;
        return Ok(Auth::Bearer(Arc::new(Token { credentials, last: Mutex::default() })));
    }
    Ok(Auth::Nothing)
}

/// The access token of whoever this process runs as. Google refuses it when it has expired; then it is asked for anew.
#[derive(Debug)]
struct Token {
    credentials: AccessTokenCredentials,
    last: Mutex<SecretString>,
}

#[async_trait]
impl Key for Token {
    fn current(&self) -> SecretString {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn refreshed(&self) -> SecretString {
        match self.credentials.access_token().await {
            Ok(token) => {
                let token = SecretString::from(token.token);
                self.last.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&token);
                token
            }
            Err(error) => {
                tracing::warn!(
                    detail = aispend_stage::error_chain(&error),
                    "no access token for Google Sheets"
                );
                self.current()
            }
        }
    }
}
