//! What a run asks for: organisations, feeds and days, context first, newest day first.

use std::collections::HashMap;

use aispend_model::{Feed, Slice, Vendor};
use aispend_ports::{LedgerLine, SliceOutcome};
use aispend_proto::v1::Notice;
use jiff::ToSpan;
use jiff::civil::Date;

use crate::accounts::Accounts;
use crate::due::{ANALYTICS_BEGIN, Known, analytics_horizon, default_start, is_due};
use crate::settings::{CostApi, FetcherSettings, KeyKind, Sheets};

/// In place of an endpoint family: no vendor is asked, the slice is emptied.
pub const RETIRED: &str = "retired";
/// In place of an endpoint family: no vendor is asked, the day is noted as one that cannot be had.
pub const OUT_OF_REACH: &str = "out_of_reach";

/// A slice of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Which.
    pub slice: Slice,
    /// By which endpoint family, or [`RETIRED`], or [`OUT_OF_REACH`].
    pub source: String,
    /// From the archive instead of the vendor.
    pub reprocess: bool,
}

/// What was asked of the planner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// These feeds; empty: all.
    pub feeds: Vec<Feed>,
    /// These days, inclusive, whether due or not.
    pub days: Option<(Date, Date)>,
}

impl Wanted {
    /// True for a feed that is wanted.
    pub fn wants(&self, feed: Feed) -> bool {
        self.feeds.is_empty() || self.feeds.contains(&feed)
    }
}

/// What each organisation's cost API was found to be: organisation → endpoint family.
pub type CostSources = HashMap<String, String>;

/// Everything a plan is made from.
pub struct Facts<'a> {
    /// Organisations, feeds, dates.
    pub settings: &'a FetcherSettings,
    /// Which keys answered.
    pub accounts: &'a Accounts,
    /// Which cost API.
    pub cost_sources: &'a CostSources,
    /// The newest line of each slice.
    pub ledger: &'a HashMap<Slice, LedgerLine>,
    /// The UTC day of the trigger.
    pub today: Date,
    /// When the running Cursor cycle of each team began.
    pub cursor_cycle_starts: HashMap<String, Date>,
}

/// Lists the slices of a run, and what a person should know about it.
pub fn plan(facts: &Facts<'_>, wanted: &Wanted) -> (Vec<Planned>, Vec<Notice>) {
    let mut slices = Vec::new();
    let mut notices = Vec::new();
    let yesterday = facts.today.saturating_sub(1.days());
    let wants_sheets =
        Feed::ALL.into_iter().any(|feed| feed.vendor() == Vendor::Sheets && wanted.wants(feed));
    if wants_sheets && facts.settings.sheets == Sheets::WithoutKey {
        notices.push(Notice {
            subject: "sheets".to_owned(),
            message: "AISPEND_SPREADSHEET_ID is set, GOOGLE_APPLICATION_CREDENTIALS is not. Their rows stay"
                .to_owned(),
            remedy: "name the key file of a service account that may read the spreadsheet".to_owned(),
            is_failure: true,
        });
    }
    for feed in Feed::ALL.into_iter().filter(|feed| wanted.wants(*feed)) {
        for org_id in organisations(facts, feed) {
            if feed == Feed::CursorSpend {
                slices.push(Planned {
                    slice: Slice::of_day(feed, org_id, facts.today),
                    source: String::new(),
                    reprocess: false,
                });
            } else if let Some(known) = told_by_enterprise(facts, feed) {
                // Rows of sheets name no organisation: read beside the API's, they would count twice.
                let slice = Slice::all(feed, org_id);
                let is_loaded = is_complete(facts, &slice);
                let (message, remedy) = match (known, is_loaded) {
                    (Enterprise::Certain, true) => (
                        "the Enterprise organisation's own reports tell the same: its rows were retired",
                        "remove the sheet",
                    ),
                    (Enterprise::Configured, true) => (
                        "not read: an Enterprise key is set, and its reports tell the same. The rows stay until they do",
                        "",
                    ),
                    (_, false) => ("not read: the Enterprise organisation's own reports tell the same", ""),
                };
                notices.push(Notice {
                    subject: feed.as_str().to_owned(),
                    message: message.to_owned(),
                    remedy: remedy.to_owned(),
                    is_failure: false,
                });
                if is_loaded && known == Enterprise::Certain {
                    slices.push(Planned { slice, source: RETIRED.to_owned(), reprocess: false });
                }
            } else if !feed.is_daily() {
                slices.push(Planned {
                    slice: Slice::all(feed, org_id),
                    source: source_of(facts, feed),
                    reprocess: false,
                });
            }
        }
    }
    let (first, last) = match wanted.days {
        Some((first, last)) => {
            if last > yesterday {
                notices.push(Notice {
                    subject: "period".to_owned(),
                    message: format!(
                        "{} is not over yet (UTC); days up to {yesterday} were read",
                        facts.today
                    ),
                    remedy: String::new(),
                    is_failure: false,
                });
            }
            (first, last.min(yesterday))
        }
        None => (facts.settings.start_date.unwrap_or_else(|| default_start(facts.today)), yesterday),
    };
    let known =
        Known { ledger: facts.ledger, today: facts.today, cursor_cycle_starts: &facts.cursor_cycle_starts };
    let mut day = last;
    while day >= first {
        for feed in Feed::ALL
            .into_iter()
            .filter(|feed| feed.is_daily() && *feed != Feed::CursorSpend && wanted.wants(*feed))
        {
            for org_id in organisations(facts, feed) {
                let slice = Slice::of_day(feed, org_id, day);
                let Some(source) = daily_source(facts, &slice, day) else { continue };
                if wanted.days.is_some() || is_due(&known, &slice, &source) {
                    slices.push(Planned { slice, source, reprocess: false });
                }
            }
        }
        let Ok(before) = day.yesterday() else { break };
        day = before;
    }
    (slices, notices)
}

