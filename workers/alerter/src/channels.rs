//! Ways to tell somebody of an incident.

mod folder;
mod following;
mod mail;
mod webhook;

use aispend_warehouse::{Audience, Rule};
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::decomposition::Decomposition;
use crate::incident::Incident;
use crate::letter::Letter;

pub use folder::Folder;
pub use following::Following;
pub use mail::{Mail, MailError, Mailboxes};
pub use webhook::Webhook;

/// Why somebody was not told.
#[derive(Debug, thiserror::Error)]
#[error("{channel} did not take the notice: {detail}")]
pub struct ChannelError {
    /// Which way.
    pub channel: &'static str,
    /// What it said; never an address's password.
    pub detail: String,
}

/// What is told.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The same whoever tells it, and however often: `<incident>.open`.
    pub announcement: String,
    /// Who is told.
    pub audience: Audience,
    /// What happened.
    pub incident: Incident,
    /// The rule's title.
    pub title: String,
    /// What a person does about it.
    pub remedy: String,
    /// As a letter.
    pub letter: Letter,
    /// What the change is made of.
    pub change: Option<Decomposition>,
    /// When it is told.
    pub at: Timestamp,
}

impl Notice {
    /// About an incident of a rule.
    pub fn new(
        incident: &Incident,
        rule: &Rule,
        letter: Letter,
        change: Option<Decomposition>,
        at: Timestamp,
    ) -> Self {
        Self {
            announcement: incident.announcement(),
            audience: rule.audience,
            incident: incident.clone(),
            title: rule.title.clone(),
            remedy: rule.remedy.clone(),
            letter,
            change,
            at,
        }
    }

    /// The `Message-ID` of the letter.
    pub fn message_id(&self) -> String {
        format!("{}@aispend", self.announcement)
    }

    /// For a machine. `text` is what chat tools show; `dedup_key` is what pagers tell repetitions by.
    pub fn json(&self) -> Value {
        let breach = &self.incident.breach;
        let change = self.change.as_ref().map(|change| {
            let parts =
                change.parts().into_iter().map(|(name, part)| (name.to_owned(), json!(part.to_string())));
            json!({
                "now_usd": change.now.to_string(), "base_usd": change.base.to_string(),
                "is_per_day": change.is_per_day,
                "parts_usd": parts.collect::<serde_json::Map<String, Value>>(),
            })
        });
        json!({
            "text": self.letter.subject, "summary": self.incident.summary, "dedup_key": self.announcement,
            "incident_id": self.incident.id, "rule": breach.rule, "title": self.title,
            "severity": self.incident.severity, "audience": self.audience.as_str(),
            "state": self.incident.state.as_str(), "subject": breach.subject, "period": breach.period,
            "measured": breach.measured, "limit": breach.limit_value, "amount_usd": breach.amount,
            "baseline_usd": breach.baseline, "since": breach.since.map(|day| day.to_string()),
            "note": breach.note, "link": self.letter.link, "remedy": self.remedy, "change": change,
            "opened_at": self.incident.opened_at.to_string(),
        })
    }
}

/// A way to tell somebody. Told twice, the receiver can tell it is the same.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Its name in incidents and logs.
    fn name(&self) -> &'static str;

    /// Tells. Takes far less than a claim holds.
    ///
    /// # Errors
    /// When the receiver did not take it; it is told at the next check.
    async fn tell(&self, notice: &Notice) -> Result<(), ChannelError>;
}
