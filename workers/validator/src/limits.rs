//! What is still believable. Each limit is a setting.

use aispend_config::Settings;
use aispend_model::{Money, Slice, Vendor};
use aispend_proto::TableSums;

use crate::ValidateError;

const DOLLAR: i128 = 1_000_000_000;

/// The limits of a validator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// A slice with more than this share of its rows or money rejected is parked whole; sheets are exempt.
    pub rejected_percent: u64,
    /// Lines one person can have had changed in a day.
    pub lines_per_day: i64,
    /// Tokens one person can use in a day.
    pub tokens_per_day: i64,
    /// Billed money of one person in a day.
    pub money_per_day: Money,
    /// Money this many times its tokens' list price, or this small a part of it, is of another unit.
    pub magnitude_factor: u32,
    /// Less expected money than this is not compared.
    pub magnitude_least: Money,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rejected_percent: 10,
            lines_per_day: 100_000,
            tokens_per_day: 10_000_000_000,
            money_per_day: Money::from_nanos(2_000 * DOLLAR),
            magnitude_factor: 20,
            magnitude_least: Money::from_nanos(DOLLAR),
        }
    }
}

impl Limits {
    /// As the settings say.
    pub fn of(settings: &Settings) -> Self {
        let dollars = |name| Money::from_nanos(i128::from(settings.count(name)) * DOLLAR);
        Self {
            rejected_percent: u64::from(settings.count("checks.rejected_percent")),
            lines_per_day: i64::from(settings.count("checks.lines_per_person_day")),
            tokens_per_day: i64::from(settings.count("checks.million_tokens_per_person_day")) * 1_000_000,
            money_per_day: dollars("checks.usd_per_person_day"),
            magnitude_factor: settings.count("checks.magnitude_factor"),
            magnitude_least: dollars("checks.magnitude_least_usd"),
        }
    }

    /// Parks a slice that lost too much.
    ///
    /// # Errors
    /// When more than the limit was rejected.
    pub fn check_share(
        &self,
        slice: &Slice,
        read: &TableSums,
        accepted: &TableSums,
    ) -> Result<(), ValidateError> {
        if slice.vendor() == Vendor::Sheets {
            return Ok(());
        }
        let is_over = |all: i128, kept: i128| {
            let lost = all.abs() - kept.abs().min(all.abs());
            lost * 100 > all.abs() * i128::from(self.rejected_percent)
        };
        let rows = is_over(i128::from(read.rows()), i128::from(accepted.rows()));
        if rows || is_over(read.money(), accepted.money()) {
            return Err(ValidateError::TooManyRejected {
                slice_key: slice.key(),
                rejected: read.rows() - accepted.rows().min(read.rows()),
                rows: read.rows(),
                limit_percent: self.rejected_percent,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aispend_config::Sources;
    use aispend_model::Feed;
    use jiff::civil::date;

    use super::*;

    fn slice() -> Slice {
        Slice::of_day(Feed::CursorUsageEvents, "cursor", date(2026, 10, 5))
    }

    #[test]
    fn the_settings_say_the_defaults_unless_they_say_otherwise() {
        let of = |variable: &dyn Fn(&str) -> Option<String>| {
            Limits::of(&Settings::read(&Sources { flags: Vec::new(), variable, file: None }).unwrap())
        };
        assert_eq!(of(&|_| None), Limits::default());
        let all_seven = of(&|name| {
            let is_ours =
                name.contains("PER_PERSON_DAY") || name.contains("MAGNITUDE") || name.contains("REJECTED");
            is_ours.then(|| "7".to_owned())
        });
        let seven = Money::from_nanos(7 * DOLLAR);
        let expected = Limits {
            rejected_percent: 7,
            lines_per_day: 7,
            tokens_per_day: 7_000_000,
            money_per_day: seven,
            magnitude_factor: 7,
            magnitude_least: seven,
        };
        assert_eq!(all_seven, expected);
    }

    #[test]
    fn too_many_rejected_rows_park_the_slice_but_not_a_sheet() {
        let (mut read, mut accepted) = (TableSums::default(), TableSums::default());
        read.add(aispend_proto::Table::ClaudeUsageStats, 10, 0);
        accepted.add(aispend_proto::Table::ClaudeUsageStats, 9, 0);
        let limits = Limits::default();
        assert!(limits.check_share(&slice(), &read, &accepted).is_ok());
        let mut fewer = TableSums::default();
        fewer.add(aispend_proto::Table::ClaudeUsageStats, 8, 0);
        assert!(limits.check_share(&slice(), &read, &fewer).is_err());
        assert!(limits.check_share(&Slice::all(Feed::SheetSeats, "sheets"), &read, &fewer).is_ok());
    }
}
