//! From the words of a date range to days, and from days to words.

use aispend_warehouse::Selection;
use jiff::{Span, ToSpan, civil::Date};

use crate::format::{day, month, short_day};

/// A date range as an address says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Range {
    /// One of `Range::WORDS`.
    Word(&'static str),
    /// Two days, both inclusive.
    Days(Date, Date),
}

/// Why a text is no date range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Neither a word nor two days.
    #[error(
        "`{0}` is no date range: use thismonth, lastmonth, thisquarter, lastquarter, thisyear, past30days~, past3months~, past12months~, or two days such as 2026-10-01~2026-10-31"
    )]
    Unknown(String),
    /// The wrong way round.
    #[error("the range ends before it begins: {0} is after {1}")]
    Backwards(Date, Date),
    /// More than the calendar of the warehouse holds.
    #[error("the range must lie between 1 January 2024 and 31 December 2030")]
    OutOfCalendar,
}

impl Range {
    /// Every word, as an address has it and as people read it.
    pub const WORDS: [(&'static str, &'static str); 8] = [
        ("thismonth", "This month"),
        ("lastmonth", "Last month"),
        ("thisquarter", "This quarter"),
        ("lastquarter", "Last quarter"),
        ("thisyear", "This year"),
        ("past30days~", "Past 30 days and today"),
        ("past3months~", "Past 3 months and this one"),
        ("past12months~", "Past 12 months and this one"),
    ];

    /// Reads a word, or `FROM~TO`.
    ///
    /// # Errors
    /// In words for the person who wrote the address.
    pub fn read(text: &str) -> Result<Self, RangeError> {
        if let Some((word, _)) = Self::WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(Self::Word(word));
        }
        let unknown = || RangeError::Unknown(text.chars().take(40).collect());
        let (from, to) = text.split_once('~').ok_or_else(unknown)?;
        let parse = |text: &str| match text.len() {
            10 => text.parse::<Date>().map_err(|_| unknown()),
            _ => Err(unknown()),
        };
        let (from, to) = (parse(from)?, parse(to)?);
        if from > to {
            return Err(RangeError::Backwards(from, to));
        }
        if from.year() < 2024 || to.year() > 2030 {
            return Err(RangeError::OutOfCalendar);
        }
        Ok(Self::Days(from, to))
    }

    /// As an address has it.
    pub fn text(&self) -> String {
        match self {
            Self::Word(word) => (*word).to_owned(),
            Self::Days(from, to) => format!("{from}~{to}"),
        }
    }

    /// Its first and last day.
    pub fn days(&self, today: Date) -> (Date, Date) {
        let first = today.first_of_month();
        let months_back = |count: i32| first.saturating_sub(count.months());
        let quarter = months_back(i32::from((today.month() - 1) % 3));
        let end_of = |first: Date, months: i32| first.saturating_add(months.months()).saturating_sub(1.day());
        match self {
            Self::Days(from, to) => (*from, *to),
            Self::Word(word) => match *word {
                "lastmonth" => (months_back(1), end_of(months_back(1), 1)),
                "thisquarter" => (quarter, end_of(quarter, 3)),
                "lastquarter" => {
                    let before = quarter.saturating_sub(3.months());
                    (before, end_of(before, 3))
                }
                "thisyear" => {
                    let first = today.first_of_year();
                    (first, end_of(first, 12))
                }
                "past30days~" => (today.saturating_sub(30.days()), today),
                "past3months~" => (months_back(3), end_of(first, 1)),
                "past12months~" => (months_back(12), end_of(first, 1)),
                _ => (first, end_of(first, 1)),
            },
        }
    }
}

/// The selected days against what is loaded: the same days that the word `{{period}}` gives a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The first selected day.
    pub first_day: Date,
    /// The last selected day.
    pub last_day: Date,
    /// The last one of them whose money is complete; before `first_day` where none is.
    pub through_day: Date,
    /// Where the period before begins.
    pub prev_first: Date,
    /// Where it ends, so that like is compared with like.
    pub prev_through: Date,
    /// A whole calendar month is selected.
    pub is_month: bool,
    /// More days are to come.
    pub is_running: bool,
    whole_months: Option<i32>,
}

