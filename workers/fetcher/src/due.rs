//! Which days a daily feed still has to be asked for.

use std::collections::HashMap;

use aispend_model::{Feed, Slice};
use aispend_ports::{LedgerLine, SliceOutcome};
use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::settings::re_read_days;

/// The analytics endpoints know nothing earlier.
pub const ANALYTICS_BEGIN: Date = date(2026, 1, 1);
/// Nor anything older than this.
pub const ANALYTICS_REACH_DAYS: i64 = 365;

/// The first day of the first month a warehouse begins with: twelve months ago.
pub fn default_start(today: Date) -> Date {
    today.first_of_month().saturating_sub(12.months())
}

/// The first day the analytics endpoints can still be asked for.
pub fn analytics_horizon(today: Date) -> Date {
    today.saturating_sub(ANALYTICS_REACH_DAYS.days()).max(ANALYTICS_BEGIN)
}

/// What is known when due days are counted.
pub struct Known<'a> {
    /// The newest line of each slice.
    pub ledger: &'a HashMap<Slice, LedgerLine>,
    /// The UTC day of the trigger. It is not over, and never read as a day.
    pub today: Date,
    /// When the running Cursor cycle of each team began, where known.
    pub cursor_cycle_starts: &'a HashMap<String, Date>,
}

/// True until the ledger holds an observation made at least the re-read window after the day's end. The window is a
/// minimum, never a horizon: a machine that was off for a month catches up.
pub fn is_due(known: &Known<'_>, slice: &Slice, source: &str) -> bool {
    let Some(day) = slice.day else { return true };
    if day >= known.today {
        return false;
    }
    let Some(line) = known.ledger.get(slice) else { return true };
    // What one endpoint family does not have, another may.
    if line.outcome == SliceOutcome::Unavailable && line.source != source {
        return true;
    }
    let Some(observed) = line.order.generation.day() else { return true };
    // Seen by a clock that was ahead: who knows when.
    if observed > known.today {
        return true;
    }
    let settled_from = day.saturating_add((1 + re_read_days(slice.feed, source)).days());
    observed < settled_from
        || is_month_end_read(known, slice, day, observed)
        || is_cycle_end_read(known, slice, day, observed)
}

/// On days 1 to 5 the costs of the whole month before are read once more.
fn is_month_end_read(known: &Known<'_>, slice: &Slice, day: Date, observed: Date) -> bool {
    let this_month = known.today.first_of_month();
    slice.feed == Feed::AnthropicCost
        && known.today.day() <= 5
        && day >= this_month.saturating_sub(1.months())
        && day < this_month
        && observed < this_month
}

/// The Cursor cycle that ended last is read once more, however long ago: a snapshot tells of its end only after the run
/// that took it.
fn is_cycle_end_read(known: &Known<'_>, slice: &Slice, day: Date, observed: Date) -> bool {
    let Some(cycle) = known.cursor_cycle_starts.get(&slice.org_id).copied() else { return false };
    slice.feed == Feed::CursorUsageEvents
        && known.today >= cycle
        && day < cycle
        && day >= cycle.saturating_sub(1.months())
        && observed < cycle
}

#[cfg(test)]
mod tests {
    use aispend_model::{Generation, Order};
    use aispend_ports::SliceOutcome;
    use aispend_proto::TableSums;
    use jiff::Timestamp;

    use super::*;

    fn observed(slice: &Slice, on: Date) -> HashMap<Slice, LedgerLine> {
        let moment = on.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
        let line = LedgerLine {
            slice: slice.clone(),
            order: Order { generation: Generation(moment.as_microsecond()), revision: 0, reader_version: 1 },
            run_id: String::new(),
            source: String::new(),
            outcome: SliceOutcome::Complete,
            loaded: TableSums::default(),
            content_hash: Vec::new(),
            documents: Vec::new(),
            context: Vec::new(),
            context_digest: String::new(),
            loaded_at: Timestamp::UNIX_EPOCH,
        };
        HashMap::from([(slice.clone(), line)])
    }

