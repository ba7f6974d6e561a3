//! What the fetcher is told about organisations, feeds and patience.

use std::collections::BTreeMap;
use std::time::Duration;

use aispend_config::Settings;
use aispend_model::Feed;
use jiff::civil::Date;

/// An Anthropic key. `slot` is how requests name it; the key itself stays in the HTTP adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnthropicKey {
    /// Its account's name in the HTTP adapter.
    pub slot: String,
    /// What it opens.
    pub kind: KeyKind,
    /// The setting a person knows it by.
    pub setting: String,
}

/// What an Anthropic key opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// A Console organisation's Admin key.
    Admin,
    /// A claude.ai Enterprise organisation's key with `read:analytics`.
    Analytics,
}

/// A Cursor team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorTeam {
    /// Its account's name in the HTTP adapter, and its `org_id`.
    pub org_id: String,
}

/// Where the sheets are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sheets {
    /// CSV files in the data folder.
    Csv,
    /// A Google spreadsheet.
    Google {
        /// Its id.
        spreadsheet_id: String,
    },
    /// A Google spreadsheet that nothing opens: no key file is named.
    WithoutKey,
}

/// Which generation of the cost API.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CostApi {
    /// What a probe finds.
    #[default]
    Auto,
    /// The analytics endpoints.
    Analytics,
    /// The legacy reports.
    Legacy,
}

/// Everything the fetcher is told.
#[derive(Debug, Clone)]
pub struct FetcherSettings {
    /// Anthropic keys, in order of preference.
    pub anthropic: Vec<AnthropicKey>,
    /// Cursor teams.
    pub cursor: Vec<CursorTeam>,
    /// Where sheets are.
    pub sheets: Sheets,
    /// Tab names that differ from the feed's last name.
    pub tabs: BTreeMap<Feed, String>,
    /// The first day to read; default: the first of the month 12 months ago.
    pub start_date: Option<Date>,
    /// Which cost API.
    pub cost_api: CostApi,
    /// Names or ids of the workspaces that are Claude Code's; empty: the one it makes itself.
    pub claude_code_workspaces: Vec<String>,
    /// Organisations a changed key may answer for.
    pub confirmed_orgs: Vec<String>,
    /// How long a slice's request may be tried before the slice is reported as failed; it is tried twice, at the least.
    pub patience: Duration,
    /// The pause before an empty answer is asked for again.
    pub empty_pause: Duration,
    /// The pause before an unreadable or moving answer is asked for again, growing.
    pub unsettled_pause: Duration,
}

impl FetcherSettings {
    /// As the settings say, with no patience beyond the second try. `lacks_sheets_key`: a spreadsheet is named that nothing
    /// opens.
    pub fn of(settings: &Settings, lacks_sheets_key: bool) -> Self {
        let anthropic = settings.anthropic.iter().map(|account| AnthropicKey {
            slot: account.slot.clone(),
            kind: if account.is_admin { KeyKind::Admin } else { KeyKind::Analytics },
            setting: account.setting.clone(),
        });
        Self {
            anthropic: anthropic.collect(),
            cursor: settings.cursor.iter().map(|team| CursorTeam { org_id: team.org_id.clone() }).collect(),
            sheets: match settings.text("sheets.spreadsheet_id") {
                Some(_) if lacks_sheets_key => Sheets::WithoutKey,
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
            patience: Duration::ZERO,
            empty_pause: settings.seconds("fetch.empty_pause_seconds"),
            unsettled_pause: Duration::from_millis(500),
        }
    }

    /// The tab or file of a sheet feed.
    pub fn tab(&self, feed: Feed) -> String {
        let default = || feed.as_str().rsplit('/').next().unwrap_or_default().to_owned();
        self.tabs.get(&feed).cloned().unwrap_or_else(default)
    }
}

/// How long after its day's end a slice keeps changing at the vendor.
pub const fn re_read_days(feed: Feed, source: &str) -> i64 {
    match feed {
        Feed::AnthropicCost => {
            if matches!(source.as_bytes(), b"legacy") {
                7
            } else {
                30
            }
        }
        _ => 7,
    }
}
