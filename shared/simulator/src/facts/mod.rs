//! The facts: everything the vendors know, made from a seed and changed only by restatement.

pub mod code;
pub mod console;
pub mod cursor;
pub mod directory;
pub mod enterprise;
pub mod people;
pub mod sheets;
pub mod usage;

use std::sync::OnceLock;

use jiff::Timestamp;

use crate::calendar::{self, DAY_MILLIS, is_weekend, midnight, number_of};
use crate::config::WorldConfig;
use crate::dice::{Dice, mix};
use crate::keys::Keys;
use crate::truth::Invoice;
use code::CodeRecord;
use console::Setting;
use cursor::CursorDay;
use directory::Directory;
use people::Person;
use sheets::Sheets;
use usage::{Charge, Use};

/// One kind of fact, for taking a whole day away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strand {
    /// Usage and cost of the Console organisation.
    Console,
    /// The Claude Code report.
    ClaudeCode,
    /// Usage and cost of the Enterprise organisation.
    Enterprise,
    /// What people did on claude.ai.
    Activity,
    /// Cursor's usage events.
    Events,
    /// Cursor's daily activity.
    Daily,
}

impl Strand {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Console, Self::ClaudeCode, Self::Enterprise, Self::Activity, Self::Events, Self::Daily];
}

/// The facts of one day.
#[derive(Debug, Clone)]
pub struct Day {
    pub number: i32,
    pub console: Vec<Use>,
    pub extras: Vec<Charge>,
    pub code: Vec<CodeRecord>,
    pub enterprise: Vec<Use>,
    pub enterprise_extras: Vec<Charge>,
    pub cursor: CursorDay,
    /// Changes whenever the activity of claude.ai is restated.
    pub activity_salt: u32,
    /// What is not there at present.
    pub gone: Vec<Strand>,
}

impl Day {
    /// Whether a kind of fact is there.
    pub fn has(&self, strand: Strand) -> bool {
        !self.gone.contains(&strand)
    }

    /// How many minutes of the day have passed at a moment.
    pub fn minutes(&self, now: Timestamp) -> i64 {
        (now.as_second() - midnight(self.number)).div_euclid(60)
    }

    /// The uses of the Console organisation that are visible at a moment.
    pub fn console_uses(&self, now: Timestamp) -> impl Iterator<Item = &Use> {
        let minutes = if self.has(Strand::Console) { self.minutes(now) } else { -1 };
        self.console.iter().filter(move |made| i64::from(made.minute) <= minutes)
    }

    /// The charges of the Console organisation that are visible at a moment.
    pub fn console_charges(&self, now: Timestamp) -> impl Iterator<Item = Charge> + '_ {
        let minutes = if self.has(Strand::Console) { self.minutes(now) } else { -1 };
        let extras = self.extras.iter().filter(move |charge| i64::from(charge.minute) <= minutes).cloned();
        self.console_uses(now).flat_map(Use::charges).chain(extras)
    }

    /// The uses of the Enterprise organisation that are visible at a moment.
    pub fn enterprise_uses(&self, now: Timestamp) -> impl Iterator<Item = &Use> {
        let minutes = if self.has(Strand::Enterprise) { self.minutes(now) } else { -1 };
        self.enterprise.iter().filter(move |made| i64::from(made.minute) <= minutes)
    }

    /// The charges of the Enterprise organisation that are visible at a moment.
    pub fn enterprise_charges(&self, now: Timestamp) -> impl Iterator<Item = Charge> + '_ {
        let minutes = if self.has(Strand::Enterprise) { self.minutes(now) } else { -1 };
        let extras =
            self.enterprise_extras.iter().filter(move |charge| i64::from(charge.minute) <= minutes).cloned();
        self.enterprise_uses(now).flat_map(Use::charges).chain(extras)
    }

    /// The Claude Code records that are visible at a moment: only what is older than an hour.
    pub fn code_records(&self, now: Timestamp) -> impl Iterator<Item = &CodeRecord> {
        let minutes = if self.has(Strand::ClaudeCode) { self.minutes(now) - 60 } else { -1 };
        self.code.iter().filter(move |record| i64::from(record.minute) <= minutes)
    }

    /// How many Cursor events of a day are visible at a moment.
    pub fn events_seen(&self, now: Timestamp) -> u32 {
        if self.has(Strand::Events) { self.cursor.seen(now.as_millisecond()) } else { 0 }
    }
}

