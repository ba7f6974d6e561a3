//! What a snapshot says about itself: how far it reaches, how fresh it is, what can be chosen.

use aispend_tables::{Cell, QueryResult};
use jiff::{Timestamp, civil::Date};

use crate::cards::{ReadError, Snapshot};

/// A feed of one organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedState {
    /// Which.
    pub feed: String,
    /// Read by us, not typed by people.
    pub is_automatic: bool,
    /// The newest day that was read after it had ended.
    pub complete_through: Option<Date>,
    /// When it was last read.
    pub observed_at: Option<Timestamp>,
    /// fresh, stale, gaps, never read.
    pub status: String,
}

/// A snapshot's account of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataState {
    /// The snapshot's version.
    pub version: String,
    /// A demo.
    pub is_simulated: bool,
    /// When the newest reading was made.
    pub as_of: Option<Timestamp>,
    /// The last day whose money is complete.
    pub complete_through: Option<Date>,
    /// The first day with money.
    pub first_day: Option<Date>,
    /// Every feed.
    pub feeds: Vec<FeedState>,
    /// Teams, in order.
    pub teams: Vec<String>,
    /// E-mail and name, in order of names.
    pub people: Vec<(String, String)>,
    /// Models, in order.
    pub models: Vec<String>,
}

/// The billing feeds, and how far behind the newest one of them may be before it counts as no longer in use: as in the
/// word `{{period}}`.
const MONEY_FEEDS: [&str; 2] = ["anthropic/cost", "cursor/usage-events"];
const LEFT_BEHIND_DAYS: i32 = 35;

const FEEDS: &str = "SELECT f.feed AS feed, f.mode AS mode, f.complete_through AS complete_through, \
    f.observed_at AS observed_at, f.status AS status FROM ai_usage_analytics.vw_freshness AS f \
    ORDER BY f.feed, f.org_id";

const TEAMS: &str = "SELECT DISTINCT s.team AS team FROM ai_usage_analytics.vw_spend_daily AS s \
    WHERE s.team IS NOT NULL ORDER BY team";

const PEOPLE: &str = "SELECT a.user_email AS user_email, MAX(a.display_name) AS display_name FROM (\
    SELECT DISTINCT s.user_email AS user_email, s.display_name AS display_name FROM ai_usage_analytics.vw_spend_daily AS s \
    UNION DISTINCT SELECT DISTINCT u.user_email AS user_email, u.display_name AS display_name \
    FROM ai_usage_analytics.vw_usage_daily AS u) AS a WHERE a.user_email IS NOT NULL \
    GROUP BY a.user_email ORDER BY display_name, user_email";

const MODELS: &str = "SELECT DISTINCT s.model AS model FROM ai_usage_analytics.vw_spend_daily AS s \
    WHERE s.model IS NOT NULL ORDER BY model";

const FIRST_DAY: &str = "SELECT MIN(s.spend_date) AS first_day FROM ai_usage_analytics.vw_spend_daily AS s";

impl DataState {
    /// Asks the snapshot.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn read(snapshot: &dyn Snapshot) -> Result<Self, ReadError> {
        let feeds: Vec<FeedState> = snapshot.query(FEEDS).await?.rows.iter().map(|row| feed(row)).collect();
        let first_day = match snapshot.query(FIRST_DAY).await?.rows.first().and_then(|row| row.first()) {
            Some(Cell::Date(day)) => Some(*day),
            _ => None,
        };
        let people =
            snapshot.query(PEOPLE).await?.rows.iter().map(|row| (text(row, 0), text(row, 1))).collect();
        Ok(Self {
            version: snapshot.version().to_owned(),
            is_simulated: snapshot.is_simulated(),
            as_of: feeds.iter().filter_map(|feed| feed.observed_at).max(),
            complete_through: complete_through(&feeds),
            first_day,
            feeds,
            teams: first_texts(&snapshot.query(TEAMS).await?),
            people,
            models: first_texts(&snapshot.query(MODELS).await?),
        })
    }

    /// Feeds that hold up the figures: what people are told about late sources.
    pub fn late(&self) -> impl Iterator<Item = &FeedState> {
        self.feeds.iter().filter(|feed| feed.is_automatic && feed.status == "stale")
    }
}

fn complete_through(feeds: &[FeedState]) -> Option<Date> {
    let money = || {
        feeds
            .iter()
            .filter(|feed| MONEY_FEEDS.contains(&feed.feed.as_str()))
            .filter_map(|feed| feed.complete_through)
    };
    let newest = money().max()?;
    money().filter(|day| day.until(newest).is_ok_and(|span| span.get_days() <= LEFT_BEHIND_DAYS)).min()
}

fn feed(row: &[Cell]) -> FeedState {
    FeedState {
        feed: text(row, 0),
        is_automatic: text(row, 1) == "automatic",
        complete_through: match row.get(2) {
            Some(Cell::Date(day)) => Some(*day),
            _ => None,
        },
        observed_at: match row.get(3) {
            Some(Cell::Moment(moment)) => Some(*moment),
            _ => None,
        },
        status: text(row, 4),
    }
}

fn text(row: &[Cell], place: usize) -> String {
    row.get(place).map(ToString::to_string).unwrap_or_default()
}

fn first_texts(result: &QueryResult) -> Vec<String> {
    result.rows.iter().map(|row| text(row, 0)).collect()
}
