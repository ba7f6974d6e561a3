//! The unit that is fetched, judged, replaced, counted and parked.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::day::{moment_from_micros, parse_day};
use crate::feed::{Feed, UnknownFeed, Vendor};

/// One feed, one organisation, one UTC day (or `all` for a snapshot).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slice {
    /// Which stream.
    pub feed: Feed,
    /// The vendor's own id of the organisation; `cursor` or a configured name; `sheets`.
    pub org_id: String,
    /// The day, `None` for a snapshot.
    pub day: Option<Date>,
}

/// Why a text or message names no slice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SliceError {
    /// The feed is none of ours.
    #[error(transparent)]
    Feed(#[from] UnknownFeed),
    /// Not feed, organisation and day with two bars between.
    #[error("`{0}` is not a slice key (feed|organisation|day)")]
    Shape(String),
}

impl Slice {
    /// A day of a daily feed.
    pub fn of_day(feed: Feed, org_id: impl Into<String>, day: Date) -> Self {
        Self { feed, org_id: org_id.into(), day: Some(day) }
    }

    /// The snapshot of a feed.
    pub fn all(feed: Feed, org_id: impl Into<String>) -> Self {
        Self { feed, org_id: org_id.into(), day: None }
    }

    /// Stored on every row: deletes go by it alone.
    pub fn key(&self) -> String {
        self.to_string()
    }

    /// Whom to ask.
    pub const fn vendor(&self) -> Vendor {
        self.feed.vendor()
    }
}

/// `anthropic/cost|org-id|2026-10-05`, or `…|all`.
impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.day {
            Some(day) => write!(f, "{}|{}|{day}", self.feed, self.org_id),
            None => write!(f, "{}|{}|all", self.feed, self.org_id),
        }
    }
}

impl FromStr for Slice {
    type Err = SliceError;
    fn from_str(text: &str) -> Result<Self, SliceError> {
        let shape = || SliceError::Shape(text.to_owned());
        let (feed, rest) = text.split_once('|').ok_or_else(shape)?;
        let (org_id, day) = rest.rsplit_once('|').ok_or_else(shape)?;
        let day = if day == "all" { None } else { Some(parse_day(day).map_err(|_| shape())?) };
        Ok(Self { feed: feed.parse()?, org_id: org_id.to_owned(), day })
    }
}

/// When a slice was observed: UTC microseconds, taken before its first request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub i64);

impl Generation {
    /// The generation for an observation that starts now: never at or below the last one issued for that slice.
    #[must_use]
    pub fn next(now: Timestamp, last: Option<Generation>) -> Self {
        let now = now.as_microsecond();
        Self(last.map_or(now, |last| now.max(last.0.saturating_add(1))))
    }

    /// The UTC day of the observation.
    pub fn day(self) -> Option<Date> {
        moment_from_micros(self.0).ok().map(|(day, _)| day)
    }
}

/// Which of two readings of a slice is the newer: observation first, then re-reading, then reader.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Order {
    /// When the vendor was asked.
    pub generation: Generation,
    /// Which reading of the same documents.
    pub revision: u32,
    /// Which reader read them.
    pub reader_version: u32,
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_key_reads_back_even_with_bars_in_the_organisation() {
        for slice in [
            Slice::of_day(Feed::AnthropicCost, "7c1d", date(2026, 10, 5)),
            Slice::all(Feed::SheetPeople, "sheets"),
            Slice::all(Feed::CursorMembers, "a|b"),
        ] {
            assert_eq!(slice.key().parse::<Slice>().unwrap(), slice);
        }
        assert!("anthropic/cost".parse::<Slice>().is_err());
    }

    #[test]
    fn a_generation_never_goes_back_even_when_the_clock_does() {
        let now = Timestamp::from_microsecond(1_000).unwrap();
        assert_eq!(Generation::next(now, None), Generation(1_000));
        assert_eq!(Generation::next(now, Some(Generation(5_000))), Generation(5_001));
        assert_eq!(Generation::next(now, Some(Generation(10))), Generation(1_000));
    }

    #[test]
    fn a_newer_observation_beats_any_revision_of_an_older_one() {
        let order = |generation, revision, reader_version| Order {
            generation: Generation(generation),
            revision,
            reader_version,
        };
        assert!(order(2, 0, 1) > order(1, 9, 9));
        assert!(order(1, 1, 1) > order(1, 0, 9));
        assert!(order(1, 0, 2) > order(1, 0, 1));
    }
}
