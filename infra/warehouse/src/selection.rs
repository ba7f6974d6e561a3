//! What a card is asked for: days and filters, and how an engine's SQL spells them.

use std::fmt::Write as _;

use jiff::{Span, civil::Date};

use crate::{DATASET, Engine, table::double_quote};

/// A filter of the dashboards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Filter {
    /// Which days.
    #[serde(alias = "date_range")]
    Range,
    /// Whose team's.
    Team,
    /// Whose, by e-mail.
    User,
    /// Which platform's, by key.
    Platform,
    /// Which model's.
    Model,
}

impl Filter {
    /// All, in the order people see them.
    pub const ALL: [Self; 5] = [Self::Range, Self::Team, Self::User, Self::Platform, Self::Model];

    /// As in addresses and card files.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Range => "range",
            Self::Team => "team",
            Self::User => "user",
            Self::Platform => "platform",
            Self::Model => "model",
        }
    }

    /// The column of the daily views it looks at; none for the days.
    pub const fn column(self) -> Option<&'static str> {
        match self {
            Self::Range => None,
            Self::Team => Some("team"),
            Self::User => Some("user_email"),
            Self::Platform => Some("platform"),
            Self::Model => Some("model"),
        }
    }
}

/// Days and filters. An empty filter means all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selection {
    /// The first day.
    pub first_day: Date,
    /// The last day, inclusive.
    pub last_day: Date,
    /// The UTC day on which it is asked.
    pub today: Date,
    /// Teams.
    pub team: Vec<String>,
    /// E-mail addresses.
    pub user: Vec<String>,
    /// Platform keys.
    pub platform: Vec<String>,
    /// Models.
    pub model: Vec<String>,
}

/// The billing feeds: money is complete through the day that both of them are.
pub(crate) const MONEY_FEEDS: &str = "'anthropic/cost', 'cursor/usage-events'";

/// A feed that is this many days behind the newest one is no longer in use, and holds nothing up.
pub(crate) const LEFT_BEHIND_DAYS: u32 = 35;

impl Selection {
    /// Days without filters.
    pub const fn of_days(first_day: Date, last_day: Date, today: Date) -> Self {
        Self {
            first_day,
            last_day,
            today,
            team: Vec::new(),
            user: Vec::new(),
            platform: Vec::new(),
            model: Vec::new(),
        }
    }

    /// The chosen values of a filter.
    pub fn values(&self, filter: Filter) -> &[String] {
        match filter {
            Filter::Range => &[],
            Filter::Team => &self.team,
            Filter::User => &self.user,
            Filter::Platform => &self.platform,
            Filter::Model => &self.model,
        }
    }

    /// The same without what a card does not follow.
    #[must_use]
    pub fn keeping(&self, filters: &[Filter]) -> Self {
        let kept = |filter: Filter| {
            if filters.contains(&filter) { self.values(filter).to_vec() } else { Vec::new() }
        };
        Self {
            team: kept(Filter::Team),
            user: kept(Filter::User),
            platform: kept(Filter::Platform),
            model: kept(Filter::Model),
            ..Self::of_days(self.first_day, self.last_day, self.today)
        }
    }

    /// How many calendar months are selected, where the selection is whole months.
    pub fn whole_months(&self) -> Option<i32> {
        let Self { first_day, last_day, .. } = self;
        let is_whole = first_day.day() == 1 && *last_day == last_day.last_of_month() && first_day <= last_day;
        let month_number = |day: &Date| i32::from(day.year()) * 12 + i32::from(day.month());
        is_whole.then(|| month_number(last_day) - month_number(first_day) + 1)
    }

    /// How many days are selected.
    pub fn days(&self) -> i32 {
        self.first_day.until(self.last_day).map_or(0, |span| span.get_days()) + 1
    }

    /// The first day of the period before: as many months before where whole months are selected, else as many days.
    pub fn prev_first(&self) -> Date {
        let back =
            self.whole_months().map_or_else(|| Span::new().days(self.days()), |n| Span::new().months(n));
        self.first_day.saturating_sub(back)
    }

    /// A daily view with the filters.
    pub(crate) fn daily(&self, view: &str, engine: Engine) -> String {
        let mut sql = format!("(SELECT v.* FROM {DATASET}.{view} AS v");
        let mut word = "WHERE";
        for filter in Filter::ALL {
            let (Some(column), values) = (filter.column(), self.values(filter)) else { continue };
            if !values.is_empty() {
                let list = values.iter().map(|value| text(value, engine)).collect::<Vec<_>>().join(", ");
                write!(sql, " {word} v.{column} IN ({list})").expect("a String grows");
                word = "AND";
            }
        }
        sql.push(')');
        sql
    }

