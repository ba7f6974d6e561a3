//! One incident: its states, and how it comes from one to another. Pure: who stores it, and who is told, is elsewhere.

use std::collections::BTreeMap;

use aispend_ports::IncidentLine;
use aispend_warehouse::Severity;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::breach::Breach;

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The rule sees it, and nobody has taken it.
    Open,
    /// Somebody has taken it: it is not told again.
    Acknowledged,
    /// Put off: told again when the day has come and the rule still sees it.
    Snoozed,
    /// The rule no longer sees it.
    Resolved,
}

impl State {
    /// As in `alert_incidents`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Snoozed => "snoozed",
            Self::Resolved => "resolved",
        }
    }
}

/// An incident as the archive keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Of rule, subject and period.
    pub id: String,
    /// As the rule saw it last.
    pub breach: Breach,
    /// How bad: warning or critical.
    pub severity: String,
    /// One sentence.
    pub summary: String,
    /// Where it stands.
    pub state: State,
    /// The day on which it is told again.
    pub snoozed_until: Option<Date>,
    /// How often it opened: what is told is told once for each.
    pub openings: u32,
    /// When it opened, the last time.
    pub opened_at: Timestamp,
    /// When it came to its state.
    pub changed_at: Timestamp,
    /// Who brought it there; `None`: the rule.
    pub changed_by: Option<String>,
    /// The run at whose end it opened; empty: a check.
    pub run_id: String,
    /// When each channel was told of this opening.
    pub told: BTreeMap<String, Timestamp>,
    /// When every channel had been told.
    pub notified_at: Option<Timestamp>,
    /// Counts the states it went through.
    pub revision: u32,
    /// The last of them that the warehouse has a line of.
    pub recorded: u32,
}

/// What seeing a breach again does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Nothing is new.
    Same,
    /// Other numbers: kept, and told to nobody.
    Updated,
    /// It opened.
    Opened,
}

impl Incident {
    /// A breach seen for the first time.
    pub fn open(breach: Breach, severity: Severity, summary: String, run_id: &str, now: Timestamp) -> Self {
        Self {
            id: breach.incident_id(),
            breach,
            severity: severity.as_str().to_owned(),
            summary,
            state: State::Open,
            snoozed_until: None,
            openings: 1,
            opened_at: now,
            changed_at: now,
            changed_by: None,
            run_id: run_id.to_owned(),
            told: BTreeMap::new(),
            notified_at: None,
            revision: 1,
            recorded: 0,
        }
    }

    /// The rule sees it again.
    pub fn see(&mut self, breach: &Breach, summary: &str, run_id: &str, as_of: Date, now: Timestamp) -> Seen {
        let is_due = self.snoozed_until.is_none_or(|until| until <= as_of);
        let opens = match self.state {
            State::Resolved => true,
            State::Snoozed => is_due,
            State::Open | State::Acknowledged => false,
        };
        let is_changed = self.breach != *breach;
        if is_changed {
            self.breach = breach.clone();
            summary.clone_into(&mut self.summary);
        }
        if opens {
            self.come_to(State::Open, None, now);
            self.openings += 1;
            self.opened_at = now;
            run_id.clone_into(&mut self.run_id);
            self.told.clear();
            self.notified_at = None;
            return Seen::Opened;
        }
        if is_changed { Seen::Updated } else { Seen::Same }
    }

    /// The rule no longer sees it: true where that is news.
    pub fn resolve(&mut self, now: Timestamp) -> bool {
        if self.state == State::Resolved {
            return false;
        }
        self.come_to(State::Resolved, None, now);
        true
    }

    /// Somebody takes it: true where that is news.
    pub fn acknowledge(&mut self, by: &str, now: Timestamp) -> bool {
        if matches!(self.state, State::Acknowledged | State::Resolved) {
            return false;
        }
        self.come_to(State::Acknowledged, Some(by), now);
        true
    }

    /// Somebody puts it off: true where that is news.
    pub fn snooze(&mut self, until: Date, by: &str, now: Timestamp) -> bool {
        let is_same = self.state == State::Snoozed && self.snoozed_until == Some(until);
        if is_same || self.state == State::Resolved {
            return false;
        }
        self.come_to(State::Snoozed, Some(by), now);
        self.snoozed_until = Some(until);
        true
    }

    /// A channel was told of this opening; `channels` are all there are.
    pub fn tell(&mut self, channel: &str, channels: &[&str], now: Timestamp) {
        self.told.insert(channel.to_owned(), now);
        if channels.iter().all(|channel| self.told.contains_key(*channel)) && self.notified_at.is_none() {
            self.notified_at = Some(now);
            // The warehouse knows when somebody was told.
            self.revision += 1;
        }
    }

    /// True where somebody has yet to be told.
    pub const fn is_waiting(&self) -> bool {
        matches!(self.state, State::Open) && self.notified_at.is_none()
    }

