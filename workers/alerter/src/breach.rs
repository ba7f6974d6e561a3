//! A row of a rule: something is beyond a limit.

use aispend_model::Money;
use aispend_ports::Answer;
use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// For how many days after its end a period is looked at.
const LOOKED_AT_DAYS: i64 = 7;

/// Why an answer is none of a rule's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BreachError {
    /// A column is not there.
    #[error("the rule's answer has no column `{0}`")]
    Column(&'static str),
    /// A value that must be there is not, or is none of its kind.
    #[error("column `{column}` of the rule's answer holds `{value}`")]
    Value {
        /// Which.
        column: &'static str,
        /// What it holds.
        value: String,
    },
}

/// Two inclusive windows that were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Windows {
    pub now_from: Date,
    pub now_to: Date,
    pub base_from: Date,
    pub base_to: Date,
}

/// Something beyond a limit. Amounts are decimal dollars, exact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breach {
    /// Which rule.
    pub rule: String,
    /// What it is about: `total`, a platform, a feed, a team, a key.
    pub subject: String,
    /// `2026-11-21` or `2026-10`.
    pub period: String,
    /// What was seen, in the rule's unit.
    pub measured: String,
    /// What was allowed.
    pub limit_value: String,
    /// The dollars concerned.
    pub amount: Option<String>,
    /// The dollars compared with.
    pub baseline: Option<String>,
    /// Of one platform alone.
    pub platform: Option<String>,
    /// Of one team alone. Incidents of builds that knew none are kept as well.
    #[serde(default)]
    pub team: Option<String>,
    /// What was compared.
    pub windows: Option<Windows>,
    /// Since when.
    pub since: Option<Date>,
    /// The page that shows it, without the address of the dashboards.
    pub link: Option<String>,
    /// More words.
    pub note: Option<String>,
}

impl Breach {
    /// The same for the same rule, subject and period: who finds it again finds the same incident.
    pub fn incident_id(&self) -> String {
        let hash = Sha256::digest(format!("{}|{}|{}", self.rule, self.subject, self.period));
        let number = hash.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
        format!("{number:016x}")
    }

    /// The rows of a rule's answer.
    ///
    /// # Errors
    /// When a column is missing or holds something else.
    pub fn read(rule: &str, answer: &Answer) -> Result<Vec<Self>, BreachError> {
        let place = |name: &'static str| {
            let place = answer.columns.iter().position(|column| column == name);
            place.map(|place| (name, place)).ok_or(BreachError::Column(name))
        };
        let columns = Columns {
            subject: place("subject")?,
            period: place("period")?,
            measured: place("measured")?,
            limit_value: place("limit_value")?,
            amount: place("amount")?,
            baseline: place("baseline")?,
            platform: place("platform")?,
            team: place("team")?,
            now_from: place("now_from")?,
            now_to: place("now_to")?,
            base_from: place("base_from")?,
            base_to: place("base_to")?,
            since: place("since")?,
            link: place("link")?,
            note: place("note")?,
        };
        answer.rows.iter().map(|row| columns.breach(rule, row)).collect()
    }
}

/// True while an incident of the period is looked at: rules are silent about older ones, which tells nothing.
pub fn is_looked_at(period: &str, as_of: Date) -> bool {
    let day = period.parse::<Date>().ok();
    let month = || format!("{period}-01").parse::<Date>().ok().map(Date::last_of_month);
    let Some(end) = day.or_else(month) else { return true };
    end >= as_of.saturating_sub(LOOKED_AT_DAYS.days())
}