    /// One row: the selected days, the day through which the money is complete, and the days to compare with.
    pub(crate) fn period(&self, engine: Engine) -> String {
        let Self { first_day, last_day, today, .. } = self;
        let before = first_day.saturating_sub(Span::new().days(1));
        let yesterday = today.saturating_sub(Span::new().days(1));
        let whole_months = self.whole_months();
        let prev_through = match whole_months {
            // A day that the earlier month lacks counts as its last.
            Some(months) => format!(
                "CASE WHEN r.through_day = r.last_day THEN DATE '{before}' ELSE LEAST({}, DATE '{before}') END",
                earlier("r.through_day", months, "MONTH", engine)
            ),
            None => earlier("r.through_day", self.days(), "DAY", engine),
        };
        format!(
            "(SELECT r.first_day AS first_day, r.last_day AS last_day, r.through_day AS through_day, \
             DATE '{}' AS prev_first, {prev_through} AS prev_through, {} AS is_month, \
             r.through_day < r.last_day AS is_running, DATE '{today}' AS today \
             FROM (SELECT DATE '{first_day}' AS first_day, DATE '{last_day}' AS last_day, \
             LEAST(DATE '{last_day}', COALESCE(MIN(f.complete_through), DATE '{yesterday}')) AS through_day \
             FROM {DATASET}.vw_freshness AS f CROSS JOIN (SELECT MAX(g.complete_through) AS newest \
             FROM {DATASET}.vw_freshness AS g WHERE g.feed IN ({MONEY_FEEDS})) AS n \
             WHERE f.feed IN ({MONEY_FEEDS}) \
             AND UNIX_DATE(n.newest) - UNIX_DATE(f.complete_through) <= {LEFT_BEHIND_DAYS}) AS r)",
            self.prev_first(),
            if whole_months == Some(1) { "TRUE" } else { "FALSE" },
        )
    }
}

/// A day some months or days before another.
fn earlier(day: &str, count: i32, unit: &str, engine: Engine) -> String {
    match engine {
        Engine::DuckDb => format!("CAST({day} - INTERVAL {count} {unit} AS DATE)"),
        Engine::BigQuery => format!("DATE_SUB({day}, INTERVAL {count} {unit})"),
    }
}

/// A text as the engine's SQL spells it, whatever is in it.
pub fn text(value: &str, engine: Engine) -> String {
    match engine {
        // Standard strings: nothing but the quote means anything.
        Engine::DuckDb => format!("'{}'", value.replace('\'', "''").replace('\0', "")),
        Engine::BigQuery => {
            let quoted = double_quote(value);
            let mut spelled = String::with_capacity(quoted.len());
            for letter in quoted.chars() {
                if letter.is_control() {
                    write!(spelled, "\\u{:04x}", u32::from(letter)).expect("a String grows");
                } else {
                    spelled.push(letter);
                }
            }
            spelled
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn october() -> Selection {
        Selection::of_days(date(2026, 10, 1), date(2026, 10, 31), date(2026, 10, 18))
    }

    #[test]
    fn nothing_leaves_its_quotes() {
        let hostile = "x'); DROP TABLE t; --";
        assert_eq!(text(hostile, Engine::DuckDb), "'x''); DROP TABLE t; --'");
        assert_eq!(text("a\"b\\c\nd", Engine::BigQuery), "\"a\\\"b\\\\c\\u000ad\"");
        let selection = Selection { team: vec![hostile.to_owned()], ..october() };
        assert_eq!(
            selection.daily("vw_spend_daily", Engine::DuckDb),
            "(SELECT v.* FROM ai_usage_analytics.vw_spend_daily AS v WHERE v.team IN ('x''); DROP TABLE t; --'))"
        );
    }

    #[test]
    fn filters_are_joined_by_and_and_an_empty_one_means_all() {
        let selection = Selection {
            platform: vec!["cursor".to_owned(), "claude_ai".to_owned()],
            model: vec!["m".to_owned()],
            ..october()
        };
        assert_eq!(
            selection.daily("vw_usage_daily", Engine::BigQuery),
            "(SELECT v.* FROM ai_usage_analytics.vw_usage_daily AS v WHERE v.platform IN (\"cursor\", \"claude_ai\") AND v.model IN (\"m\"))"
        );
        assert_eq!(
            selection.keeping(&[Filter::Range, Filter::Team]).daily("vw_usage_daily", Engine::DuckDb),
            "(SELECT v.* FROM ai_usage_analytics.vw_usage_daily AS v)"
        );
    }

    #[test]
    fn whole_months_are_compared_with_as_many_months_before_and_other_days_with_as_many_days() {
        let check = |first: Date, last: Date, months: Option<i32>, before: Date| {
            let selection = Selection::of_days(first, last, date(2026, 11, 22));
            assert_eq!(
                (selection.whole_months(), selection.prev_first()),
                (months, before),
                "{first} {last}"
            );
        };
        check(date(2026, 3, 1), date(2026, 3, 31), Some(1), date(2026, 2, 1));
        check(date(2026, 7, 1), date(2026, 9, 30), Some(3), date(2026, 4, 1));
        check(date(2026, 1, 1), date(2026, 12, 31), Some(12), date(2025, 1, 1));
        check(date(2024, 2, 1), date(2024, 2, 29), Some(1), date(2024, 1, 1));
        check(date(2026, 10, 1), date(2026, 10, 30), None, date(2026, 9, 1));
        check(date(2026, 10, 5), date(2026, 10, 5), None, date(2026, 10, 4));
    }
}
