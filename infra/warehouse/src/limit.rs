//! The numbers of rules that a person may change.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{Engine, Rule, RuleError};

/// A number of a rule that a person may want to change.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Without a setting, a plain decimal.
    pub default: String,
    /// What it counts, in a person's words: percent, usd, hours, days …
    pub unit: String,
    /// What it is.
    pub text: String,
}

/// Limits that somebody set: `rule.limit` and a decimal.
pub type Limits = BTreeMap<String, String>;

/// Reads `rule.limit=number` pairs.
///
/// # Errors
/// Every pair that names no limit of these rules, or no number.
pub fn limits(pairs: &[String], rules: &[Rule]) -> Result<Limits, Vec<RuleError>> {
    let mut limits = Limits::new();
    let mut errors = Vec::new();
    for pair in pairs {
        let mut wrong = |problem: String| errors.push(RuleError { place: pair.clone(), problem });
        let Some((name, value)) = pair.split_once('=').map(|(name, value)| (name.trim(), value.trim()))
        else {
            wrong("is not <rule>.<limit>=<number>, such as daily-anomaly.percent=150".to_owned());
            continue;
        };
        let known: Vec<String> = rules
            .iter()
            .flat_map(|rule| rule.limits.keys().map(move |limit| format!("{}.{limit}", rule.name)))
            .collect();
        if !known.iter().any(|known| known == name) {
            wrong(format!("there is no limit `{name}`; there are {}", known.join(", ")));
        } else if !is_decimal(value) {
            wrong(format!("`{value}` is not a plain number such as 150 or 2.5"));
        } else {
            limits.insert(name.to_owned(), value.to_owned());
        }
    }
    if errors.is_empty() { Ok(limits) } else { Err(errors) }
}

/// Exact on both: BigQuery reads a bare `2.5` as a float.
pub fn number(text: &str, engine: Engine) -> String {
    match engine {
        Engine::BigQuery if text.contains('.') => format!("NUMERIC '{text}'"),
        Engine::BigQuery | Engine::DuckDb => text.to_owned(),
    }
}

/// Digits, at most one point between them, at most one minus before: nothing that could be anything else in SQL.
pub fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    is_digits(whole) && is_digits(fraction) && whole.len() <= 18 && fraction.len() <= 9
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::tests::RULE;

    #[test]
    fn a_limit_nobody_has_or_that_is_no_number_is_named() {
        let rules = [Rule::parse("daily", RULE).unwrap()];
        for (pair, expected) in [
            ("daily.percnt=1", "there is no limit `daily.percnt`; there are daily.percent, daily.usd"),
            ("daily.percent", "is not <rule>.<limit>=<number>"),
            ("daily.percent=1; DROP TABLE t", "is not a plain number"),
            ("daily.percent=.5", "is not a plain number"),
            ("daily.percent=1.", "is not a plain number"),
            ("daily.percent=", "is not a plain number"),
        ] {
            let errors = limits(&[pair.to_owned()], &rules).unwrap_err();
            assert!(errors[0].to_string().contains(expected), "{}", errors[0]);
        }
    }
}
