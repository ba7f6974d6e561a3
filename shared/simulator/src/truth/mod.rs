//! The ground truth: what the tables must add up to, computed from the facts and never from what endpoints say.
//!
//! Where the contract leaves room, the truth reads it so:
//!
//! - An amount is rounded once per line as reported, and each legacy line is split over keys for itself, also when
//!   another line looks the same. Ties go to the smaller key id.
//! - Seats: a month's price is shared by the days from `cycle_day` to the day before the next, a year's price by the
//!   days of the calendar year; what does not divide goes to the first days. Both ends of a validity belong to it.
//! - A Cursor event is billed when `isChargeable` says so, or, where that is missing, when its kind is usage-based;
//!   otherwise it is included, unless it errored or was aborted. A service account goes before an address.
//! - Analytics know what happened up to the last full four hours, the legacy reports what happened up to now.

mod allocation;
mod claude;
mod code;
mod cursor;
mod directory;
mod rows;
mod seats;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::calendar::{date_of, number_of};
use crate::facts::World;
pub use rows::{
    ApiUsage, Billed, ClaudeExpense, ClaudeUsage, CodeModel, CodeRecord, CursorExpense, CursorUsage, Invoice,
    Key, Mapping, Person, Subscription, UsageCredit,
};

/// Which endpoints the money of an organisation is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Generation {
    /// The beta: `analytics/cost` and `analytics/usage`.
    Analytics,
    /// `cost_report` and `usage_report/messages` on the Console organisation, with allocation to keys; the
    /// bucketed and per-user reports on the Enterprise one.
    Legacy,
}

/// What part of the truth is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// When the vendors are asked: later facts are not visible. Seats are counted up to the day before.
    pub now: Timestamp,
    /// How the Console organisation's money is read.
    pub console: Generation,
    /// How the Enterprise organisation's money is read.
    pub enterprise: Generation,
}

/// Everything that is true of a period.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Truth {
    /// All Claude money except seats.
    pub claude_expenses: Vec<ClaudeExpense>,
    /// The part of it whose platform is `claude_api`, by key, with its tokens.
    pub api_usage_expenses: Vec<ApiUsage>,
    /// The Claude Code records with their models.
    pub claude_code_usage_stats: Vec<CodeRecord>,
    /// What people did on claude.ai.
    pub claude_usage_stats: Vec<ClaudeUsage>,
    /// Cursor's money except seats.
    pub cursor_expenses: Vec<CursorExpense>,
    /// What people did in Cursor, inactive days included.
    pub cursor_usage_stats: Vec<CursorUsage>,
    /// Seats of both vendors, a row per person and day.
    pub subscriptions: Vec<Subscription>,
    /// Who is in which team.
    pub people: Vec<Person>,
    /// Every key, and whom it belongs to.
    pub keys: Vec<Key>,
}

impl Truth {
    /// Adds the amounts of rows up by any key, leaving out what comes to nothing.
    pub fn total_by<R: Billed, K: Ord>(rows: &[R], key: impl Fn(&R) -> K) -> BTreeMap<K, i128> {
        let mut totals = BTreeMap::new();
        for row in rows {
            *totals.entry(key(row)).or_insert(0) += row.nano();
        }
        totals.retain(|_, total| *total != 0);
        totals
    }

    /// Adds the amounts of rows up.
    pub fn total<R: Billed>(rows: &[R]) -> i128 {
        rows.iter().map(Billed::nano).sum()
    }
}

impl World {
    /// The scope that a run at `now` sees, over all days, the endpoints chosen as this world offers them.
    pub fn scope(&self, now: Timestamp) -> Scope {
        let generation = |open| if open { Generation::Analytics } else { Generation::Legacy };
        Scope {
            from: self.config.first_day,
            to: self.config.last_day,
            now,
            console: generation(self.config.analytics),
            enterprise: generation(self.config.enterprise_analytics),
        }
    }

    /// What is true of a period.
    pub fn truth(&self, scope: &Scope) -> Truth {
        let mut truth = Truth::default();
        for day in self.days_between(number_of(scope.from), number_of(scope.to) + 1) {
            match scope.console {
                Generation::Analytics => claude::console_analytics(self, day, scope.now, &mut truth),
                Generation::Legacy => claude::console_legacy(self, day, scope.now, &mut truth),
            }
            match scope.enterprise {
                Generation::Analytics => claude::enterprise_analytics(self, day, scope.now, &mut truth),
                Generation::Legacy => claude::enterprise_legacy(self, day, scope.now, &mut truth),
            }
            code::records(self, day, scope.now, &mut truth.claude_code_usage_stats);
            claude::activity(self, day, scope.now, &mut truth.claude_usage_stats);
            cursor::expenses(self, day, scope.now, &mut truth.cursor_expenses);
            cursor::usage(self, day, scope.now, &mut truth.cursor_usage_stats);
        }
        seats::subscriptions(self, scope, &mut truth.subscriptions);
        directory::people(self, &mut truth.people);
        directory::keys(self, &mut truth.keys);
        truth
    }

    /// The invoices of the whole months: what was billed, as it stood when the invoice was first read.
    pub fn invoices(&self) -> Vec<Invoice> {
        self.invoices.get_or_init(|| seats::invoices(self)).clone()
    }

    fn date(number: i32) -> Date {
        date_of(number)
    }
}
