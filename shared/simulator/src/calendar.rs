//! Days as numbers: all the vendors' days are UTC days, counted here from 1970-01-01.

use jiff::civil::{Date, date};
use jiff::{Span, Timestamp, Unit};

/// Seconds of a day.
pub const DAY_SECONDS: i64 = 86_400;
/// Milliseconds of a day.
pub const DAY_MILLIS: i64 = 86_400_000;

const EPOCH: Date = date(1970, 1, 1);

/// The number of a day.
pub fn number_of(day: Date) -> i32 {
    day.since((Unit::Day, EPOCH)).map_or(0, |span| span.get_days())
}

/// The day of a number.
pub fn date_of(number: i32) -> Date {
    EPOCH.checked_add(Span::new().days(number)).unwrap_or(EPOCH)
}

/// The day a moment lies in, as a number.
pub const fn day_of_second(second: i64) -> i32 {
    second.div_euclid(DAY_SECONDS) as i32
}

/// The first second of a day.
pub const fn midnight(number: i32) -> i64 {
    number as i64 * DAY_SECONDS
}

/// A second as RFC 3339 with `Z`.
pub fn rfc3339(second: i64) -> String {
    Timestamp::from_second(second).map_or_else(|_| String::new(), |moment| moment.to_string())
}

/// When the analytics endpoints were last refreshed: every four hours. What came later is not there yet.
pub fn refreshed(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second().div_euclid(14_400) * 14_400).unwrap_or(now)
}

/// Whether the day is a Saturday or a Sunday.
pub const fn is_weekend(number: i32) -> bool {
    // 1970-01-01 was a Thursday.
    matches!((number + 3).rem_euclid(7), 5 | 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_days_are_the_same_thing() {
        let day = date(2026, 10, 5);
        assert_eq!(date_of(number_of(day)), day);
        assert_eq!(midnight(number_of(day)) * 1000, 1_791_158_400_000);
        assert_eq!(rfc3339(midnight(number_of(day))), "2026-10-05T00:00:00Z");
        assert!(!is_weekend(number_of(day)));
        assert!(is_weekend(number_of(day) - 1));
    }
}
