//! An alert rule as its file declares it: what it watches, how far is too far, what it says, and its query.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

use crate::{
    Engine,
    change::{CHANGE, day},
    files::ALERTS,
    limit::{Limit, Limits, is_decimal, number},
    template::{is_format, replace, spell, with_parts, words},
};

/// The words that a rule's sentence may hold, in braces.
const SENTENCE_WORDS: [&str; 8] =
    ["subject", "period", "measured", "limit", "amount", "baseline", "since", "note"];

/// Why a rule's file, or somebody's limit for it, cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct RuleError {
    /// A file, or a limit's name.
    pub place: String,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// What `measured` and the limit count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Unit {
    Percent,
    Usd,
    Count,
    Hours,
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum RuleKind {
    Money,
    Ingestion,
    Quality,
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Audience {
    Finance,
    OnCall,
}

impl Audience {
    /// As in the heads.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Finance => "finance",
            Self::OnCall => "on-call",
        }
    }
}

/// How bad a breach is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Severity {
    Warning,
    Critical,
}

impl Severity {
    /// As in the heads and in `alert_incidents`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// How often a dashboard tool should ask. aispend itself asks every rule after every run and at every check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Schedule {
    Hourly,
    Daily,
    Weekly,
    Monthly,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    title: String,
    question: String,
    definition: String,
    unit: Unit,
    kind: RuleKind,
    audience: Option<Audience>,
    severity: Severity,
    schedule: Schedule,
    sentence: String,
    remedy: String,
    changed: String,
    #[serde(default)]
    explains_change: bool,
    #[serde(default)]
    limits: BTreeMap<String, Limit>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its file's name, and its name in settings and tables.
    pub name: String,
    /// What it finds.
    pub title: String,
    /// What it asks.
    pub question: String,
    /// In words, exact.
    pub definition: String,
    /// Of measured value and limit.
    pub unit: Unit,
    /// What it is about.
    pub kind: RuleKind,
    /// Who is told.
    pub audience: Audience,
    /// How bad a breach is.
    pub severity: Severity,
    /// How often a dashboard tool should ask.
    pub schedule: Schedule,
    /// What a person reads first, with words in braces.
    pub sentence: String,
    /// What a person does about it.
    pub remedy: String,
    /// When its definition last changed.
    pub changed: Date,
    /// True where an e-mail says what the change is made of.
    pub explains_change: bool,
    /// The numbers that a person may change, by name.
    pub limits: BTreeMap<String, Limit>,
    /// Limits of other rules that the query names, `rule.limit`, and their defaults.
    shared: BTreeMap<String, String>,
    sql: String,
}

/// What a rule is asked.
#[derive(Debug, Clone, Copy)]
pub struct Evaluation<'a> {
    /// Today, UTC: nothing of this day or later is read.
    pub as_of: Date,
    /// Only periods that end on this day or later may be reported.
    pub quiet_from: Date,
    /// Other limits than the defaults.
    pub limits: &'a Limits,
}

/// Every rule, in the order in which people read them.
///
/// # Errors
/// The first file that cannot be used.
pub fn alerts() -> Result<Vec<Rule>, RuleError> {
    let rules = ALERTS.iter().filter(|(name, _)| *name != CHANGE);
    together(rules.map(|(name, file)| Rule::parse(name, file)).collect::<Result<_, _>>()?)
}

/// Rules that know one another's limits: a limit is declared once, where it belongs.
///
/// # Errors
/// The first that names a limit which no rule has.
fn together(mut rules: Vec<Rule>) -> Result<Vec<Rule>, RuleError> {
    let declared: BTreeMap<String, String> = rules
        .iter()
        .flat_map(|rule| {
            rule.limits.iter().map(|(name, limit)| (format!("{}.{name}", rule.name), limit.default.clone()))
        })
        .collect();
    for rule in &mut rules {
        for (name, default) in &mut rule.shared {
            default.clone_from(declared.get(name).ok_or_else(|| RuleError {
                place: format!("alerts/{}.sql", rule.name),
                problem: format!("`{{{{limit:{name}}}}}`: no rule has that limit"),
            })?);
        }
    }
    Ok(rules)
}

