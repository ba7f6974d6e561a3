//! What a test may choose about the server it starts.

use std::sync::Arc;

use jiff::civil::{Date, date};
use serde_json::Value;

/// Runs the SQL a query comes to: the names of its columns and its rows, or the database's complaint.
///
/// Values stand in it as literals, text in single quotes with an inner quote doubled.
pub type Answers = Arc<dyn Fn(&str) -> Result<(Vec<String>, Vec<Vec<Value>>), String> + Send + Sync>;

/// The version a server says it is, which also decides how it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// The long-term support line.
    V0_64,
    /// The newest stable one.
    V0_65,
    /// Any other tag, such as `v0.62.3.1`. One that cannot be read counts as newer than all others.
    Tag(String),
}

impl Version {
    /// As `GET /api/session/properties` says it.
    pub fn tag(&self) -> &str {
        match self {
            Self::V0_64 => "v0.64.6.1",
            Self::V0_65 => "v0.65.4.1",
            Self::Tag(tag) => tag,
        }
    }

    /// The second number of the tag.
    pub(crate) fn major(&self) -> u32 {
        let number = |part: &str| part.parse::<u32>().ok();
        self.tag().split('.').nth(1).and_then(number).unwrap_or(u32::MAX)
    }
}

/// A table, or a view, that a sync finds.
#[derive(Clone, Debug)]
pub struct Table {
    /// The dataset.
    pub schema: String,
    pub name: String,
    pub columns: Vec<Column>,
}

/// A column of a [`Table`].
#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    /// As Metabase calls it: `type/Date`, `type/Text`, `type/Decimal`.
    pub base_type: String,
}

/// How a server starts, and what it finds in its database.
#[derive(Clone)]
pub struct Options {
    pub version: Version,
    /// So many calls of `/api/health` answer that it still initializes.
    pub initializing_calls: usize,
    /// So many calls of `/api/session/properties` after that lose their connection.
    pub reset_window: usize,
    /// A sync is done after so many looks at the database.
    pub sync_polls: usize,
    pub setup_token: String,
    /// The search index is so many writes behind.
    pub search_lag: usize,
    /// What a query gives. Without it each gives one row of the column `answer` that says 1.
    pub answers: Option<Answers>,
    /// What the relative dates in a filter count from.
    pub today: Date,
    /// What a sync finds. With none, any dataset filter matches.
    pub tables: Vec<Table>,
    /// Whether a mail server is set from the start.
    pub email_configured: bool,
    /// Settings that the environment holds fast, with their values.
    pub fixed_settings: Vec<(String, Value)>,
    /// Whether it is licensed for the rights that cost money, downloads by group among them.
    pub advanced_permissions: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            version: Version::V0_64,
            initializing_calls: 0,
            reset_window: 0,
            sync_polls: 2,
            setup_token: "3f0a6c1e-1b7e-4f1e-9d43-6a9b1e7a0c55".to_owned(),
            search_lag: 1,
            answers: None,
            today: date(2026, 11, 15),
            tables: Vec::new(),
            email_configured: false,
            fixed_settings: Vec::new(),
            advanced_permissions: false,
        }
    }
}
