//! Days and moments, all UTC. A day travels as days since 1970-01-01, a moment as microseconds.

use jiff::Timestamp;
use jiff::civil::{Date, date};

const EPOCH: Date = date(1970, 1, 1);

/// Why a text or a number is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a day (YYYY-MM-DD)")]
pub struct DayError(String);

/// Days since 1970-01-01.
pub fn day_number(day: Date) -> i32 {
    // Every civil date of jiff lies within ±10,000 years: far inside i32.
    EPOCH.until(day).map_or(0, |span| span.get_days())
}

/// The day that many days after 1970-01-01.
///
/// # Errors
/// Outside the years -9999 to 9999.
pub fn day_from_number(number: i32) -> Result<Date, DayError> {
    EPOCH
        .checked_add(jiff::Span::new().try_days(number).map_err(|_| DayError(number.to_string()))?)
        .map_err(|_| DayError(number.to_string()))
}

/// Reads `2026-10-05`, or the day of an RFC 3339 moment such as `2026-10-05T00:00:00Z`.
///
/// # Errors
/// When the text is neither.
pub fn parse_day(text: &str) -> Result<Date, DayError> {
    let text = text.trim();
    let wrong = || DayError(text.chars().take(40).collect());
    if text.len() <= 10 {
        return text.parse().map_err(|_| wrong());
    }
    let moment: Timestamp = text.parse().map_err(|_| wrong())?;
    Ok(moment.to_zoned(jiff::tz::TimeZone::UTC).date())
}

/// Reads an RFC 3339 moment into microseconds since 1970.
///
/// # Errors
/// When the text is no moment.
pub fn parse_moment(text: &str) -> Result<i64, DayError> {
    text.trim()
        .parse::<Timestamp>()
        .map(Timestamp::as_microsecond)
        .map_err(|_| DayError(text.chars().take(40).collect()))
}

/// The UTC day a moment falls on, and the moment.
///
/// # Errors
/// Outside the years -9999 to 9999.
pub fn moment_from_micros(micros: i64) -> Result<(Date, Timestamp), DayError> {
    let moment = Timestamp::from_microsecond(micros).map_err(|_| DayError(micros.to_string()))?;
    Ok((moment.to_zoned(jiff::tz::TimeZone::UTC).date(), moment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_from_1970_and_back() {
        for (day, number) in [(date(1970, 1, 1), 0), (date(2026, 10, 5), 20_731), (date(1969, 12, 31), -1)] {
            assert_eq!(day_number(day), number);
            assert_eq!(day_from_number(number).unwrap(), day);
        }
    }

    #[test]
    fn a_day_is_read_from_a_day_or_a_moment_in_utc() {
        assert_eq!(parse_day("2026-10-05").unwrap(), date(2026, 10, 5));
        assert_eq!(parse_day("2026-10-05T00:00:00Z").unwrap(), date(2026, 10, 5));
        assert_eq!(parse_day("2026-10-04T23:30:00-02:00").unwrap(), date(2026, 10, 5));
        assert!(parse_day("05/10/2026").is_err());
    }
}
