//! Questions a person has before the first run: whose are these keys, which feeds will answer, what will be missing.
//!
//! The smallest calls there are, over the `Fetch` port; nothing is stored.

mod anthropic;
mod asking;
mod cursor;
mod gaps;
mod question;
mod report;
mod sheets;
mod skew;
mod words;

use aispend_model::Feed;
use aispend_ports::{Archive, Clock, Fetch};

use asking::Asking;
pub use report::{Check, Diagnosis, FeedReport, KeyReport, Kind, SheetReport, Status};

use crate::settings::{FetcherSettings, KeyKind, re_read_days};

/// What the doctor needs.
pub struct Doors<'a> {
    /// Vendors, one try a request: how they answer is the question.
    pub fetch: &'a dyn Fetch,
    /// Where it is remembered which organisation a key was of; read, never written.
    pub archive: Option<&'a dyn Archive>,
    /// Time.
    pub clock: &'a dyn Clock,
    /// What the form of a refused key tells, by its setting, such as that it is one of another kind. Never the key.
    pub hint: &'a (dyn Fn(&str) -> Option<String> + Sync),
    /// The setting of a Cursor team's key, by the team's name in the tables.
    pub cursor_setting: &'a (dyn Fn(&str) -> String + Sync),
}

/// Asks every key and every sheet, within half a minute.
pub async fn examine(settings: &FetcherSettings, doors: &Doors<'_>) -> Diagnosis {
    let asking = Asking::new(doors.fetch, doors.clock);
    let has_enterprise = settings.anthropic.iter().any(|key| key.kind == KeyKind::Analytics);
    let cursor = async {
        let mut reports = Vec::new();
        for team in &settings.cursor {
            reports.push(cursor::team(doors, &asking, team).await);
        }
        reports
    };
    let (mut keys, teams, sheets) = tokio::join!(
        anthropic::keys(settings, doors, &asking),
        cursor,
        sheets::sheets(settings, doors, &asking, has_enterprise)
    );
    keys.extend(teams);
    let ahead = asking.ahead();
    Diagnosis {
        checked_at: doors.clock.now(),
        missing: gaps::gaps(settings, &keys, &sheets),
        clock: skew::check(ahead),
        clock_ahead_seconds: ahead.map(|ahead| ahead.as_secs()),
        keys,
        sheets,
    }
}

/// For how many days a feed's days are read again, and the same in words.
fn reads(feed: Feed) -> (Option<i64>, String) {
    let days = re_read_days(feed, "");
    match feed {
        Feed::CursorSpend => (None, "a snapshot each day, a check and no cost".to_owned()),
        Feed::CursorUsageEvents => {
            (Some(days), format!("read again for {days} days, and once more after a cycle"))
        }
        _ if feed.is_daily() => (Some(days), format!("read again for {days} days")),
        _ => (None, "read whole in every run".to_owned()),
    }
}
