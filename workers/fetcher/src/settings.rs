//! What the fetcher is told about organisations, feeds and patience.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use aispend_config::Settings;
use aispend_model::Feed;
use jiff::civil::Date;

/// Less than this, and a slow page would never be read.
const SHORTEST_SITTING: Duration = Duration::from_mins(1);

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
    /// How long one attempt works, and what the next one finds of it.
    pub sittings: Sittings,
}

/// How long one attempt at a slice works, and what the next one finds of it.
#[derive(Debug, Clone)]
pub struct Sittings {
    /// No attempt works longer; it stops at a page somewhat before.
    pub longest: Duration,
    /// So long it waits for its vendor's slot at most, counted as work; `None`: as long as it takes, counted as nothing.
    pub slot_wait: Option<Duration>,
    /// What an attempt got is kept once it took so long: what took less is as quickly asked for again.
    pub save_after: Duration,
    /// An attempt is continued within this time of its last answer.
    pub resume_within: Duration,
    /// So far ahead of our clock may an observation be: the loader takes no other.
    pub clock_tolerance: Duration,
    /// What happened, over all clones.
    pub counts: Arc<SittingCounts>,
}

impl Default for Sittings {
    fn default() -> Self {
        Self {
            longest: Duration::from_mins(8),
            slot_wait: None,
            save_after: Duration::from_secs(2),
            resume_within: Duration::from_mins(30),
            clock_tolerance: Duration::from_mins(10),
            counts: Arc::default(),
        }
    }
}

impl Sittings {
    /// For a bus that takes a message away from who keeps it long: waiting for a slot counts.
    #[must_use]
    pub fn with_short_waits(self) -> Self {
        Self { slot_wait: Some(self.longest / 4 * 3), ..self }
    }
}

/// What happened to attempts that did not read a slice from its first page to its last.
#[derive(Debug, Default)]
pub struct SittingCounts {
    /// Continued an earlier attempt, and asked for none of its pages but the last.
    pub continued: AtomicU64,
    /// Said again what an earlier attempt had fetched.
    pub repeated: AtomicU64,
    /// Found an earlier attempt and could not use it.
    pub abandoned: AtomicU64,
    /// Gave the message back: time was up, no slot was free, or another attempt was at it.
    pub given_back: AtomicU64,
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
            sittings: Sittings {
                longest: settings.seconds("fetch.sitting_seconds").max(SHORTEST_SITTING),
                ..Sittings::default()
            },
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