/// An invented organisation with everything its vendors know about it.
#[derive(Debug, Clone)]
pub struct World {
    pub(crate) config: WorldConfig,
    pub(crate) first: i32,
    pub(crate) people: Vec<Person>,
    pub(crate) directory: Directory,
    pub(crate) sheets: Sheets,
    pub(crate) days: Vec<Day>,
    /// People with a Cursor seat who use it, the earliest first.
    pub(crate) seats: Vec<u32>,
    /// The credentials the world accepts.
    pub keys: Keys,
    /// Written once, when somebody first reads them.
    pub(crate) invoices: OnceLock<Vec<Invoice>>,
}

impl World {
    /// Makes the world of a configuration. The same configuration makes the same world.
    pub fn generate(config: WorldConfig) -> Self {
        let (first, last) = (number_of(config.first_day), number_of(config.last_day));
        let people = people::invent(&config, first, last);
        let bulk = (config.anthropic_rows / config.days() / 5 / 4).min(1000);
        let directory = Directory::invent(&config, &people, bulk);
        let sheets = sheets::invent(&config, &people, &directory);
        let mut seats: Vec<u32> = (0..config.people).collect();
        seats.retain(|index| {
            people.get(*index as usize).is_some_and(|person| person.cursor_seat && !person.idle)
        });
        seats.sort_by_key(|index| people.get(*index as usize).map(|person| person.joined));
        let mut world = Self {
            first,
            people,
            directory,
            sheets,
            days: Vec::new(),
            seats,
            config,
            keys: Keys::default(),
            invoices: OnceLock::new(),
        };
        let anomaly = world.anomaly();
        let count = i64::from(world.config.days());
        let volumes: Vec<u64> = (first..=last)
            .map(|day| world.volume(day, if day == anomaly { 140 } else { 100 }, count))
            .collect();
        let events = world.event_counts(&volumes);
        for ((number, volume), count) in (first..=last).zip(volumes).zip(events) {
            let day = world.generate_day(number, volume, count);
            world.days.push(day);
        }
        world
    }

    /// The day on which a batch job runs away: a working day shortly before the end.
    fn anomaly(&self) -> i32 {
        let last = number_of(self.config.last_day);
        let back = 2 + (mix(self.config.seed, 0xA70) % 3) as i32;
        (self.first..=last - back).rev().find(|day| !is_weekend(*day)).unwrap_or(self.first)
    }

    /// The volume of a day in percent: it grows over the months, and rests at the weekend.
    fn volume(&self, day: i32, anomaly: u64, days: i64) -> u64 {
        let grown = 60 + (i64::from(day - self.first) * 80 / days.max(1)).unsigned_abs();
        let rest = if is_weekend(day) { 18 } else { 100 };
        let mood = 85 + mix(self.config.seed, 0xDA70 ^ u64::from(day.unsigned_abs())) % 31;
        (grown * rest * mood * anomaly / 1_000_000).max(1)
    }

    fn event_counts(&self, volumes: &[u64]) -> Vec<u32> {
        if let Some(total) = self.config.cursor_events {
            let days = volumes.len().max(1) as u64;
            return (0..days).map(|day| (total / days + u64::from(day < total % days)) as u32).collect();
        }
        let per_person = u64::from(self.config.events_per_person_day);
        let counts = volumes
            .iter()
            .zip(self.first..)
            .map(|(volume, day)| u64::from(self.active(day)) * per_person * volume / 100);
        counts.map(|count| if self.config.cursor { count as u32 } else { 0 }).collect()
    }

    fn active(&self, day: i32) -> u32 {
        let there =
            |index: &&u32| self.people.get(**index as usize).is_some_and(|person| person.joined <= day);
        self.seats.iter().take_while(there).count() as u32
    }

