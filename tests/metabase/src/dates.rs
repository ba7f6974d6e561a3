//! The values of a date filter, as a run of days.

use jiff::{
    ToSpan,
    civil::{Date, date},
};

/// From the first day up to, but not including, the second. An open end is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    pub from: Option<Date>,
    pub until: Option<Date>,
}

/// What a value means, if it is one: a day, a month, a quarter, a range, or words that count from today.
pub fn parse(value: &str, today: Date) -> Option<Days> {
    let value = value.trim();
    if let Some(days) = parse_words(value, today) {
        return Some(days);
    }
    match value.split_once('~') {
        Some((from, to)) => parse_range(from, to),
        None => parse_span(value),
    }
}

fn days(from: Date, until: Date) -> Days {
    Days { from: Some(from), until: Some(until) }
}

fn parse_range(from: &str, to: &str) -> Option<Days> {
    let day = |text: &str| if text.is_empty() { Some(None) } else { parse_day(text).map(Some) };
    let (from, to) = (day(from)?, day(to)?);
    let until = to.map(|day| day.tomorrow().ok()).map_or(Some(None), |until| until.map(Some))?;
    (from.is_some() || until.is_some()).then_some(Days { from, until })
}

/// A day, a month or a quarter.
fn parse_span(value: &str) -> Option<Days> {
    if let Some(day) = parse_day(value) {
        return Some(days(day, day.tomorrow().ok()?));
    }
    if let Some((quarter, year)) = value.strip_prefix('Q').and_then(|rest| rest.split_once('-')) {
        let quarter = quarter.parse::<i8>().ok().filter(|quarter| (1..=4).contains(quarter))?;
        let from = Date::new(year.parse().ok()?, quarter * 3 - 2, 1).ok()?;
        return Some(days(from, from.checked_add(3.months()).ok()?));
    }
    let (year, month) = value.split_once('-')?;
    let from = Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()?;
    Some(days(from, from.checked_add(1.month()).ok()?))
}

fn parse_day(text: &str) -> Option<Date> {
    // A time of day may follow; what counts here is the day.
    let day = text.split('T').next()?;
    if day.len() == 10 { day.parse().ok() } else { None }
}

fn parse_words(value: &str, today: Date) -> Option<Days> {
    let tomorrow = today.tomorrow().ok()?;
    match value {
        "today" => return Some(days(today, tomorrow)),
        "yesterday" => return Some(days(today.yesterday().ok()?, today)),
        _ => {}
    }
    if let Some(unit) = value.strip_prefix("this") {
        let start = start_of(unit, today)?;
        return Some(days(start, add(unit, start, 1)?));
    }
    if let Some(unit) = value.strip_prefix("last") {
        let start = start_of(unit, today)?;
        return Some(days(add(unit, start, -1)?, start));
    }
    let (rest, with_current) = value.strip_suffix('~').map_or((value, false), |rest| (rest, true));
    let (back, rest) = match rest.strip_prefix("past") {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix("next")?),
    };
    let letters = rest.find(|letter: char| !letter.is_ascii_digit())?;
    let (count, unit) = rest.split_at_checked(letters)?;
    let (count, unit) = (count.parse::<i64>().ok()?, unit.strip_suffix('s').unwrap_or(unit));
    let start = start_of(unit, today)?;
    let next = add(unit, start, 1)?;
    Some(if back {
        days(add(unit, start, -count)?, if with_current { next } else { start })
    } else {
        days(if with_current { start } else { next }, add(unit, next, count)?)
    })
}

/// The first day of the unit that a day lies in. A week starts on Sunday, as it does in Metabase unless told.
fn start_of(unit: &str, day: Date) -> Option<Date> {
    Some(match unit {
        "day" => day,
        "week" => day.checked_sub(i64::from(day.weekday().to_sunday_zero_offset()).days()).ok()?,
        "month" => day.first_of_month(),
        "quarter" => date(day.year(), (day.month() - 1) / 3 * 3 + 1, 1),
        "year" => day.first_of_year(),
        _ => return None,
    })
}

fn add(unit: &str, day: Date, count: i64) -> Option<Date> {
    let span = match unit {
        "day" => count.days(),
        "week" => count.weeks(),
        "month" => count.months(),
        "quarter" => count.checked_mul(3)?.months(),
        "year" => count.years(),
        _ => return None,
    };
    day.checked_add(span).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_value_is_a_run_of_days() {
        let today = date(2026, 11, 15);
        let cases = [
            ("2026-01-31", "2026-01-31", "2026-02-01"),
            ("2026-01-01~2026-03-31", "2026-01-01", "2026-04-01"),
            ("2026-01-01~", "2026-01-01", ""),
            ("~2026-03-31", "", "2026-04-01"),
            ("2026-03", "2026-03-01", "2026-04-01"),
            ("Q4-2026", "2026-10-01", "2027-01-01"),
            ("today", "2026-11-15", "2026-11-16"),
            ("yesterday", "2026-11-14", "2026-11-15"),
            ("past30days", "2026-10-16", "2026-11-15"),
            ("past30days~", "2026-10-16", "2026-11-16"),
            ("past12months", "2025-11-01", "2026-11-01"),
            ("past12months~", "2025-11-01", "2026-12-01"),
            ("past1weeks", "2026-11-08", "2026-11-15"),
            ("next2days", "2026-11-16", "2026-11-18"),
            ("thismonth", "2026-11-01", "2026-12-01"),
            ("lastmonth", "2026-10-01", "2026-11-01"),
            ("lastquarter", "2026-07-01", "2026-10-01"),
            ("thisyear", "2026-01-01", "2027-01-01"),
        ];
        for (value, from, until) in cases {
            let text = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
            let found = parse(value, today).unwrap_or_else(|| panic!("{value}"));
            assert_eq!((text(found.from).as_str(), text(found.until).as_str()), (from, until), "{value}");
        }
        for value in ["", "~", "soon", "past days", "Q5-2026", "2026-13", "pastdays", "past3fortnights"] {
            assert_eq!(parse(value, today), None, "{value}");
        }
    }
}