impl Rule {
    /// Reads a file: a TOML head in a block comment, then one statement.
    ///
    /// # Errors
    /// Names the file and the key.
    pub fn parse(name: &str, file: &str) -> Result<Self, RuleError> {
        let wrong = |problem: String| RuleError { place: format!("alerts/{name}.sql"), problem };
        let (head, sql) = file
            .trim_start()
            .strip_prefix("/*")
            .and_then(|rest| rest.split_once("*/"))
            .ok_or_else(|| wrong("it does not begin with its head in a block comment".to_owned()))?;
        let head: Head = toml::from_str(head).map_err(|error| wrong(error.to_string()))?;
        let sql = with_parts(sql.trim().trim_end_matches(';')).map_err(wrong)?;
        let limits = words(&sql).filter_map(|word| word.strip_prefix("limit:"));
        let shared =
            limits.filter(|limit| limit.contains('.')).map(|limit| (limit.to_owned(), String::new()));
        let rule = Self { shared: shared.collect(), sql, ..Self::of_head(name, head).map_err(wrong)? };
        rule.check().map_err(wrong)?;
        Ok(rule)
    }

    /// A rule that no SQL answers: the head alone.
    ///
    /// # Errors
    /// Names the key.
    pub fn without_query(name: &str, head: &str) -> Result<Self, RuleError> {
        let wrong = |problem: String| RuleError { place: name.to_owned(), problem };
        let head: Head = toml::from_str(head).map_err(|error| wrong(error.to_string()))?;
        let rule = Self::of_head(name, head).map_err(wrong)?;
        rule.check_sentence().map_err(wrong)?;
        Ok(rule)
    }

    fn of_head(name: &str, head: Head) -> Result<Self, String> {
        let audience = match head.kind {
            RuleKind::Money => Audience::Finance,
            RuleKind::Ingestion | RuleKind::Quality => Audience::OnCall,
        };
        Ok(Self {
            name: name.to_owned(),
            title: head.title,
            question: head.question,
            definition: head.definition,
            unit: head.unit,
            kind: head.kind,
            audience: head.audience.unwrap_or(audience),
            severity: head.severity,
            schedule: head.schedule,
            sentence: head.sentence,
            remedy: head.remedy,
            changed: head.changed.parse().map_err(|error| format!("`changed`: {error}"))?,
            explains_change: head.explains_change,
            limits: head.limits,
            shared: BTreeMap::new(),
            sql: String::new(),
        })
    }

    fn check(&self) -> Result<(), String> {
        self.check_sentence()?;
        if self.sql.is_empty() {
            return Err("it has no query".to_owned());
        }
        for (name, limit) in &self.limits {
            if !is_decimal(&limit.default) {
                return Err(format!("limits.{name}: `{}` is not a plain decimal number", limit.default));
            }
            let is_used = |word: &str| {
                word.strip_prefix("limit:")
                    .is_some_and(|used| used == name || used == format!("{}.{name}", self.name))
            };
            if !words(&self.sql).any(is_used) {
                return Err(format!("limits.{name}: the query does not use it"));
            }
        }
        for word in words(&self.sql) {
            match word.split_once(':') {
                Some(("limit", name)) if self.limits.contains_key(name) || self.shared.contains_key(name) => {
                }
                Some(("limit", name)) => return Err(format!("`{name}` is not declared in [limits]")),
                Some((format, expression)) if is_format(format.trim()) && !expression.trim().is_empty() => {}
                None if matches!(word, "as_of" | "quiet_from" | "numeric") => {}
                // `now` is no word of a rule: it could not be asked about a day that has passed.
                Some(_) | None => return Err(format!("`{{{{{word}}}}}` is no word of a rule")),
            }
        }
        Ok(())
    }