    fn generate_day(&self, number: i32, volume: u64, events: u32) -> Day {
        let config = &self.config;
        let runaway = number == self.anomaly();
        let seed = mix(config.seed, u64::from(number.unsigned_abs()));
        let setting = Setting {
            config,
            people: &self.people,
            directory: &self.directory,
            day: number,
            volume,
            runaway,
        };
        let mut dice = Dice::new(seed);
        let mut day = Day {
            number,
            console: Vec::new(),
            extras: Vec::new(),
            code: Vec::new(),
            enterprise: Vec::new(),
            enterprise_extras: Vec::new(),
            cursor: CursorDay {
                day: number,
                seed: mix(seed, 0xC0),
                count: events,
                kept: None,
                percent: 100,
                salt: 0,
                active: self.active(number),
            },
            activity_salt: 0,
            gone: Vec::new(),
        };
        if config.console {
            day.console = console::uses(setting, &mut dice);
            day.extras = console::extras(setting, &mut dice);
            day.code = code::records(setting, &day.console, &mut dice);
        }
        if config.enterprise {
            day.enterprise = enterprise::uses(setting, &mut dice);
            day.enterprise_extras = enterprise::extras(setting, &mut dice);
        }
        day
    }

    /// What the world was made from.
    pub const fn config(&self) -> &WorldConfig {
        &self.config
    }

    /// The oddities can be changed at any time: they change how facts are told, mostly not the facts.
    pub const fn config_mut(&mut self) -> &mut WorldConfig {
        &mut self.config
    }

    /// The id of the Console organisation.
    pub fn console_id(&self) -> &str {
        &self.directory.organisation
    }

    /// The id of the Enterprise organisation.
    pub fn enterprise_id(&self) -> &str {
        &self.directory.enterprise
    }

    /// Gives the Console organisation another id, as if the admin key now belonged to somebody else.
    pub fn replace_console_id(&mut self, id: String) {
        self.directory.organisation = id;
    }

    /// The people's addresses.
    pub fn emails(&self) -> impl Iterator<Item = &str> {
        self.people.iter().map(|person| person.email.as_str())
    }

    /// The first moment after the last day with facts.
    pub fn end(&self) -> Timestamp {
        let last = self.first + self.days.len() as i32;
        Timestamp::from_second(midnight(last)).unwrap_or(Timestamp::MAX)
    }

    pub(crate) fn day(&self, number: i32) -> Option<&Day> {
        usize::try_from(number - self.first).ok().and_then(|index| self.days.get(index))
    }

    pub(crate) fn days_between(&self, from: i32, until: i32) -> impl Iterator<Item = &Day> {
        self.days.iter().filter(move |day| (from..until).contains(&day.number))
    }

    /// One Cursor event of a day, the earliest first.
    pub(crate) fn event(&self, day: &Day, index: u32) -> cursor::Event {
        day.cursor.event(index, &self.config.quirks, &self.seats)
    }

    /// A member's day in Cursor.
    pub(crate) fn daily(&self, day: &Day, index: u32) -> cursor::Daily {
        self.people
            .get(index as usize)
            .map(|person| cursor::daily(&day.cursor, person, index))
            .unwrap_or_default()
    }

    /// A person's day on claude.ai.
    pub(crate) fn activity(&self, number: i32, index: u32) -> Option<enterprise::Activity> {
        let day = self.day(number).filter(|day| day.has(Strand::Activity))?;
        let person = self.people.get(index as usize)?;
        enterprise::activity(self.config.seed, day.activity_salt, person, index, number)
    }

    /// The Cursor team: everyone who has or had a seat.
    pub(crate) fn members(&self) -> impl Iterator<Item = (u32, &Person)> {
        (0..).zip(&self.people).filter(|(index, person)| is_member(*index, person))
    }

    /// What the mapping sheet says, if there is one.
    pub(crate) fn mapping(&self) -> &[sheets::Mapping] {
        let missing = self.sheets.missing.iter().any(|tab| tab == "api-key-mapping");
        if missing { &[] } else { &self.sheets.mapping }
    }

    /// The first millisecond of the Cursor billing cycle a moment lies in.
    pub(crate) fn cycle_start(&self, now: Timestamp) -> i64 {
        let today = calendar::date_of(calendar::day_of_second(now.as_second()));
        let day = i8::try_from(self.config.cursor_cycle_day.clamp(1, 28)).unwrap_or(1);
        let month =
            if today.day() >= day { today } else { today.first_of_month().yesterday().unwrap_or(today) };
        let start = jiff::civil::Date::new(month.year(), month.month(), day).unwrap_or(today);
        i64::from(number_of(start)) * DAY_MILLIS
    }
}

/// Whether a person is in the Cursor team; one of them manages it without a seat.
pub fn is_member(index: u32, person: &Person) -> bool {
    person.cursor_seat || index == 3
}