/// How sure it is that a claude.ai Enterprise organisation is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Enterprise {
    /// Its key is set. It has told nothing yet.
    Configured,
    /// Its reports answered, or the ledger holds what they told.
    Certain,
}

/// Whether an Enterprise organisation's own reports tell what this sheet tells. Decided from settings and ledger as well
/// as from the keys that answered: one failed call must not let both count.
fn told_by_enterprise(facts: &Facts<'_>, feed: Feed) -> Option<Enterprise> {
    let has_told = |line: &LedgerLine| match feed {
        Feed::SheetClaudeAiSpend => {
            matches!(line.source.as_str(), "analytics_enterprise" | "enterprise_reports")
        }
        Feed::SheetClaudeAiUsage => line.slice.feed == Feed::AnthropicClaudeAi,
        _ => false,
    };
    if !matches!(feed, Feed::SheetClaudeAiSpend | Feed::SheetClaudeAiUsage) {
        return None;
    }
    // Its key answered, and so did the reports that tell it: what is retired here is read there.
    let answers = facts.accounts.anthropic.values().any(|organisation| {
        organisation.analytics.is_some()
            && (feed == Feed::SheetClaudeAiUsage || facts.cost_sources.contains_key(&organisation.org_id))
    });
    if answers || facts.ledger.values().any(|line| line.outcome == SliceOutcome::Complete && has_told(line)) {
        return Some(Enterprise::Certain);
    }
    let is_set = facts.settings.anthropic.iter().any(|key| key.kind == KeyKind::Analytics);
    is_set.then_some(Enterprise::Configured)
}

/// True where rows of a slice are loaded.
fn is_complete(facts: &Facts<'_>, slice: &Slice) -> bool {
    facts.ledger.get(slice).is_some_and(|line| line.outcome == SliceOutcome::Complete)
}

/// Whose slices a feed has.
fn organisations(facts: &Facts<'_>, feed: Feed) -> Vec<String> {
    match feed.vendor() {
        Vendor::Sheets if facts.settings.sheets == Sheets::WithoutKey => Vec::new(),
        Vendor::Sheets => vec!["sheets".to_owned()],
        Vendor::Cursor => facts.settings.cursor.iter().map(|team| team.org_id.clone()).collect(),
        Vendor::Anthropic => facts
            .accounts
            .anthropic
            .values()
            .filter(|organisation| match feed {
                Feed::AnthropicClaudeAi => organisation.analytics.is_some(),
                Feed::AnthropicDirectory | Feed::AnthropicClaudeCode => organisation.admin.is_some(),
                _ => true,
            })
            .map(|organisation| organisation.org_id.clone())
            .collect(),
    }
}

fn source_of(facts: &Facts<'_>, feed: Feed) -> String {
    match (feed.vendor(), &facts.settings.sheets) {
        (Vendor::Sheets, Sheets::Csv) => "csv".to_owned(),
        (Vendor::Sheets, Sheets::Google { .. } | Sheets::WithoutKey) => "google".to_owned(),
        _ => String::new(),
    }
}

