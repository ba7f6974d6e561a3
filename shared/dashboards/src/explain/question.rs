//! The questions behind an explanation, as SQL of the facts (as `f`).

use aispend_warehouse::{ByModel, Column, Engine, Facts, Filter, Measure, Part, text};
use jiff::{Span, ToSpan, civil::Date};

use super::recipe;
use crate::{answer::Asked, filters::Filters, format};

/// What narrows a figure beyond the filters of a dashboard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrowed {
    /// The column whose figure is explained; none: all money.
    pub column: Option<String>,
    /// Which case of it.
    pub case: Option<String>,
    /// Which part of a figure of several.
    pub part: Option<usize>,
    /// From 0.
    pub page: usize,
    /// What the row says that members are chosen by: column and value.
    pub row: Vec<(String, String)>,
    by: Vec<(String, String)>,
}

/// What rows can be narrowed by, and the column of the facts; money alone has some.
const KEYS: [(&str, &str, bool); 8] = [
    ("key", "f.api_key_id", false),
    ("workspace", "f.workspace_id", false),
    ("attribution", "f.attribution", false),
    ("class", "f.cost_class", true),
    ("type", "f.cost_type", true),
    ("allocation", "f.allocation", true),
    ("tier", "f.service_tier", true),
    ("token", "f.token_class", true),
];

impl Narrowed {
    /// Reads a query string, with the limits and the words of the filters.
    ///
    /// # Errors
    /// In words for the person who wrote the address.
    pub fn read(query: &str) -> Result<Self, String> {
        let mut narrowed = Self::default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let is_key = KEYS.iter().any(|(key, _, _)| *key == name)
                || matches!(name, "main" | "without" | "rest" | "but" | "nor");
            if !is_key && !matches!(name, "column" | "case" | "part" | "page" | "row") {
                continue;
            }
            let read = Filters::read(&format!("model={value}"));
            if let Some((_, problem)) = read.errors.first() {
                return Err(format!("{name}: {problem}"));
            }
            let Some(value) = read.values(Filter::Model).first().cloned() else { continue };
            let number = || value.parse::<usize>().map_err(|_| format!("{name}: `{value}` is no number"));
            match name {
                "column" => narrowed.column = Some(value),
                "case" => narrowed.case = Some(value),
                "part" => narrowed.part = Some(number()?),
                "row" => {
                    let (column, value) = value
                        .split_once(':')
                        .ok_or_else(|| format!("row: `{value}` is no `column:value`"))?;
                    narrowed.row.push((column.to_owned(), value.to_owned()));
                }
                "page" => narrowed.page = number()?.clamp(1, 10_000) - 1,
                _ => narrowed.by.push((name.to_owned(), value)),
            }
        }
        Ok(narrowed)
    }

    /// What it is narrowed by, in words.
    pub fn words(&self) -> String {
        let row = self.row.iter().fold(String::new(), |words, (_, value)| format!("{words}, {value}"));
        self.by.iter().fold(row, |words, (name, value)| match name.as_str() {
            "without" => format!("{words}, no {value}"),
            "rest" => words,
            "but" | "nor" => format!("{words}, not {value}"),
            "key" => format!("{words}, key {value}"),
            _ => format!("{words}, {value}"),
        })
    }
}

/// The facts have a word of their own for Claude.ai.
pub const PLATFORM: &str = "CASE f.platform WHEN 'claude_web' THEN 'claude_ai' ELSE f.platform END";

const TEAM: &str = "CASE WHEN f.team IS NOT NULL THEN f.team WHEN f.user_email = 'unknown@unattributed.com' \
    THEN 'Unattributed' ELSE 'No team' END";

const HAS_TOKENS: &str = "COALESCE(f.input_tokens, 0) + COALESCE(f.output_tokens, 0) > 0";

/// Claude Code, Cursor, and a Claude.ai seat in a month in which its holder wrote code under it: as in `vw_spend_daily`.
const IS_CODING: &str = "(f.platform IN ('claude_code', 'cursor') OR (f.platform = 'claude_web' AND f.cost_class = 'seat' \
    AND f.user_email || SUBSTR(CAST(f.cost_date AS STRING), 1, 7) IN (\
    SELECT w.user_email || SUBSTR(CAST(w.activity_date AS STRING), 1, 7) FROM ai_usage_analytics.claude_code_usage_stats AS w \
    WHERE w.customer_type = 'subscription' AND w.lines_added > 0 AND w.user_email IS NOT NULL)))";

const IS_COVERED: &str = "COALESCE(f.customer_type = 'subscription', FALSE)";

/// One measure, under everything that an address and a card say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What is added up or counted.
    pub measure: &'static Measure,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    condition: String,
}

