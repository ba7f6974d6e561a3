//! What the company wrote into its sheets: keys, seats, people, budgets, invoices.

use jiff::civil::{Date, date};

use crate::calendar::{date_of, number_of};
use crate::config::WorldConfig;
use crate::dice::{Dice, mix};
use crate::facts::directory::{Directory, key};
use crate::facts::people::Person;

/// The mapping of a key to a person and a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Empty in the row that a reader must refuse.
    pub key: Option<u32>,
    pub email: String,
    pub team: &'static str,
    pub platform: &'static str,
    pub purpose: &'static str,
    pub valid_from: Option<Date>,
    pub valid_to: Option<Date>,
}

/// A seat and its price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// `anthropic` or `cursor`.
    pub vendor: &'static str,
    pub plan: &'static str,
    pub person: u32,
    /// Dollars.
    pub price: u32,
    pub annual: bool,
    /// None when the cell is empty, which means the first.
    pub cycle_day: Option<u8>,
    pub valid_from: Date,
    /// The last day of the seat.
    pub valid_to: Option<Date>,
}

/// A month's budget of one team and platform, in dollars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    pub month: Date,
    pub platform: &'static str,
    pub team: &'static str,
    pub dollars: u32,
}

/// One row of the manual claude.ai export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SheetActivity {
    pub person: u32,
    pub day: i32,
    pub conversations: Option<u64>,
    pub messages: Option<u64>,
    pub projects: Option<u64>,
    pub files: Option<u64>,
}

/// Everything the sheets say.
#[derive(Debug, Clone, Default)]
pub struct Sheets {
    pub mapping: Vec<Mapping>,
    pub seats: Vec<Seat>,
    pub budgets: Vec<Budget>,
    pub activity: Vec<SheetActivity>,
    /// Tabs that are not there.
    pub missing: Vec<String>,
}

/// Invents the sheets' content.
pub fn invent(config: &WorldConfig, people: &[Person], directory: &Directory) -> Sheets {
    if !config.sheets {
        return Sheets::default();
    }
    Sheets {
        mapping: mapping(config, people, directory),
        seats: seats(config, people),
        budgets: budgets(config),
        activity: activity(config, people),
        missing: Vec::new(),
    }
}

fn mapping(config: &WorldConfig, people: &[Person], directory: &Directory) -> Vec<Mapping> {
    let row = |key: u32, person: usize, platform: &'static str, purpose: &'static str| {
        let person = people.get(person).or_else(|| people.first());
        Mapping {
            key: Some(key),
            email: person.map(|person| person.email.clone()).unwrap_or_default(),
            team: person.map_or("", |person| person.team),
            platform,
            purpose,
            valid_from: None,
            valid_to: None,
        }
    };
    let mut rows = vec![
        row(key::BACKEND, 0, "claude_api", "production"),
        row(key::BATCH, 0, "claude_api", "batch"),
        row(key::SCRATCH, 1, "claude_api", ""),
        row(key::NOTEBOOK_A, 1, "claude_api", "notebooks"),
        row(key::AGENT, 2, "claude_code", "agents"),
    ];
    // A shared key changes hands in the middle of the period.
    let days = jiff::Span::new().days(i64::from(config.days()) / 2);
    if let Ok(handover) = config.first_day.checked_add(days) {
        let first = row(key::NOTEBOOK_B, 1, "claude_api", "shared");
        let second = row(key::NOTEBOOK_B, 2, "claude_api", "shared");
        rows.push(Mapping { valid_to: handover.yesterday().ok(), ..first });
        rows.push(Mapping { valid_from: Some(handover), ..second });
    }
    for index in key::OTHERS..directory.keys.len() as u32 {
        let bulk = directory.bulk.contains(&index);
        let shared = directory.keys.get(index as usize).is_some_and(|key| key.name.starts_with("team-"));
        if bulk || shared {
            rows.push(row(index, index as usize % people.len().max(1), "claude_api", "service"));
        }
    }
    rows
}

fn seats(config: &WorldConfig, people: &[Person]) -> Vec<Seat> {
    let mut seats = Vec::new();
    for (index, person) in people.iter().enumerate() {
        let mut dice = Dice::new(mix(config.seed ^ 0x5EA7, index as u64));
        let valid_from = date_of(person.joined).first_of_month();
        let left =
            person.removed.then(|| config.last_day.checked_sub(jiff::Span::new().days(2)).ok()).flatten();
        let valid_to = left.filter(|day| *day >= valid_from);
        let person_index = index as u32;
        let seat = |vendor, plan, price| Seat {
            vendor,
            plan,
            person: person_index,
            price,
            annual: false,
            cycle_day: None,
            valid_from,
            valid_to,
        };
        if person.claude_seat {
            let premium = dice.chance(250);
            let mut made =
                if premium { seat("anthropic", "premium", 150) } else { seat("anthropic", "standard", 25) };
            made.cycle_day = Some(dice.between(1, 28) as u8);
            if !premium && dice.chance(250) {
                // A year's price that every day of a common year shares evenly.
                made.annual = true;
                made.price = 365;
                made.cycle_day = None;
            }
            seats.push(made);
        }
        if person.cursor_seat {
            let premium = dice.chance(150);
            let mut made =
                if premium { seat("cursor", "premium", 120) } else { seat("cursor", "standard", 40) };
            made.cycle_day = Some(config.cursor_cycle_day);
            seats.push(made);
        }
    }
    seats
}

fn budgets(config: &WorldConfig) -> Vec<Budget> {
    let mut budgets = Vec::new();
    let mut month = config.first_day.first_of_month();
    while month <= config.last_day && budgets.len() < 400 {
        for (platform, team, dollars) in [
            ("claude_api", "Platform", 2500),
            ("claude_code", "Platform", 1500),
            ("cursor", "Platform", 600),
            ("claude_api", "Data", 900),
            ("claude.ai", "Product", 400),
        ] {
            budgets.push(Budget { month, platform, team, dollars });
        }
        month = month.last_of_month().tomorrow().unwrap_or(date(9999, 1, 1));
    }
    budgets
}

fn activity(config: &WorldConfig, people: &[Person]) -> Vec<SheetActivity> {
    // On the Enterprise plan the endpoint gives these figures; the sheet is for Team plans.
    if config.enterprise {
        return Vec::new();
    }
    let (first, last) = (number_of(config.first_day), number_of(config.last_day));
    let mut rows = Vec::new();
    for day in first..=last {
        for (index, person) in people.iter().enumerate() {
            let index = index as u32;
            if let Some(made) = super::enterprise::activity(config.seed, 0, person, index, day) {
                let mut dice = Dice::new(mix(config.seed ^ 0x5EE7, mix(u64::from(index), day as u64)));
                let short = dice.chance(100);
                rows.push(SheetActivity {
                    person: index,
                    day,
                    conversations: made.conversations,
                    messages: Some(made.messages),
                    projects: (!short).then_some(made.projects),
                    files: if short { None } else { made.files },
                });
            }
        }
    }
    rows
}
