//! When the running billing cycle began.

use aispend_model::moment_from_micros;
use jiff::civil::Date;

use super::json::{Digits, object};

object! {
    /// The one member of the answer that is about the cycle.
    Spend { "subscriptionCycleStart" => cycle_start: Digits<'a>, } leaves []
}

/// The UTC day the cycle of a `/teams/spend` answer began; `None` where it does not say.
pub fn cycle_start(body: &[u8]) -> Option<Date> {
    let spend: Spend = serde_json::from_slice(body).ok()?;
    let (day, _) = moment_from_micros(spend.cycle_start?.moment()?).ok()?;
    Some(day)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_cycle_is_read_from_a_spend_answer() {
        assert_eq!(cycle_start(br#"{"subscriptionCycleStart":1790812800000}"#), Some(date(2026, 10, 1)));
        let text = br#"{"subscriptionCycleStart":"1790812800000"}"#;
        assert_eq!(cycle_start(text), Some(date(2026, 10, 1)));
        let text = br#"{"subscriptionCycleStart":"2026-10-01T00:00:00Z"}"#;
        assert_eq!(cycle_start(text), Some(date(2026, 10, 1)));
        assert_eq!(cycle_start(b"{}"), None);
        assert_eq!(cycle_start(b"<html>"), None);
    }
}