    /// What is told is called the same by everybody who tells it: `<incident>.open`, the next time `<incident>.open-2`.
    pub fn announcement(&self) -> String {
        match self.openings {
            0 | 1 => format!("{}.open", self.id),
            again => format!("{}.open-{again}", self.id),
        }
    }

    /// For the warehouse.
    pub fn line(&self) -> IncidentLine {
        IncidentLine {
            incident_id: self.id.clone(),
            rule: self.breach.rule.clone(),
            subject: self.breach.subject.clone(),
            period: self.breach.period.clone(),
            state: self.state.as_str().to_owned(),
            severity: self.severity.clone(),
            measured: self.breach.measured.clone(),
            limit_value: self.breach.limit_value.clone(),
            summary: self.summary.clone(),
            opened_at: self.opened_at,
            // A later line of the same state says who was told: the newest counts.
            changed_at: self.notified_at.map_or(self.changed_at, |told| told.max(self.changed_at)),
            notified_at: self.notified_at,
            changed_by: self.changed_by.clone(),
        }
    }

    fn come_to(&mut self, state: State, by: Option<&str>, now: Timestamp) {
        self.state = state;
        self.snoozed_until = None;
        // Clocks of several alerters differ: a later state has a later time.
        self.changed_at = now.max(self.changed_at);
        self.changed_by = by.map(str::to_owned);
        self.revision += 1;
    }
}

#[cfg(test)]
pub mod tests {
    use jiff::civil::date;

    use super::*;

    pub fn breach(subject: &str) -> Breach {
        Breach {
            rule: "daily".to_owned(),
            subject: subject.to_owned(),
            period: "2026-11-21".to_owned(),
            measured: "180".to_owned(),
            limit_value: "150".to_owned(),
            amount: Some("1234.5".to_owned()),
            baseline: Some("685.833333333".to_owned()),
            platform: None,
            team: None,
            windows: None,
            since: Some(date(2026, 11, 21)),
            link: Some("executive?range=2026-11-21~2026-11-21&team=R&D".to_owned()),
            note: None,
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn incident() -> Incident {
        Incident::open(breach("total"), Severity::Warning, "s".to_owned(), "run", at(1))
    }

    const TODAY: Date = date(2026, 11, 22);

    #[test]
    fn it_opens_once_and_again_only_after_it_was_resolved() {
        let mut incident = incident();
        assert_eq!(incident.announcement(), format!("{}.open", incident.id));
        assert_eq!(incident.see(&breach("total"), "s", "run", TODAY, at(2)), Seen::Same);
        let more = Breach { measured: "200".to_owned(), ..breach("total") };
        assert_eq!(incident.see(&more, "t", "run", TODAY, at(3)), Seen::Updated);
        assert_eq!((incident.summary.as_str(), incident.openings), ("t", 1));
        incident.tell("mail", &["mail"], at(3));
        assert!(incident.resolve(at(4)) && !incident.resolve(at(5)));
        assert_eq!(incident.see(&more, "t", "next", TODAY, at(6)), Seen::Opened);
        assert_eq!(incident.announcement(), format!("{}.open-2", incident.id));
        assert!(incident.is_waiting() && incident.told.is_empty() && incident.run_id == "next");
    }

    #[test]
    fn what_somebody_took_is_not_told_again_until_the_day_they_named() {
        let mut taken = incident();
        assert!(taken.acknowledge("a@example.com", at(2)) && !taken.acknowledge("b@example.com", at(3)));
        assert_eq!(taken.see(&breach("total"), "s", "run", TODAY, at(4)), Seen::Same);
        assert!(!taken.is_waiting() && taken.changed_by.as_deref() == Some("a@example.com"));
        let mut later = incident();
        assert!(
            later.snooze(date(2026, 11, 25), "a", at(2)) && !later.snooze(date(2026, 11, 25), "a", at(3))
        );
        assert_eq!(later.see(&breach("total"), "s", "run", date(2026, 11, 24), at(4)), Seen::Same);
        assert_eq!(later.see(&breach("total"), "s", "run", date(2026, 11, 25), at(5)), Seen::Opened);
        let mut gone = incident();
        gone.resolve(at(2));
        assert!(!gone.snooze(date(2026, 11, 25), "a", at(3)) && !gone.acknowledge("a", at(3)));
    }

    #[test]
    fn it_is_notified_when_every_channel_was_told() {
        let mut incident = incident();
        incident.tell("mail", &["mail", "webhook"], at(2));
        assert!(incident.is_waiting());
        incident.tell("webhook", &["mail", "webhook"], at(3));
        assert_eq!((incident.is_waiting(), incident.notified_at), (false, Some(at(3))));
        assert!(incident.line().changed_at > incident.changed_at && incident.line().notified_at.is_some());
    }

    #[test]
    fn a_later_state_has_a_later_time_whatever_a_clock_says() {
        let mut incident = incident();
        incident.acknowledge("a", at(9));
        incident.resolve(at(5));
        assert_eq!(incident.changed_at, at(9));
    }
}