impl Period {
    /// `complete_through` is the last day whose money is complete, if anything is loaded.
    pub fn of(selection: &Selection, complete_through: Option<Date>) -> Self {
        let Selection { first_day, last_day, today, .. } = *selection;
        let through_day = last_day.min(complete_through.unwrap_or_else(|| today.saturating_sub(1.day())));
        let (before, whole_months) = (first_day.saturating_sub(1.day()), selection.whole_months());
        let prev_through = match whole_months {
            Some(_) if through_day == last_day => before,
            // A day that the earlier month lacks counts as its last.
            Some(months) => before.min(through_day.saturating_sub(months.months())),
            None => through_day.saturating_sub(Span::new().days(selection.days())),
        };
        Self {
            first_day,
            last_day,
            through_day,
            prev_first: selection.prev_first(),
            prev_through,
            is_month: whole_months == Some(1),
            is_running: through_day < last_day,
            whole_months,
        }
    }

    /// `October 2026, to 17 Oct`.
    pub fn words(&self) -> String {
        let title = self.title();
        if !self.is_running {
            title
        } else if self.through_day < self.first_day {
            format!("{title}, no complete day yet")
        } else {
            format!("{title}, to {}", short_day(self.through_day))
        }
    }

    /// `October 2026`, `Q3 2026`, `2026`, `Jul to Oct 2026`, `1 to 17 Oct 2026`.
    pub fn title(&self) -> String {
        title(self.first_day, self.last_day, self.whole_months)
    }

    /// What it is compared with: `same days of September`, `September 2026`, `the 31 days before`.
    pub fn before_words(&self) -> String {
        match self.whole_months {
            None => {
                let days = self.first_day.until(self.last_day).map_or(0, |span| span.get_days()) + 1;
                if days == 1 { "the day before".to_owned() } else { format!("the {days} days before") }
            }
            Some(months) => {
                let end = self.first_day.saturating_sub(1.day());
                let name = if months == 1 && end.year() == self.first_day.year() {
                    end.strftime("%B").to_string()
                } else {
                    title(self.prev_first, end, self.whole_months)
                };
                if self.is_running { format!("same days of {name}") } else { name }
            }
        }
    }
}

