//! What the doctor found: the same for the screen and for `--json`.

use aispend_model::{Feed, Vendor};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// How good or bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Good to know; nothing to do.
    Note,
    /// As it should be.
    Ok,
    /// It works, but somebody should look.
    Warn,
    /// Something is not read, or not to be trusted.
    Fail,
}

/// One finding. A warning and a failure name the remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// How bad.
    pub status: Status,
    /// What was looked at: a setting, a feed, a tab, a folder.
    pub subject: String,
    /// What was found, one line; the vendor's own words where it refused.
    pub says: String,
    /// From a short list, empty where nothing is wrong: `wrong_key`, `missing_scope`, `plan`, `expired_key`,
    /// `ip_not_allowed`, `rate_limit`, `no_answer` …
    pub reason: &'static str,
    /// What to do; empty where there is nothing to do.
    pub remedy: String,
    /// Of the answer, where one came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
}

impl Check {
    /// As it should be.
    pub fn ok(subject: impl Into<String>, says: impl Into<String>) -> Self {
        Self {
            status: Status::Ok,
            subject: subject.into(),
            says: says.into(),
            reason: "",
            remedy: String::new(),
            http_status: None,
        }
    }

    /// Good to know.
    pub fn note(subject: impl Into<String>, says: impl Into<String>) -> Self {
        Self { status: Status::Note, ..Self::ok(subject, says) }
    }

    /// Somebody should look.
    pub fn warn(
        subject: impl Into<String>,
        reason: &'static str,
        says: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { status: Status::Warn, reason, remedy: remedy.into(), ..Self::ok(subject, says) }
    }

    /// Something is not read, or not to be trusted.
    pub fn fail(
        subject: impl Into<String>,
        reason: &'static str,
        says: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { status: Status::Fail, ..Self::warn(subject, reason, says, remedy) }
    }

    /// About another subject.
    #[must_use]
    pub fn about(self, subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), ..self }
    }
}

/// What a key turned out to be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A Claude Console organisation.
    Console,
    /// A claude.ai Enterprise organisation.
    Enterprise,
    /// A Cursor team.
    CursorTeam,
    /// It did not come to an answer.
    Unknown,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyReport {
    /// The key as a whole; its subject is the setting that holds it.
    #[serde(flatten)]
    pub check: Check,
    /// Whose.
    #[serde(serialize_with = "vendor")]
    pub vendor: Vendor,
    /// Of what.
    pub kind: Kind,
    /// The vendor's own id; a configured name for Cursor.
    pub org_id: String,
    /// Empty where the vendor does not say.
    pub org_name: String,
    /// Which cost API will be used, where the key reads one: `analytics`, `analytics_enterprise`, `legacy` or
    /// `enterprise_reports`.
    pub cost_api: Option<&'static str>,
    /// Which feeds answer.
    pub feeds: Vec<FeedReport>,
}

/// One feed of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedReport {
    /// Its subject is the feed.
    #[serde(flatten)]
    pub check: Check,
    /// Days after which a day is no longer read again; `None` where a feed is read whole.
    pub re_read_days: Option<i64>,
}

/// One sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SheetReport {
    /// Its subject is the tab or file.
    #[serde(flatten)]
    pub check: Check,
    /// Which.
    #[serde(serialize_with = "feed")]
    pub feed: Feed,
    /// Rows below the header; `None` where it is not in use or could not be read.
    pub rows: Option<u64>,
    /// Rows that a check refuses.
    pub rejected: u64,
}

/// Keys, sheets and the clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// When.
    pub checked_at: Timestamp,
    /// Every key, in the order of the settings.
    pub keys: Vec<KeyReport>,
    /// Every sheet.
    pub sheets: Vec<SheetReport>,
    /// This machine's clock against the vendors'.
    pub clock: Check,
    /// Seconds this machine's clock is ahead (behind: negative), as far as it can be told; `None` where no vendor said.
    pub clock_ahead_seconds: Option<i64>,
    /// What the tables will lack, and why.
    pub missing: Vec<Check>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn vendor<S: Serializer>(vendor: &Vendor, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(vendor.as_str())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn feed<S: Serializer>(feed: &Feed, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(feed.as_str())
}
