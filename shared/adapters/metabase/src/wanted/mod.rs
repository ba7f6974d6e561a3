//! What should be in Metabase, from the card files alone. Pure; ids that only the server knows stand as names in braces.

mod access;
mod alert;
mod board;
mod card;
mod letter;

use aispend_warehouse::{Limits, alerts, cards};
use serde_json::Value;

pub use access::{cache, collection_graph, data_graph, database, fields, groups};
pub use letter::{notification, pulses};

use crate::error::MetabaseError;

/// The database of the card queries, as Metabase calls its kind.
pub const ENGINE: &str = "bigquery-cloud-sdk";

/// Names and addresses that an organisation chooses.
#[derive(Debug, Clone)]
pub struct Names {
    /// The connection, as people see it.
    pub database: String,
    /// The Google Cloud project; none: that of the key.
    pub project: Option<String>,
    /// The dataset.
    pub dataset: String,
    /// Who sees money, and alerts.
    pub finance: String,
    /// Who sees work as well.
    pub managers: String,
    /// Who gets the Executive Summary each month.
    pub monthly_to: Vec<String>,
    /// Who gets it each week.
    pub weekly_to: Vec<String>,
    /// Who Metabase itself tells of breaches; aispend tells people without it.
    pub alerts_to: Vec<String>,
    /// Other limits than the rules' own.
    pub limits: Limits,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            database: "AI spend (BigQuery)".to_owned(),
            project: None,
            dataset: aispend_warehouse::DATASET.to_owned(),
            finance: "Finance".to_owned(),
            managers: "Managers".to_owned(),
            monthly_to: Vec::new(),
            weekly_to: Vec::new(),
            alerts_to: Vec::new(),
            limits: Limits::new(),
        }
    }
}

/// What a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A folder.
    Collection,
    /// A question.
    Card,
    /// A dashboard.
    Dashboard,
}

impl Kind {
    /// In keys, and in paths below `/api/`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Collection => "collection",
            Self::Card => "card",
            Self::Dashboard => "dashboard",
        }
    }
}

/// A thing with a marker.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Such as `card/exec/headline`.
    pub key: String,
    /// What it is.
    pub kind: Kind,
    /// What it should say, in the form that both sides are compared in.
    pub body: Value,
}

/// Everything that should be there.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Chosen names.
    pub names: Names,
    /// Collections, then cards, then dashboards; each after what it stands in.
    pub items: Vec<Item>,
    /// How often each alert card should be asked, by key.
    pub schedules: Vec<(String, aispend_warehouse::Schedule)>,
}

/// What should be there.
///
/// # Errors
/// The first card or rule file that cannot be used, or settings that Metabase would ignore.
pub fn wanted(names: Names) -> Result<Wanted, MetabaseError> {
    let cards = cards().map_err(|error| MetabaseError::Cards(error.to_string()))?;
    let rules = alerts().map_err(|error| MetabaseError::Cards(error.to_string()))?;
    let mut items = access::collections();
    for card in &cards {
        items.extend(card::items(card, &names).map_err(MetabaseError::Cards)?);
    }
    items.extend(rules.iter().filter_map(|rule| alert::item(rule, &names)));
    items.extend(board::items(&cards).map_err(MetabaseError::Cards)?);
    let schedules = rules.iter().map(|rule| (alert::key(rule), rule.schedule)).collect();
    Ok(Wanted { names, items, schedules })
}

impl Wanted {
    /// A thing by its key.
    pub fn get(&self, key: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.key == key)
    }

    /// The cards that stand on a dashboard's page of figures, in order.
    pub fn placed(&self, dashboard: &str) -> Vec<(&String, &Value)> {
        let cards = self.get(dashboard).and_then(|item| item.body.get("cards")).and_then(Value::as_object);
        cards.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests;