/// Which endpoint family a day is read from, [`OUT_OF_REACH`] where none has it; `None` where nothing is to be done.
fn daily_source(facts: &Facts<'_>, slice: &Slice, day: Date) -> Option<String> {
    match slice.feed {
        Feed::AnthropicCost => {
            let source = facts.cost_sources.get(&slice.org_id)?;
            if source == "legacy" || day >= analytics_horizon(facts.today) {
                return Some(source.clone());
            }
            // Out of the analytics endpoints' reach. What they once told stays; a Console organisation's legacy
            // reports reach further back.
            if source == "analytics" && facts.settings.cost_api == CostApi::Auto {
                let is_kept = is_complete(facts, slice)
                    && facts.ledger.get(slice).is_some_and(|line| line.source != "legacy");
                return (!is_kept).then(|| "legacy".to_owned());
            }
            (!is_complete(facts, slice)).then(|| OUT_OF_REACH.to_owned())
        }
        Feed::AnthropicClaudeAi if day < ANALYTICS_BEGIN => Some(OUT_OF_REACH.to_owned()),
        _ => Some(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use aispend_model::{Generation, Order};
    use aispend_proto::TableSums;
    use jiff::civil::date;

    use super::*;
    use crate::accounts::Organisation;
    use crate::settings::{AnthropicKey, CursorTeam};

    fn settings() -> FetcherSettings {
        FetcherSettings {
            anthropic: Vec::new(),
            cursor: vec![CursorTeam { org_id: "cursor".to_owned() }],
            sheets: Sheets::Csv,
            tabs: BTreeMap::new(),
            start_date: Some(date(2026, 11, 20)),
            cost_api: CostApi::Auto,
            claude_code_workspaces: Vec::new(),
            confirmed_orgs: Vec::new(),
            patience: Duration::ZERO,
            empty_pause: Duration::ZERO,
            unsettled_pause: Duration::ZERO,
            sittings: crate::Sittings::default(),
        }
    }

    fn planned(wanted: &Wanted, source: &str, start: Option<Date>) -> Vec<(String, String)> {
        let console = Organisation { org_id: "c".into(), admin: Some("a".into()), ..Organisation::default() };
        let accounts =
            Accounts { anthropic: BTreeMap::from([("c".to_owned(), console)]), ..Accounts::default() };
        let mut settings = settings();
        settings.start_date = start.or(settings.start_date);
        planned_by(&settings, &accounts, source, &HashMap::new(), wanted).0
    }

    fn planned_by(
        settings: &FetcherSettings,
        accounts: &Accounts,
        source: &str,
        ledger: &HashMap<Slice, LedgerLine>,
        wanted: &Wanted,
    ) -> (Vec<(String, String)>, Vec<Notice>) {
        let facts = Facts {
            settings,
            accounts,
            cost_sources: &CostSources::from([("c".to_owned(), source.to_owned())]),
            ledger,
            today: date(2026, 11, 22),
            cursor_cycle_starts: HashMap::new(),
        };
        let (slices, notices) = plan(&facts, wanted);
        (slices.into_iter().map(|planned| (planned.slice.key(), planned.source)).collect(), notices)
    }

    fn line(slice: &Slice, source: &str, outcome: SliceOutcome) -> (Slice, LedgerLine) {
        let line = LedgerLine {
            slice: slice.clone(),
            order: Order { generation: Generation(1_700_000_000_000_000), revision: 0, reader_version: 1 },
            run_id: String::new(),
            source: source.to_owned(),
            outcome,
            loaded: TableSums::default(),
            content_hash: Vec::new(),
            documents: Vec::new(),
            context: Vec::new(),
            context_digest: String::new(),
            loaded_at: jiff::Timestamp::UNIX_EPOCH,
        };
        (slice.clone(), line)
    }

    #[test]
    fn what_an_enterprise_organisation_tells_is_never_read_from_a_sheet_whoever_answers() {
        let wanted = Wanted { feeds: vec![Feed::SheetClaudeAiSpend, Feed::SheetClaudeAiUsage], days: None };
        let spend = Slice::all(Feed::SheetClaudeAiSpend, "sheets");
        let is_loaded = HashMap::from([line(&spend, "csv", SliceOutcome::Complete)]);
        let day = Slice::of_day(Feed::AnthropicCost, "e", date(2026, 11, 1));
        let mut has_told = is_loaded.clone();
        has_told.extend([line(&day, "enterprise_reports", SliceOutcome::Complete)]);
        let mut with_key = settings();
        with_key.anthropic.push(AnthropicKey {
            slot: "e".to_owned(),
            kind: KeyKind::Analytics,
            setting: "ANTHROPIC_ANALYTICS_KEY".to_owned(),
        });
        let enterprise =
            Organisation { org_id: "c".into(), analytics: Some("e".into()), ..Organisation::default() };
        let enterprise_e = Organisation { org_id: "e".into(), ..enterprise.clone() };
        let answers =
            Accounts { anthropic: BTreeMap::from([("c".to_owned(), enterprise)]), ..Accounts::default() };
        let without_reports =
            Accounts { anthropic: BTreeMap::from([("e".to_owned(), enterprise_e)]), ..Accounts::default() };
        let nobody = Accounts::default();
        let (spend, usage) = ("sheets/claude-ai-spend|sheets|all", "sheets/claude-ai-usage|sheets|all");
        for (settings, accounts, ledger, expected) in [
            (&settings(), &nobody, &is_loaded, vec![(usage, "csv"), (spend, "csv")]),
            (&with_key, &nobody, &is_loaded, vec![]),
            (&with_key, &answers, &HashMap::new(), vec![]),
            (&with_key, &without_reports, &is_loaded, vec![]),
            (&with_key, &answers, &is_loaded, vec![(spend, RETIRED)]),
            // The key is gone, what it told is not.
            (&settings(), &nobody, &has_told, vec![(usage, "csv"), (spend, RETIRED)]),
        ] {
            let (slices, notices) = planned_by(settings, accounts, "analytics", ledger, &wanted);
            let slices: Vec<_> = slices.iter().map(|(key, source)| (key.as_str(), source.as_str())).collect();
            assert_eq!(slices, expected);
            let read = slices.iter().filter(|(_, source)| *source == "csv").count();
            assert_eq!(notices.len(), 2 - read, "{notices:?}");
        }
    }

    #[test]
    fn a_day_out_of_reach_is_noted_once_and_asked_for_when_something_reaches_it() {
        let wanted = Wanted { feeds: vec![Feed::AnthropicCost], days: None };
        let day = Slice::of_day(Feed::AnthropicCost, "c", date(2025, 12, 31));
        let console = Organisation { org_id: "c".into(), admin: Some("a".into()), ..Organisation::default() };
        let accounts =
            Accounts { anthropic: BTreeMap::from([("c".to_owned(), console)]), ..Accounts::default() };
        let mut settings = settings();
        settings.start_date = day.day;
        let of_day = |source: &str, ledger: &HashMap<Slice, LedgerLine>| {
            let planned = planned_by(&settings, &accounts, source, ledger, &wanted).0;
            planned.into_iter().find(|(key, _)| *key == day.key()).map(|(_, source)| source)
        };
        assert_eq!(of_day("analytics_enterprise", &HashMap::new()).as_deref(), Some(OUT_OF_REACH));
        let (slice, mut noted) = line(&day, OUT_OF_REACH, SliceOutcome::Unavailable);
        noted.order.generation = Generation(1_795_000_000_000_000);
        let ledger = HashMap::from([(slice, noted)]);
        assert_eq!(of_day("analytics_enterprise", &ledger), None);
        assert_eq!(of_day("legacy", &ledger).as_deref(), Some("legacy"));
        let ledger = HashMap::from([line(&day, "analytics_enterprise", SliceOutcome::Complete)]);
        assert_eq!(of_day("analytics_enterprise", &ledger), None);
    }

    #[test]
    fn context_comes_first_then_the_newest_day() {
        let keys: Vec<String> =
            planned(&Wanted::default(), "analytics", None).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys.first().unwrap(), "anthropic/directory|c|all");
        let place = |key: &str| keys.iter().position(|known| known == key).unwrap();
        assert!(place("sheets/api-key-mapping|sheets|all") < place("anthropic/claude-code|c|2026-11-21"));
        assert!(place("anthropic/claude-code|c|2026-11-21") < place("anthropic/cost|c|2026-11-21"));
        assert!(place("cursor/usage-events|cursor|2026-11-21") < place("anthropic/cost|c|2026-11-20"));
        assert!(keys.contains(&"cursor/spend|cursor|2026-11-22".to_owned()));
        assert!(!keys.iter().any(|key| key.ends_with("usage-events|cursor|2026-11-22")));
    }

    #[test]
    fn a_period_is_inclusive_and_ends_yesterday_at_the_latest() {
        let wanted = Wanted {
            feeds: vec![Feed::CursorUsageEvents],
            days: Some((date(2026, 11, 19), date(2026, 12, 1))),
        };
        let keys: Vec<String> = planned(&wanted, "analytics", None).into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["21", "20", "19"].map(|day| format!("cursor/usage-events|cursor|2026-11-{day}")));
    }

    #[test]
    fn a_day_before_the_analytics_endpoints_begin_is_read_from_the_legacy_reports() {
        let wanted =
            Wanted { feeds: vec![Feed::AnthropicCost], days: Some((date(2025, 12, 31), date(2026, 1, 1))) };
        let sources: Vec<String> =
            planned(&wanted, "analytics", None).into_iter().map(|(_, source)| source).collect();
        assert_eq!(sources, ["analytics", "legacy"]);
        let sources: Vec<String> =
            planned(&wanted, "analytics_enterprise", None).into_iter().map(|(_, source)| source).collect();
        assert_eq!(sources, ["analytics_enterprise", OUT_OF_REACH]);
    }
}