    fn check_sentence(&self) -> Result<(), String> {
        let mut words = self.sentence.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or(rest));
        match words.find(|word| !SENTENCE_WORDS.contains(word)) {
            Some(word) => Err(format!("`sentence`: {{{word}}} is none of {}", SENTENCE_WORDS.join(", "))),
            None => Ok(()),
        }
    }

    /// A limit as it is used: somebody's, or the default. `rule.limit` is that of another rule.
    pub fn limit<'a>(&'a self, name: &str, limits: &'a Limits) -> Option<&'a str> {
        if let Some(default) = self.shared.get(name) {
            return Some(limits.get(name).unwrap_or(default));
        }
        let default = &self.limits.get(name)?.default;
        Some(limits.get(&format!("{}.{name}", self.name)).unwrap_or(default))
    }

    /// The query for a day; `None` for a rule that has none.
    pub fn sql(&self, engine: Engine, asked: &Evaluation<'_>) -> Option<String> {
        self.standing_sql(engine, &day(asked.as_of), &day(asked.quiet_from), asked.limits)
    }

    /// The same for days that are expressions, such as `CURRENT_DATE()`: a query that somebody else keeps and asks.
    pub fn standing_sql(
        &self,
        engine: Engine,
        as_of: &str,
        quiet_from: &str,
        limits: &Limits,
    ) -> Option<String> {
        if self.sql.is_empty() {
            return None;
        }
        Some(replace(&self.sql, |word| match word {
            "as_of" => as_of.to_owned().into(),
            "quiet_from" => quiet_from.to_owned().into(),
            word => match word.strip_prefix("limit:").and_then(|name| self.limit(name, limits)) {
                Some(limit) => number(limit, engine).into(),
                None => spell(word, engine),
            },
        }))
    }
}

#[cfg(test)]
pub mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::limits;

    pub const RULE: &str = r#"/*
