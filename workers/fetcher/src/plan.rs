//! What a run asks for: organisations, feeds and days, context first, newest day first.

use std::collections::HashMap;

use aispend_model::{Feed, Slice, Vendor};
use aispend_ports::LedgerLine;
use aispend_proto::v1::Notice;
use jiff::ToSpan;
use jiff::civil::Date;

use crate::accounts::Accounts;
use crate::due::{Known, analytics_horizon, default_start, is_due};
use crate::settings::{CostApi, FetcherSettings, Sheets};

/// A slice of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Which.
    pub slice: Slice,
    /// By which endpoint family.
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
    fn wants(&self, feed: Feed) -> bool {
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
    for feed in Feed::ALL.into_iter().filter(|feed| wanted.wants(*feed)) {
        for org_id in organisations(facts, feed) {
            if feed == Feed::CursorSpend {
                slices.push(Planned {
                    slice: Slice::of_day(feed, org_id, facts.today),
                    source: String::new(),
                    reprocess: false,
                });
            } else if feed == Feed::SheetClaudeAiSpend && has_enterprise(facts) {
                // Its money is in the Enterprise organisation's own reports: read twice, it would count twice.
                notices.push(Notice {
                    subject: feed.as_str().to_owned(),
                    message: "not read: the Enterprise organisation's cost reports hold this money"
                        .to_owned(),
                    remedy: "`aispend retire sheets/claude-ai-spend`, where it was loaded before".to_owned(),
                    is_failure: false,
                });
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

fn has_enterprise(facts: &Facts<'_>) -> bool {
    facts.accounts.anthropic.values().any(crate::accounts::Organisation::is_enterprise)
}

/// Whose slices a feed has.
fn organisations(facts: &Facts<'_>, feed: Feed) -> Vec<String> {
    match feed.vendor() {
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
        (Vendor::Sheets, Sheets::Google { .. }) => "google".to_owned(),
        _ => String::new(),
    }
}

/// Which endpoint family a day is read from; `None` where the day is out of every reach.
fn daily_source(facts: &Facts<'_>, slice: &Slice, day: Date) -> Option<String> {
    match slice.feed {
        Feed::AnthropicCost => {
            let source = facts.cost_sources.get(&slice.org_id)?;
            if source == "legacy" || day >= analytics_horizon(facts.today) {
                return Some(source.clone());
            }
            // Out of the analytics endpoints' reach. What they once told stays; a Console organisation's legacy
            // reports reach further back.
            let is_kept = facts.ledger.get(slice).is_some_and(|line| line.source != "legacy");
            let can_fall_back = source == "analytics" && facts.settings.cost_api == CostApi::Auto && !is_kept;
            can_fall_back.then(|| "legacy".to_owned())
        }
        Feed::AnthropicClaudeAi => (day >= jiff::civil::date(2026, 1, 1)).then(String::new),
        _ => Some(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use jiff::civil::date;

    use super::*;
    use crate::accounts::Organisation;
    use crate::settings::CursorTeam;

    fn settings() -> FetcherSettings {
        FetcherSettings {
            anthropic: Vec::new(),
            cursor: vec![CursorTeam { org_id: "cursor".to_owned() }],
            sheets: Sheets::Csv,
            tabs: BTreeMap::new(),
            start_date: Some(date(2026, 11, 20)),
            cost_api: CostApi::Auto,
            confirmed_orgs: Vec::new(),
            patience: Duration::ZERO,
            empty_pause: Duration::ZERO,
            unsettled_pause: Duration::ZERO,
        }
    }

    fn planned(wanted: &Wanted, source: &str, start: Option<Date>) -> Vec<(String, String)> {
        let console = Organisation { org_id: "c".into(), admin: Some("a".into()), ..Organisation::default() };
        let accounts =
            Accounts { anthropic: BTreeMap::from([("c".to_owned(), console)]), notices: Vec::new() };
        let mut settings = settings();
        settings.start_date = start.or(settings.start_date);
        let facts = Facts {
            settings: &settings,
            accounts: &accounts,
            cost_sources: &CostSources::from([("c".to_owned(), source.to_owned())]),
            ledger: &HashMap::new(),
            today: date(2026, 11, 22),
            cursor_cycle_starts: HashMap::new(),
        };
        plan(&facts, wanted).0.into_iter().map(|planned| (planned.slice.key(), planned.source)).collect()
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
        assert_eq!(planned(&wanted, "analytics_enterprise", None).len(), 1);
    }
}
