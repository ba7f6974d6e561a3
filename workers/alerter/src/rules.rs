//! Every rule, asked about a day.

use std::collections::BTreeMap;

use aispend_model::Slice;
use aispend_ports::{Parked, ParkedStore, Questions, WarehouseError};
use aispend_warehouse::{Engine, Evaluation, Limits, Rule, RuleError};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::breach::{Breach, BreachError};

/// The rule that no SQL answers.
pub const PARKED: &str = "parked-messages";

const PARKED_HEAD: &str = r#"
title = "Messages set aside"
question = "Does something wait for a person's decision?"
definition = "Messages that no stage could handle, counted by feed and reason. They wait until they are replayed or dropped; what they would have loaded is missing until then."
unit = "count"
kind = "ingestion"
severity = "critical"
schedule = "hourly"
sentence = "{measured} messages are set aside ({subject}), the oldest since {since}."
remedy = "`aispend dead-letters list` says what they hold. Mend the cause, then replay them."
changed = "2026-11-22"
"#;

/// Messages set aside have no period of their own.
const STANDING: &str = "standing";

/// Why a rule could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// The warehouse.
    #[error("the warehouse did not answer the rule")]
    Warehouse(#[from] WarehouseError),
    /// What it answered.
    #[error(transparent)]
    Breach(#[from] BreachError),
    /// The store of parked messages.
    #[error("the parked messages cannot be listed")]
    Parked(#[from] aispend_ports::ParkedError),
}

/// What a rule found, or why it could not be asked.
#[derive(Debug)]
pub struct Found {
    /// Which rule.
    pub rule: String,
    /// Its rows.
    pub breaches: Result<Vec<Breach>, EvaluationError>,
}

/// The rules of this build, with somebody's limits.
#[derive(Debug, Clone)]
pub struct Rules {
    engine: Engine,
    all: Vec<Rule>,
    limits: Limits,
}

/// The rule about parked messages.
///
/// # Errors
/// Never: a test reads it.
pub fn parked_rule() -> Result<Rule, RuleError> {
    Rule::without_query(PARKED, PARKED_HEAD)
}

impl Rules {
    /// These rules, and that about parked messages.
    pub fn new(engine: Engine, mut all: Vec<Rule>, limits: Limits) -> Self {
        if all.iter().all(|rule| rule.name != PARKED) {
            all.extend(parked_rule().ok());
        }
        Self { engine, all, limits }
    }

    /// Whose SQL they are asked in.
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// All, in order.
    pub fn all(&self) -> &[Rule] {
        &self.all
    }

    /// One by its name.
    pub fn named(&self, name: &str) -> Option<&Rule> {
        self.all.iter().find(|rule| rule.name == name)
    }

    /// Asks one rule about a day.
    ///
    /// # Errors
    /// When it does not get an answer, or another than a rule's.
    pub async fn ask(
        &self,
        rule: &Rule,
        questions: &dyn Questions,
        as_of: Date,
        quiet_from: Date,
    ) -> Result<Vec<Breach>, EvaluationError> {
        let asked = Evaluation { as_of, quiet_from, limits: &self.limits };
        let Some(sql) = rule.sql(self.engine, &asked) else { return Ok(Vec::new()) };
        Ok(Breach::read(&rule.name, &questions.ask(&sql).await?)?)
    }

    /// Asks every rule about a day. A rule that fails costs no other.
    pub async fn evaluate(
        &self,
        questions: &dyn Questions,
        parked: &dyn ParkedStore,
        as_of: Date,
        quiet_from: Date,
    ) -> Vec<Found> {
        let mut found = Vec::new();
        for rule in &self.all {
            let breaches = if rule.name == PARKED {
                parked.list().await.map(|all| parked_breaches(&all)).map_err(EvaluationError::from)
            } else {
                self.ask(rule, questions, as_of, quiet_from).await
            };
            found.push(Found { rule: rule.name.clone(), breaches });
        }
        found
    }
}

/// One for each feed and reason, however many messages.
fn parked_breaches(parked: &[Parked]) -> Vec<Breach> {
    let mut groups: BTreeMap<String, Vec<&Parked>> = BTreeMap::new();
    for message in parked {
        let feed = message.slice_key.parse::<Slice>().map(|slice| slice.feed.as_str());
        let subject = format!("{}, {}", feed.unwrap_or("no feed"), message.reason);
        groups.entry(subject).or_default().push(message);
    }
    groups
        .into_iter()
        .map(|(subject, messages)| Breach {
            rule: PARKED.to_owned(),
            subject,
            period: STANDING.to_owned(),
            measured: messages.len().to_string(),
            limit_value: "0".to_owned(),
            amount: None,
            baseline: None,
            platform: None,
            team: None,
            windows: None,
            since: messages
                .iter()
                .map(|message| message.parked_at)
                .min()
                .map(|at| at.to_zoned(TimeZone::UTC).date()),
            link: None,
            note: None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use aispend_ports::Topic;
    use jiff::Timestamp;

    use super::*;

    fn message(id: &str, slice_key: &str, reason: &str) -> Parked {
        Parked {
            id: id.to_owned(),
            stage: "normalizer".to_owned(),
            topic: Topic::RawSlices,
            reason: reason.to_owned(),
            detail: String::new(),
            slice_key: slice_key.to_owned(),
            run_id: String::new(),
            attempts: 1,
            parked_at: Timestamp::UNIX_EPOCH,
            attributes: Vec::new(),
            message: bytes::Bytes::new(),
            fetched: None,
        }
    }

    #[test]
    fn parked_messages_are_one_breach_for_each_feed_and_reason() {
        let rule = parked_rule().unwrap();
        assert_eq!(rule.audience.as_str(), "on-call");
        let all = [
            message("1", "cursor/usage-events|cursor|2026-10-01", "unreadable"),
            message("2", "cursor/usage-events|cursor|2026-10-02", "unreadable"),
            message("3", "cursor/usage-events|cursor|2026-10-02", "rejected"),
            message("4", "", "unreadable"),
        ];
        let found = parked_breaches(&all);
        let short: Vec<(&str, &str)> =
            found.iter().map(|breach| (breach.subject.as_str(), breach.measured.as_str())).collect();
        assert_eq!(
            short,
            [
                ("cursor/usage-events, rejected", "1"),
                ("cursor/usage-events, unreadable", "2"),
                ("no feed, unreadable", "1")
            ]
        );
        assert_eq!(found[0].since, Some(jiff::civil::date(1970, 1, 1)));
    }
}