impl Question {
    /// Puts the dashboard's filters, the row's values and the card's own conditions together. The column knows which rows a
    /// name without a value stands for.
    ///
    /// # Errors
    /// In words, where rows of use are asked for by what money alone has.
    pub fn of(
        part: &Part,
        column: Option<&Column>,
        asked: &Asked,
        narrowed: &Narrowed,
        engine: Engine,
    ) -> Result<Self, String> {
        let measure = part.measure;
        let is_money = is_money(measure);
        let (from, to) = days(part, asked);
        let mut all = vec![format!("{} BETWEEN DATE '{from}' AND DATE '{to}'", day_of(measure.facts))];
        let list =
            |values: &[&str]| values.iter().map(|value| text(value, engine)).collect::<Vec<_>>().join(", ");
        let mut among = |column: &str, values: &[&str]| {
            if !values.is_empty() {
                all.push(format!("{column} IN ({})", list(values)));
            }
        };
        // A row may name a person on a dashboard that has no such filter.
        let chosen = |filter: Filter| -> Vec<&str> {
            asked.filters.values(filter).iter().map(String::as_str).collect()
        };
        let only = |name: &str| -> Vec<&str> {
            part.only.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
        };
        let by = |name: &str| -> Vec<&str> {
            narrowed.by.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
        };
        among(TEAM, &chosen(Filter::Team));
        among("f.user_email", &chosen(Filter::User));
        among(PLATFORM, &chosen(Filter::Platform));
        among(PLATFORM, &only("platform"));
        among(model_of(measure), &chosen(Filter::Model));
        among("f.model", &by("main"));
        for (name, column, of_money) in KEYS {
            if of_money && !is_money && !by(name).is_empty() {
                return Err(format!("{name}: use is not known by it, money is"));
            }
            among(column, &by(name));
            among(column, &only(name));
        }
        for name in by("without") {
            let column = match KEYS.iter().find(|(key, _, _)| *key == name) {
                Some((_, column, of_money)) if is_money || !of_money => column,
                None if name == "model" => model_of(measure),
                _ => return Err(format!("without: rows always have `{name}`, or never")),
            };
            all.push(format!("{column} IS NULL"));
        }
        if let Some(rest) = by("rest").first() {
            let key =
                key_of(rest, measure).ok_or_else(|| format!("rest: nothing is the rest by `{rest}`"))?;
            if !by("but").is_empty() {
                all.push(format!("COALESCE({key} NOT IN ({}), TRUE)", list(&by("but"))));
            }
            for name in by("nor") {
                let conditions = column.and_then(|column| own_conditions(column, name, measure, engine));
                let conditions = conditions.ok_or_else(|| format!("nor: this card names no `{name}`"))?;
                all.push(format!("NOT COALESCE({key} IS NULL AND {conditions}, FALSE)"));
            }
        }
        for (name, condition) in [("coding", IS_CODING), ("covered", IS_COVERED)] {
            for value in only(name) {
                all.push(if value == "yes" { condition.to_owned() } else { format!("NOT {condition}") });
            }
        }
        if measure.by_model == ByModel::Active {
            let is_by_model = !chosen(Filter::Model).is_empty();
            all.push(if is_by_model {
                format!(
                    "CASE f.platform WHEN 'claude_code' THEN {HAS_TOKENS} WHEN 'cursor' THEN FALSE ELSE f.is_active END"
                )
            } else {
                format!("(f.is_active OR (f.platform = 'claude_code' AND {HAS_TOKENS}))")
            });
        }
        if !measure.only.is_empty() {
            all.push(measure.only.to_owned());
        }
        all.push(format!("({}) IS NOT NULL", measure.of_row));
        Ok(Self { measure, from, to, condition: all.join(" AND ") })
    }