type Place = (&'static str, usize);

struct Columns {
    subject: Place,
    period: Place,
    measured: Place,
    limit_value: Place,
    amount: Place,
    baseline: Place,
    platform: Place,
    team: Place,
    now_from: Place,
    now_to: Place,
    base_from: Place,
    base_to: Place,
    since: Place,
    link: Place,
    note: Place,
}

type Row = [Option<String>];

impl Columns {
    fn breach(&self, rule: &str, row: &Row) -> Result<Breach, BreachError> {
        let windows = [self.now_from, self.now_to, self.base_from, self.base_to];
        let windows: Vec<Option<Date>> =
            windows.into_iter().map(|place| day(row, place)).collect::<Result<_, _>>()?;
        let windows = match windows.as_slice() {
            [Some(now_from), Some(now_to), Some(base_from), Some(base_to)]
                if now_from <= now_to && base_from <= base_to =>
            {
                Some(Windows {
                    now_from: *now_from,
                    now_to: *now_to,
                    base_from: *base_from,
                    base_to: *base_to,
                })
            }
            _ => None,
        };
        Ok(Breach {
            rule: rule.to_owned(),
            subject: needed(text(row, self.subject), self.subject)?,
            period: needed(text(row, self.period), self.period)?,
            measured: needed(number(row, self.measured)?, self.measured)?,
            limit_value: needed(number(row, self.limit_value)?, self.limit_value)?,
            amount: number(row, self.amount)?,
            baseline: number(row, self.baseline)?,
            platform: text(row, self.platform),
            team: text(row, self.team),
            windows,
            since: day(row, self.since)?,
            link: text(row, self.link),
            note: text(row, self.note),
        })
    }
}

fn text(row: &Row, (_, place): Place) -> Option<String> {
    row.get(place).cloned().flatten().filter(|text| !text.is_empty())
}

fn needed(value: Option<String>, (column, _): Place) -> Result<String, BreachError> {
    value.ok_or(BreachError::Value { column, value: "nothing".to_owned() })
}

fn number(row: &Row, place: Place) -> Result<Option<String>, BreachError> {
    let Some(value) = text(row, place) else { return Ok(None) };
    match Money::from_dollars(&value) {
        Ok(read) => Ok(Some(read.money.to_string())),
        Err(_) => Err(BreachError::Value { column: place.0, value }),
    }
}

fn day(row: &Row, place: Place) -> Result<Option<Date>, BreachError> {
    let Some(value) = text(row, place) else { return Ok(None) };
    value.parse().map(Some).map_err(|_| BreachError::Value { column: place.0, value })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const NAMES: [&str; 15] = [
        "subject",
        "period",
        "measured",
        "limit_value",
        "amount",
        "baseline",
        "platform",
        "team",
        "now_from",
        "now_to",
        "base_from",
        "base_to",
        "since",
        "link",
        "note",
    ];

    fn answer(change: &[(&str, Option<&str>)]) -> Answer {
        let row = [
            "total",
            "2026-10",
            "24.50",
            "20",
            "100",
            "80",
            "",
            "Edge",
            "2026-10-01",
            "2026-10-31",
            "2026-09-01",
            "2026-09-30",
            "2026-11-01",
            "executive",
            "",
        ];
        let value = |(name, text): (&&str, &str)| match change.iter().find(|(changed, _)| changed == name) {
            Some((_, text)) => text.map(str::to_owned),
            None => Some(text.to_owned()),
        };
        Answer {
            columns: NAMES.iter().map(|name| (*name).to_owned()).collect(),
            rows: vec![NAMES.iter().zip(row).map(value).collect()],
        }
    }

    #[test]
    fn a_row_is_read_and_its_incident_is_the_same_every_time() {
        let breach = Breach::read("monthly", &answer(&[])).unwrap().remove(0);
        assert_eq!((breach.measured.as_str(), breach.platform.as_deref()), ("24.5", None));
        assert_eq!(breach.windows.unwrap().base_to, date(2026, 9, 30));
        let later = Breach::read("monthly", &answer(&[("measured", Some("30"))])).unwrap().remove(0);
        assert_eq!(breach.incident_id(), later.incident_id());
        let other = Breach::read("monthly", &answer(&[("subject", Some("cursor"))])).unwrap().remove(0);
        assert_ne!(breach.incident_id(), other.incident_id());
        assert_eq!(breach.incident_id().len(), 16);
    }

    #[test]
    fn an_answer_that_is_none_of_a_rules_is_named() {
        for (name, text, expected) in [
            ("subject", None, "column `subject` of the rule's answer holds `nothing`"),
            ("measured", Some("much"), "`measured` of the rule's answer holds `much`"),
            ("since", Some("May"), "`since` of the rule's answer holds `May`"),
        ] {
            let error = Breach::read("monthly", &answer(&[(name, text)])).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let mut short = answer(&[]);
        short.columns[3] = "limit".to_owned();
        assert_eq!(Breach::read("monthly", &short).unwrap_err(), BreachError::Column("limit_value"));
        let half = Breach::read("monthly", &answer(&[("now_to", None)])).unwrap();
        assert_eq!(half[0].windows, None);
    }

    #[test]
    fn a_period_is_looked_at_for_seven_days_after_its_end() {
        for (period, as_of, expected) in [
            ("2026-11-15", date(2026, 11, 22), true),
            ("2026-11-14", date(2026, 11, 22), false),
            ("2026-10", date(2026, 11, 7), true),
            ("2026-10", date(2026, 11, 8), false),
            ("standing", date(2026, 11, 8), true),
        ] {
            assert_eq!(is_looked_at(period, as_of), expected, "{period} on {as_of}");
        }
    }
}
