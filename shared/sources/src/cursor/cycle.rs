//! When the running billing cycle began.

use aispend_model::moment_from_micros;
use jiff::civil::Date;
use serde::Deserialize;

#[derive(Deserialize)]
struct Spend {
    #[serde(rename = "subscriptionCycleStart")]
    cycle_start_millis: Option<i64>,
}

/// The UTC day the cycle of a `/teams/spend` answer began; `None` where it does not say.
pub fn cycle_start(body: &[u8]) -> Option<Date> {
    let spend: Spend = serde_json::from_slice(body).ok()?;
    let (day, _) = moment_from_micros(spend.cycle_start_millis?.checked_mul(1_000)?).ok()?;
    Some(day)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_cycle_is_read_from_a_spend_answer() {
        assert_eq!(cycle_start(br#"{"subscriptionCycleStart":1790812800000}"#), Some(date(2026, 10, 1)));
        assert_eq!(cycle_start(b"{}"), None);
        assert_eq!(cycle_start(b"<html>"), None);
    }
}
