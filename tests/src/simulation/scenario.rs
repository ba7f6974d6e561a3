//! What a seed decides before anything happens: the world, its sheets, and how many bad days there are.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aispend_fetcher::{AnthropicKey, CostApi, CursorTeam, FetcherSettings, KeyKind, Sheets, Sittings};
use aispend_simulator::{Quirks, World, WorldConfig};
use aispend_testkit::Dice;
use aispend_testkit::sim::{Address, SheetsFrom, SimFetchOptions};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan};

/// A world and the week it has.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The world as it will be in the end.
    pub config: WorldConfig,
    /// Days on which things go wrong, before the calm one.
    pub bad_days: u64,
    /// Until this bad day the Console organisation has no beta.
    pub beta_opens: u64,
    /// Where sheets come from.
    pub sheets_from: SheetsFrom,
    /// Tabs that never exist.
    pub never: BTreeSet<String>,
    /// Tabs that come late, or vanish for a day.
    pub shaky: Vec<String>,
    /// Anthropic's pages are this small.
    pub page_size: Option<u64>,
    /// How long one attempt at a slice works, and what the next one finds of it.
    pub sittings: Sittings,
}

impl Scenario {
    /// Draws one.
    pub fn draw(seed: u64, dice: &mut Dice) -> Self {
        let first_day = date(2026, 10, 5).saturating_add((dice.below(24) as i64).days());
        let last_day = first_day.saturating_add((dice.between(1, 3) as i64).days());
        let mut config = WorldConfig {
            console: dice.chance(750),
            enterprise: dice.chance(450),
            cursor: dice.chance(650),
            sheets: dice.chance(800),
            analytics: dice.chance(500),
            enterprise_analytics: dice.chance(700),
            events_per_person_day: dice.between(2, 6) as u32,
            cursor_cycle_day: dice.between(1, 28) as u8,
            quirks: if dice.chance(300) { Quirks::default() } else { Quirks::random(dice.roll()) },
            ..WorldConfig::company(seed, dice.between(2, 4) as u32, first_day, last_day)
        };
        if !(config.console || config.enterprise || config.cursor) {
            config.console = true;
        }
        let mut tabs: Vec<String> =
            ["people", "budgets", "invoices", "api-key-mapping", "seats", "claude-ai-usage"]
                .map(str::to_owned)
                .into();
        // Tabs that no truth is about may be missing for good.
        let never = tabs.iter().take(3).filter(|_| dice.chance(200)).cloned().collect();
        tabs.retain(|_| dice.chance(300));
        Self {
            bad_days: dice.between(1, 3),
            beta_opens: if config.analytics && dice.chance(400) { dice.between(1, 3) } else { 0 },
            // A spreadsheet that is not there says nothing of what is restated in it.
            sheets_from: if config.sheets && dice.chance(500) {
                SheetsFrom::Google
            } else {
                SheetsFrom::Files
            },
            never,
            shaky: tabs,
            page_size: dice.chance(700).then(|| dice.between(2, 9)),
            sittings: sittings(seed),
            config,
        }
    }

    /// The world before anything happened to it.
    pub fn world(&self) -> World {
        World::generate(self.config.clone())
    }

    /// First and last day with facts.
    pub const fn days(&self) -> (Date, Date) {
        (self.config.first_day, self.config.last_day)
    }

    /// When a bad day's run begins: the last one soon after the last day, the others on the days before.
    pub fn bad_moment(&self, place: u64, dice: &mut Dice) -> Timestamp {
        let back = i64::try_from(self.bad_days - place).unwrap_or(0) - 1;
        let day = self.config.last_day.saturating_add((1 - back).days());
        midnight(day) + SignedDuration::from_mins(dice.between(30, 1200) as i64)
    }

    /// When the calm run begins: long after every clock that ran ahead.
    pub fn calm_moment(&self) -> Timestamp {
        midnight(self.config.last_day.saturating_add(4.days())) + SignedDuration::from_hours(14)
    }

    /// What the fetcher is told.
    pub fn settings(&self, world: &World) -> FetcherSettings {
        let mut anthropic = Vec::new();
        let mut key = |is_there: bool, slot: &str, kind, setting: &str| {
            if is_there {
                anthropic.push(AnthropicKey { slot: slot.to_owned(), kind, setting: setting.to_owned() });
            }
        };
        key(self.config.console, "admin", KeyKind::Admin, "ANTHROPIC_ADMIN_KEY");
        key(self.config.enterprise, "analytics", KeyKind::Analytics, "ANTHROPIC_ANALYTICS_KEY");
        FetcherSettings {
            anthropic,
            cursor: if self.config.cursor {
                vec![CursorTeam { org_id: "cursor".to_owned() }]
            } else {
                Vec::new()
            },
            sheets: match self.sheets_from {
                SheetsFrom::Files => Sheets::Csv,
                SheetsFrom::Google => Sheets::Google { spreadsheet_id: world.keys.spreadsheet.clone() },
            },
            tabs: BTreeMap::new(),
            start_date: Some(self.config.first_day),
            cost_api: CostApi::Auto,
            claude_code_workspaces: Vec::new(),
            confirmed_orgs: Vec::new(),
            patience: Duration::from_hours(1),
            empty_pause: Duration::from_secs(2),
            unsettled_pause: Duration::from_secs(1),
            sittings: self.sittings.clone(),
        }
    }

    /// Which account opens what.
    pub fn accounts(&self) -> SimFetchOptions {
        let accounts = [
            ("admin", Address::Admin),
            ("analytics", Address::Analytics),
            ("cursor", Address::Cursor),
            ("sheets", Address::Google),
        ];
        SimFetchOptions {
            accounts: accounts.into_iter().map(|(name, address)| (name.to_owned(), Some(address))).collect(),
            absent: self.never.clone(),
            page_size: self.page_size,
            drops_pages: false,
        }
    }
}

/// Most seeds keep every page at once, so that deaths between pages are continued; some stop after seconds, which is longer
/// than any pause of a calm day.
fn sittings(seed: u64) -> Sittings {
    // Dice of its own: what else a seed decides stays what it was.
    let mut dice = Dice::new(seed ^ 0x0051_7711_6e67);
    let told = Sittings::default();
    Sittings {
        save_after: if dice.chance(750) { Duration::ZERO } else { told.save_after },
        longest: if dice.chance(400) {
            Duration::from_millis(dice.between(4_000, 20_000))
        } else {
            told.longest
        },
        slot_wait: dice.chance(300).then(|| Duration::from_secs(dice.between(5, 120))),
        ..told
    }
}

fn midnight(day: Date) -> Timestamp {
    day.to_zoned(jiff::tz::TimeZone::UTC).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}