fn title(first: Date, last: Date, whole_months: Option<i32>) -> String {
    match whole_months {
        Some(1) => month(first),
        Some(3) if first.month() % 3 == 1 => format!("Q{} {}", (first.month() + 2) / 3, first.year()),
        Some(12) if first.month() == 1 => first.year().to_string(),
        Some(_) if first.year() == last.year() => {
            format!("{} to {}", first.strftime("%b"), last.strftime("%b %Y"))
        }
        Some(_) => format!("{} to {}", first.strftime("%b %Y"), last.strftime("%b %Y")),
        None if first == last => day(first),
        None if first.first_of_month() == last.first_of_month() => {
            format!("{} to {}", first.day(), day(last))
        }
        None if first.year() == last.year() => format!("{} to {}", short_day(first), day(last)),
        None => format!("{} to {}", day(first), day(last)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn period(range: &str, today: Date, complete_through: Option<Date>) -> Period {
        let (first, last) = Range::read(range).unwrap().days(today);
        Period::of(&Selection::of_days(first, last, today), complete_through)
    }

    #[test]
    fn words_become_days() {
        let check = |word: &str, today: Date, first: Date, last: Date| {
            assert_eq!(Range::read(word).unwrap().days(today), (first, last), "{word} on {today}");
        };
        let today = date(2026, 11, 22);
        check("thismonth", today, date(2026, 11, 1), date(2026, 11, 30));
        check("lastmonth", date(2026, 3, 31), date(2026, 2, 1), date(2026, 2, 28));
        check("lastmonth", date(2026, 1, 1), date(2025, 12, 1), date(2025, 12, 31));
        check("thisquarter", today, date(2026, 10, 1), date(2026, 12, 31));
        check("lastquarter", date(2026, 2, 28), date(2025, 10, 1), date(2025, 12, 31));
        check("thisyear", today, date(2026, 1, 1), date(2026, 12, 31));
        check("past30days~", date(2026, 3, 1), date(2026, 1, 30), date(2026, 3, 1));
        check("past3months~", date(2026, 3, 31), date(2025, 12, 1), date(2026, 3, 31));
        check("past12months~", today, date(2025, 11, 1), date(2026, 11, 30));
        check("2024-02-28~2024-03-01", today, date(2024, 2, 28), date(2024, 3, 1));
    }

    #[test]
    fn what_is_no_range_is_refused_in_words() {
        for text in
            ["", "yesterday", "2026-10-01", "2026-13-01~2026-10-31", "2026-02-30~2026-03-01", "~", "a~b"]
        {
            assert!(matches!(Range::read(text), Err(RangeError::Unknown(_))), "{text}");
        }
        assert_eq!(
            Range::read("2026-10-31~2026-10-01").unwrap_err().to_string(),
            "the range ends before it begins: 2026-10-31 is after 2026-10-01"
        );
        assert_eq!(Range::read("0001-01-01~9999-12-31"), Err(RangeError::OutOfCalendar));
    }

    #[test]
    fn a_running_month_is_compared_with_the_same_days_of_the_month_before() {
        // Today, the last complete day, and where the period before ends.
        let check = |today: Date, through: Date, prev_first: Date, prev_through: Date| {
            let period = period("thismonth", today, Some(through));
            assert_eq!((period.prev_first, period.prev_through), (prev_first, prev_through), "{today}");
        };
        // Day 5 and day 31 against a month of 30 days.
        check(date(2026, 10, 6), date(2026, 10, 5), date(2026, 9, 1), date(2026, 9, 5));
        check(date(2026, 10, 31), date(2026, 10, 30), date(2026, 9, 1), date(2026, 9, 30));
        check(date(2026, 10, 31), date(2026, 10, 31), date(2026, 9, 1), date(2026, 9, 30));
        // Against 28 days, and 29 in a leap year.
        check(date(2026, 3, 30), date(2026, 3, 29), date(2026, 2, 1), date(2026, 2, 28));
        check(date(2026, 3, 31), date(2026, 3, 31), date(2026, 2, 1), date(2026, 2, 28));
        check(date(2024, 3, 30), date(2024, 3, 29), date(2024, 2, 1), date(2024, 2, 29));
        // Against 31 days: the last day of a short month stands for the whole month.
        check(
            date(2026, 3, 1).saturating_sub(1.day()),
            date(2026, 2, 28),
            date(2026, 1, 1),
            date(2026, 1, 31),
        );
        check(date(2024, 2, 29), date(2024, 2, 28), date(2024, 1, 1), date(2024, 1, 28));
    }

    #[test]
    fn on_day_one_and_where_a_source_is_late_the_period_says_how_far_it_reaches() {
        let first = period("thismonth", date(2026, 11, 1), Some(date(2026, 10, 31)));
        assert_eq!(first.words(), "November 2026, no complete day yet");
        assert!(first.prev_through < first.prev_first && first.is_running);
        let late = period("thismonth", date(2026, 10, 18), Some(date(2026, 10, 15)));
        assert_eq!(
            (late.words().as_str(), late.prev_through),
            ("October 2026, to 15 Oct", date(2026, 9, 15))
        );
        let nothing_loaded = period("thismonth", date(2026, 10, 18), None);
        assert_eq!(nothing_loaded.through_day, date(2026, 10, 17));
    }

    #[test]
    fn other_ranges_are_compared_with_what_came_before_them() {
        let check = |range: &str, through: Date, words: &str, before: &str, prev: (Date, Date)| {
            let period = period(range, date(2026, 11, 22), Some(through));
            assert_eq!((period.words().as_str(), period.before_words().as_str()), (words, before));
            assert_eq!((period.prev_first, period.prev_through), prev, "{range}");
        };
        let through = date(2026, 11, 21);
        let prev = (date(2026, 7, 1), date(2026, 8, 21));
        check("thisquarter", through, "Q4 2026, to 21 Nov", "same days of Q3 2026", prev);
        let prev = (date(2026, 4, 1), date(2026, 6, 30));
        check("lastquarter", through, "Q3 2026", "Q2 2026", prev);
        let prev = (date(2025, 1, 1), date(2025, 11, 21));
        check("thisyear", through, "2026, to 21 Nov", "same days of 2025", prev);
        let prev = (date(2026, 9, 1), date(2026, 9, 30));
        check("lastmonth", through, "October 2026", "September", prev);
        let prev = (date(2026, 9, 22), date(2026, 10, 21));
        check(
            "past30days~",
            through,
            "23 Oct to 22 Nov 2026, to 21 Nov",
            "the 31 days before",
            (prev.0, prev.1),
        );
        let prev = (date(2026, 10, 6), date(2026, 10, 6));
        check("2026-10-07~2026-10-07", through, "7 Oct 2026", "the day before", prev);
        let january = Range::read("2026-01-01~2026-01-31").unwrap().days(date(2026, 11, 22));
        let january =
            Period::of(&Selection::of_days(january.0, january.1, date(2026, 11, 22)), Some(through));
        assert_eq!(january.before_words(), "December 2025");
    }
}