    fn facts(&self) -> &'static str {
        match self.measure.facts {
            Facts::Cost => "ai_usage_analytics.fct_cost_daily AS f",
            Facts::Usage => "ai_usage_analytics.fct_usage_daily AS f",
        }
    }

    /// `records`, and the figure.
    pub fn sum(&self) -> String {
        let Self { measure, condition, .. } = self;
        format!(
            "SELECT COUNT(*) AS records, {} AS figure FROM {} WHERE {condition}",
            measure.sum,
            self.facts()
        )
    }

    /// Rows by the rules that decided about them.
    pub fn rules(&self) -> String {
        let Self { measure, condition, .. } = self;
        let rules = match measure.facts {
            Facts::Cost => ["f.platform_rule", "f.allocation", "f.attribution"].as_slice(),
            Facts::Usage => ["f.attribution"].as_slice(),
        };
        let named = rules.iter().map(|rule| format!("{rule} AS {}", rule.replace("f.", "")));
        let named = named.collect::<Vec<_>>().join(", ");
        format!(
            "SELECT {PLATFORM} AS platform, {named}, COUNT(*) AS records, {} AS {} FROM {} WHERE {condition} \
             GROUP BY {PLATFORM}, {} ORDER BY records DESC, platform, {}",
            measure.sum,
            measure.name,
            self.facts(),
            rules.join(", "),
            rules.iter().map(|rule| rule.replace("f.", "")).collect::<Vec<_>>().join(", "),
        )
    }

    /// The rows, newest first; `rows` of them from a place on.
    pub fn rows(&self, rows: usize, from: usize) -> String {
        let Self { measure, condition, .. } = self;
        let facts = self.facts();
        match measure.facts {
            Facts::Cost => format!(
                "SELECT f.cost_date AS cost_date, {PLATFORM} AS platform, f.user_email AS user_email, f.model AS model, \
                 f.api_key_id AS api_key_id, f.cost_type AS cost_type, f.token_type AS token_type, f.cost_usd AS cost_usd, \
                 f.platform_rule AS platform_rule, f.allocation AS allocation, f.attribution AS attribution, \
                 f.slice_key AS slice_key, f.raw_response AS raw_response FROM {facts} WHERE {condition} \
                 ORDER BY cost_date DESC, cost_usd DESC, slice_key, user_email, model, api_key_id, cost_type, token_type \
                 LIMIT {rows} OFFSET {from}"
            ),
            Facts::Usage => {
                let value = if measure.is_counted() {
                    "f.is_active AS is_active".to_owned()
                } else {
                    format!("{} AS {}", measure.of_row, measure.name)
                };
                format!(
                    "SELECT f.usage_date AS usage_date, {PLATFORM} AS platform, f.user_email AS user_email, f.model AS model, \
                     f.api_key_id AS api_key_id, {value}, f.attribution AS attribution, f.source_table AS source_table, \
                     f.slice_key AS slice_key, f.raw_response AS raw_response FROM {facts} WHERE {condition} \
                     ORDER BY usage_date DESC, user_email, platform, model, api_key_id, slice_key LIMIT {rows} OFFSET {from}"
                )
            }
        }
    }

    /// `1 Oct 2026 to 17 Oct 2026`.
    pub fn days_words(&self) -> String {
        if self.from == self.to {
            format::day(self.from)
        } else {
            format!("{} to {}", format::day(self.from), format::day(self.to))
        }
    }
}

const fn day_of(facts: Facts) -> &'static str {
    match facts {
        Facts::Cost => "f.cost_date",
        Facts::Usage => "f.usage_date",
    }
}

/// The column of the facts behind a filter of rows.
fn key_of(name: &str, measure: &Measure) -> Option<&'static str> {
    match name {
        "model" => Some(model_of(measure)),
        "team" => Some(TEAM),
        "user" => Some("f.user_email"),
        "platform" => Some(PLATFORM),
        _ => {
            let key = KEYS.iter().find(|(key, _, of_money)| *key == name && (!of_money || is_money(measure)));
            key.map(|(_, column, _)| *column)
        }
    }
}

/// The conditions of one case of a column.
fn own_conditions(column: &Column, case: &str, measure: &Measure, engine: Engine) -> Option<String> {
    let recipe = recipe(column, Some(case))?;
    let [part] = recipe.parts.as_slice() else { return None };
    let mut named: Vec<&str> = part.only.iter().map(|(name, _)| name.as_str()).collect();
    named.dedup();
    let one = |name: &str| {
        let values = part.only.iter().filter(|(known, _)| known == name);
        let list = values.map(|(_, value)| text(value, engine)).collect::<Vec<_>>().join(", ");
        Some(format!("{} IN ({list})", key_of(name, measure)?))
    };
    let conditions: Vec<String> = named.into_iter().map(one).collect::<Option<_>>()?;
    (!conditions.is_empty()).then(|| conditions.join(" AND "))
}

const fn is_money(measure: &Measure) -> bool {
    matches!(measure.facts, Facts::Cost)
}

/// Which model a row counts for.
const fn model_of(measure: &Measure) -> &'static str {
    match measure.by_model {
        ByModel::Row | ByModel::Active => "f.model",
        ByModel::Record => "CASE WHEN f.platform NOT IN ('claude_code', 'cursor') THEN f.model END",
        ByModel::Tokens => "CASE WHEN f.platform <> 'cursor' THEN f.model END",
    }
}

/// The days of a part: those selected, unless it says otherwise.
fn days(part: &Part, asked: &Asked) -> (Date, Date) {
    let period = &asked.period;
    let through = period.through_day;
    let back = |days: i32| through.saturating_sub(Span::new().days(days));
    let monday = back(i32::from(through.weekday().to_monday_zero_offset()));
    let weeks_before = |weeks: i32| monday.saturating_sub(Span::new().days(7 * weeks));
    for (name, value) in &part.only {
        let count = value.parse::<i32>().unwrap_or(1);
        match name.as_str() {
            "before" => return (period.prev_first, period.prev_through),
            "last_month" => {
                let is_whole = through == through.last_of_month();
                let last = if is_whole { through } else { through.first_of_month().saturating_sub(1.day()) };
                return (last.first_of_month(), last);
            }
            "days" => return (back(count - 1), through),
            "weeks" => return (weeks_before(count - 1), through),
            "week" => {
                let first = weeks_before(12 - count);
                return (first, first.saturating_add(6.days()).min(through));
            }
            _ => {}
        }
    }
    (period.first_day, through)
}