title = "Day above the days before"
question = "Did a day cost far more than usual?"
definition = "A day's spend above the mean of the 7 days before."
unit = "percent"
kind = "money"
severity = "warning"
schedule = "daily"
sentence = "{subject} cost {amount} on {period}: {measured} of {baseline}."
remedy = "Look who."
changed = "2026-11-22"
explains_change = true
[limits]
percent = { default = "150", unit = "percent", text = "how far" }
usd = { default = "2.5", unit = "usd", text = "at least" }
*/
SELECT CAST({{limit:percent}} AS {{numeric}}) + {{limit:usd}} FROM t
WHERE day < {{as_of}} AND day >= {{quiet_from}};
"#;

    #[test]
    fn a_rule_is_rendered_with_its_day_and_limits() {
        let rule = Rule::parse("daily", RULE).unwrap();
        assert_eq!((rule.audience, rule.explains_change), (Audience::Finance, true));
        let rules = [rule];
        let limits = limits(&["daily.percent = 200".to_owned()], &rules).unwrap();
        let asked = Evaluation { as_of: date(2026, 11, 22), quiet_from: date(1970, 1, 1), limits: &limits };
        assert_eq!(
            rules[0].sql(Engine::BigQuery, &asked).unwrap(),
            "SELECT CAST(200 AS NUMERIC) + NUMERIC '2.5' FROM t\nWHERE day < DATE '2026-11-22' AND day >= DATE '1970-01-01'"
        );
        assert!(rules[0].sql(Engine::DuckDb, &asked).unwrap().contains("CAST(200 AS DECIMAL(38, 9)) + 2.5 "));
    }

    #[test]
    fn a_wrong_file_names_itself_and_its_key() {
        let check = |from: &str, to: &str, expected: &str| {
            let error = Rule::parse("daily", &RULE.replace(from, to)).unwrap_err().to_string();
            assert!(error.starts_with("alerts/daily.sql: ") && error.contains(expected), "{error}");
        };
        check("/*", "", "block comment");
        check("title = ", "# ", "title");
        check("unit = \"percent\"\nkind", "unit = \"metres\"\nkind", "metres");
        check("kind = \"money\"", "kind = \"money\"\nmood = 1", "mood");
        check("2026-11-22", "22 Nov", "`changed`");
        check("{amount}", "{price}", "{price}");
        check("{{limit:usd}}", "{{limit:eur}}", "limits.usd: the query does not use it");
        check("usd = {", "# usd = {", "`usd` is not declared");
        check("\"150\"", "\"1e9\"", "limits.percent");
        check("{{as_of}}", "{{now}}", "{{now}}");
        check("{{as_of}}", "{{spend}}", "{{spend}}");
    }

    #[test]
    fn the_guide_has_every_rule_and_its_limits() {
        let here = std::env::var("CARGO_MANIFEST_DIR").unwrap();
        let guide = std::path::Path::new(&here).join("../../docs/guides/alerts.md");
        let guide = std::fs::read_to_string(guide).unwrap();
        let sections: BTreeMap<&str, &str> =
            guide.split("\n### `").skip(1).map(|section| section.split_once('`').unwrap()).collect();
        let rules = alerts().unwrap();
        let mut named: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
        // The only rule that no file declares.
        named.push("parked-messages");
        named.sort_unstable();
        assert_eq!(sections.keys().copied().collect::<Vec<_>>(), named);
        for rule in &rules {
            let section = sections[rule.name.as_str()];
            for name in rule.limits.keys() {
                assert!(section.contains(&format!("`{name}`")), "{}: {name}", rule.name);
            }
            assert!(section.contains(&format!("to {}", rule.audience.as_str())), "{}", rule.name);
            let is_critical = section.contains("critical");
            assert_eq!(is_critical, rule.severity == Severity::Critical, "{}", rule.name);
        }
    }

    #[test]
    fn a_limit_of_another_rule_is_declared_there_alone() {
        let borrower = |name: &str| {
            let file = RULE.replace("SELECT CAST(", &format!("SELECT {{{{limit:{name}}}}}, CAST("));
            together(vec![Rule::parse("daily", RULE).unwrap(), Rule::parse("borrower", &file).unwrap()])
        };
        let rules = borrower("daily.percent").unwrap();
        let set = limits(&["daily.percent = 175".to_owned()], &rules).unwrap();
        for (limits, expected) in [(&Limits::new(), "SELECT 150, CAST(150 "), (&set, "SELECT 175, CAST(150 ")]
        {
            let asked = Evaluation { as_of: date(2026, 11, 22), quiet_from: date(1970, 1, 1), limits };
            let sql = rules[1].sql(Engine::DuckDb, &asked).unwrap();
            assert!(sql.starts_with(expected), "{sql}");
        }
        let error = borrower("daily.euros").unwrap_err().to_string();
        assert!(error.contains("alerts/borrower.sql") && error.contains("{{limit:daily.euros}}"), "{error}");
    }

    #[test]
    fn no_rule_repeats_the_limit_of_another() {
        let rules = alerts().unwrap();
        for rule in &rules {
            for limit in rule.limits.values() {
                let other =
                    rules.iter().find(|other| other.name != rule.name && limit.text.contains(&other.name));
                assert_eq!(other.map(|other| &other.name), None, "{}: {}", rule.name, limit.text);
            }
        }
        let borrows = |name: &str| rules.iter().filter(|rule| rule.shared.contains_key(name)).count();
        assert_eq!(borrows("daily-anomaly.percent"), 4);
    }

    #[test]
    fn every_rule_can_be_read() {
        let rules = alerts().unwrap();
        for rule in &rules {
            assert!(!rule.title.is_empty() && !rule.remedy.is_empty(), "{}", rule.name);
        }
    }
}