    fn due(feed: Feed, source: &str, day: Date, observed_on: Option<Date>, today: Date) -> bool {
        let slice = Slice::of_day(feed, "org", day);
        let ledger = observed_on.map(|on| observed(&slice, on)).unwrap_or_default();
        is_due(&Known { ledger: &ledger, today, cursor_cycle_starts: &HashMap::new() }, &slice, source)
    }

    #[test]
    fn a_day_is_due_until_it_was_seen_after_its_window() {
        let day = date(2026, 10, 5);
        let (cursor, cost) = (Feed::CursorDailyUsage, Feed::AnthropicCost);
        for (feed, source, seen, today, expected) in [
            (cursor, "", None, date(2026, 10, 6), true),
            (cursor, "", None, date(2026, 10, 5), false),
            (cursor, "", Some(date(2026, 10, 12)), date(2026, 10, 13), true),
            (cursor, "", Some(date(2026, 10, 13)), date(2026, 10, 14), false),
            (cost, "legacy", Some(date(2026, 10, 13)), date(2026, 10, 14), false),
            (cost, "analytics", Some(date(2026, 10, 13)), date(2026, 10, 14), true),
            (cost, "analytics", Some(date(2026, 11, 5)), date(2026, 11, 10), false),
        ] {
            assert_eq!(due(feed, source, day, seen, today), expected, "{feed} {seen:?} {today}");
        }
    }

    #[test]
    fn a_day_seen_by_a_clock_that_was_ahead_is_due() {
        let (day, ahead) = (date(2026, 10, 5), Some(date(2027, 10, 14)));
        assert!(due(Feed::CursorDailyUsage, "", day, ahead, date(2026, 10, 15)));
    }

    #[test]
    fn a_machine_that_was_off_for_months_catches_up() {
        assert!(due(Feed::CursorDailyUsage, "", date(2026, 6, 1), None, date(2026, 11, 22)));
    }

    #[test]
    fn the_month_before_is_read_once_more_on_the_first_days() {
        let day = date(2026, 10, 3);
        let seen = Some(date(2026, 10, 20));
        assert!(!due(Feed::AnthropicCost, "legacy", day, seen, date(2026, 10, 31)));
        assert!(due(Feed::AnthropicCost, "legacy", day, seen, date(2026, 11, 1)));
        assert!(!due(Feed::AnthropicCost, "legacy", day, Some(date(2026, 11, 1)), date(2026, 11, 2)));
        assert!(!due(Feed::AnthropicCost, "legacy", day, seen, date(2026, 11, 6)));
    }

    #[test]
    fn the_cycle_that_just_ended_is_read_once_more() {
        let slice = Slice::of_day(Feed::CursorUsageEvents, "cursor", date(2026, 10, 20));
        let ledger = observed(&slice, date(2026, 11, 1));
        let cycles = HashMap::from([("cursor".to_owned(), date(2026, 11, 15))]);
        let at = |today| is_due(&Known { ledger: &ledger, today, cursor_cycle_starts: &cycles }, &slice, "");
        assert_eq!([date(2026, 11, 14), date(2026, 11, 15), date(2026, 12, 2)].map(at), [false, true, true]);
        let ledger = observed(&slice, date(2026, 11, 15));
        let known = Known { ledger: &ledger, today: date(2026, 11, 16), cursor_cycle_starts: &cycles };
        assert!(!is_due(&known, &slice, ""));
    }

    #[test]
    fn a_warehouse_begins_twelve_months_ago() {
        assert_eq!(default_start(date(2026, 11, 22)), date(2025, 11, 1));
        assert_eq!(analytics_horizon(date(2026, 11, 22)), date(2026, 1, 1));
        assert_eq!(analytics_horizon(date(2027, 6, 1)), date(2026, 6, 1));
    }
}
