//! What kind of world to make.

use jiff::civil::Date;
use jiff::{Span, Unit};
use serde::{Deserialize, Serialize};

/// The size and the shape of an invented organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorldConfig {
    /// The same seed and shape make the same world.
    pub seed: u64,
    /// People in the company.
    pub people: u32,
    /// The first day with facts.
    pub first_day: Date,
    /// The last day with facts.
    pub last_day: Date,
    /// Whether there is a Console organisation, with its admin key.
    pub console: bool,
    /// Whether there is a claude.ai Enterprise organisation, with its analytics key.
    pub enterprise: bool,
    /// Whether there is a Cursor team.
    pub cursor: bool,
    /// Whether the sheets exist.
    pub sheets: bool,
    /// Whether the beta analytics endpoints answer on the Console organisation; 404 otherwise.
    pub analytics: bool,
    /// Whether they answer on the Enterprise organisation.
    pub enterprise_analytics: bool,
    /// Cursor events of one active person on one working day.
    pub events_per_person_day: u32,
    /// Exactly this many Cursor events over all days, instead.
    pub cursor_events: Option<u64>,
    /// About this many Anthropic cost rows over all days, from additional keys.
    pub anthropic_rows: u32,
    /// The day of the month on which the Cursor subscription renews, 1 to 28.
    pub cursor_cycle_day: u8,
    /// The traps.
    pub quirks: Quirks,
}

/// Oddities of the vendors, each on a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quirks {
    /// Amounts finer than a nano-dollar, up to eleven decimals of a cent.
    pub finer_amounts: bool,
    /// Cursor amounts such as `40.16699999999999`.
    pub float_junk: bool,
    /// Cursor event times in RFC 3339 instead of epoch milliseconds.
    pub rfc3339_event_times: bool,
    /// Cursor events without `pagination`.
    pub no_event_pagination: bool,
    /// Cursor events under `usageEventsDisplay`.
    pub events_display_name: bool,
    /// Some Cursor events in the shape of 2025: `kindLabel`, no `isChargeable`.
    pub events_of_2025: bool,
    /// Enum values nobody has met yet.
    pub unknown_values: bool,
    /// Members nobody has met yet.
    pub extra_fields: bool,
    /// A token on the last page, beside `has_more: false`. Following it gives 400.
    pub stray_tokens: bool,
    /// Identical cost lines, each to be counted.
    pub duplicate_lines: bool,
    /// Flex usage whose cost is labelled standard.
    pub flex: bool,
    /// `me` refuses a scoped key, and names the organisation in the header only.
    pub scoped_me_forbidden: bool,
    /// A ragged, padded, many-shaped hand in the sheets.
    pub untidy_sheets: bool,
    /// Lines without matching usage, credits, odd cost types.
    pub odd_lines: bool,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            finer_amounts: false,
            float_junk: true,
            rfc3339_event_times: false,
            no_event_pagination: false,
            events_display_name: false,
            events_of_2025: true,
            unknown_values: false,
            extra_fields: false,
            stray_tokens: true,
            duplicate_lines: true,
            flex: false,
            scoped_me_forbidden: false,
            untidy_sheets: true,
            odd_lines: true,
        }
    }
}

impl Quirks {
    /// No oddities at all.
    pub const NONE: Self = Self {
        finer_amounts: false,
        float_junk: false,
        rfc3339_event_times: false,
        no_event_pagination: false,
        events_display_name: false,
        events_of_2025: false,
        unknown_values: false,
        extra_fields: false,
        stray_tokens: false,
        duplicate_lines: false,
        flex: false,
        scoped_me_forbidden: false,
        untidy_sheets: false,
        odd_lines: false,
    };

    /// Every second oddity, chosen by a seed.
    pub fn random(seed: u64) -> Self {
        let mut dice = crate::dice::Dice::new(seed);
        let mut toss = || dice.chance(500);
        Self {
            finer_amounts: toss(),
            float_junk: toss(),
            rfc3339_event_times: toss(),
            no_event_pagination: toss(),
            events_display_name: toss(),
            events_of_2025: toss(),
            unknown_values: toss(),
            extra_fields: toss(),
            stray_tokens: toss(),
            duplicate_lines: toss(),
            flex: toss(),
            scoped_me_forbidden: toss(),
            untidy_sheets: toss(),
            odd_lines: toss(),
        }
    }
}

impl WorldConfig {
    /// Three people, four days in October 2026, every vendor: for simulations by the thousand.
    pub fn small(seed: u64) -> Self {
        Self {
            events_per_person_day: 6,
            ..Self::company(seed, 3, jiff::civil::date(2026, 10, 5), jiff::civil::date(2026, 10, 8))
        }
    }

    /// A believable company over a period, both days included.
    pub fn company(seed: u64, people: u32, first_day: Date, last_day: Date) -> Self {
        Self {
            seed,
            people: people.max(1),
            first_day,
            last_day: last_day.max(first_day),
            console: true,
            enterprise: true,
            cursor: true,
            sheets: true,
            analytics: true,
            enterprise_analytics: true,
            events_per_person_day: 24,
            cursor_events: None,
            anthropic_rows: 0,
            cursor_cycle_day: 12,
            quirks: Quirks::default(),
        }
    }

    /// A world for measuring: so many Cursor events and Anthropic cost rows, spread over days that end 2026-10-31.
    pub fn bench(events: u64, anthropic_rows: u32, days: u32) -> Self {
        let last_day = jiff::civil::date(2026, 10, 31);
        let back = Span::new().days(i64::from(days.max(1)) - 1);
        let first_day = last_day.checked_sub(back).unwrap_or(last_day);
        Self {
            cursor_events: Some(events),
            anthropic_rows,
            enterprise: false,
            ..Self::company(1, 200, first_day, last_day)
        }
    }

    /// Days from the first to the last.
    pub fn days(&self) -> u32 {
        let span = self.last_day.since((Unit::Day, self.first_day));
        span.map_or(1, |span| u32::try_from(span.get_days()).unwrap_or(0) + 1)
    }
}
