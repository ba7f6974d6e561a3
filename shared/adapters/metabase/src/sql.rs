//! A card's query as Metabase keeps it: the same file, its filters as template tags.

use aispend_dashboards::{Board, format::PLATFORMS};
use aispend_warehouse::{
    Card, Column, DATASET, Display, Engine, Filter, Selection, TODAY, in_dataset, standing_period, text,
};

/// What the series of a sum is called.
const TOTAL: &str = "Total";

/// A query with tags, and which filters those are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// With `{{tags}}` and `[[optional parts]]`.
    pub sql: String,
    /// The filters that it has tags of, in the order people see them.
    pub filters: Vec<Filter>,
}

/// A filter's name in tags and addresses of Metabase.
pub const fn slug(filter: Filter) -> &'static str {
    match filter {
        Filter::Range => "date_range",
        Filter::Team | Filter::User | Filter::Platform | Filter::Model => filter.slug(),
    }
}

/// The column that a tag stands for, as the query calls it.
pub fn alias(filter: Filter) -> String {
    filter.column().map_or_else(|| "c.day".to_owned(), |column| format!("v.{column}"))
}

/// The table and column behind a filter, whose values Metabase offers.
pub fn field(filter: Filter) -> String {
    let column = filter.column();
    column.map_or_else(|| "dim_calendar.day".to_owned(), |column| format!("vw_spend_daily.{column}"))
}

/// A card's query for an engine; `None` for a text card.
pub fn question(card: &Card, engine: Engine, dataset: &str) -> Option<Question> {
    asked(card, engine, dataset, card.display == Display::Table)
}

/// The query of the table beside a chart.
pub fn twin_question(card: &Card, engine: Engine, dataset: &str) -> Option<Question> {
    asked(card, engine, dataset, true)
}

/// True where a table of this card says `Claude Code` and not `claude_code`. Whatever a click leads to wants the key, and so do
/// the colours of a chart.
pub fn says_platforms(card: &Card) -> bool {
    let leads_on = |column: &Column| column.link.as_ref().is_some_and(|link| link.contains("{platform}"));
    card.template().contains("{{platform:") && !card.columns.iter().any(leads_on)
}

fn asked(card: &Card, engine: Engine, dataset: &str, is_table: bool) -> Option<Question> {
    let followed = followed(card);
    let is_in_words = is_table && says_platforms(card);
    let own = |word: &str| match word {
        "spend" => Some(daily("vw_spend_daily", &followed)),
        "usage" => Some(daily("vw_usage_daily", &followed)),
        "period" => Some(standing_period("{{date_range}}")),
        _ => word.strip_prefix("platform:").filter(|_| is_in_words).map(|key| platform_words(key, engine)),
    };
    let sql = in_dataset(&card.sql_with(engine, own)?, dataset);
    let is_used = |filter: &Filter| sql.contains(&format!("{{{{{}}}}}", slug(*filter)));
    let filters = Filter::ALL.into_iter().filter(is_used).collect();
    Some(Question { sql, filters })
}

fn platform_words(key: &str, engine: Engine) -> String {
    let total = ("total", TOTAL);
    let words = PLATFORMS
        .iter()
        .chain([&total])
        .map(|(known, words)| format!(" WHEN {} THEN {}", text(known, engine), text(words, engine)));
    format!("CASE {key}{} ELSE {key} END", words.collect::<String>())
}

/// What a card's dashboard filters by and the card follows.
fn followed(card: &Card) -> Vec<Filter> {
    let board = Board::of_group(&card.group).map_or(&[][..], |board| board.filters);
    board.iter().copied().filter(|filter| !card.ignores.contains(filter)).collect()
}

/// A daily view with optional filters.
fn daily(view: &str, followed: &[Filter]) -> String {
    let filters: Vec<String> = followed
        .iter()
        .filter(|filter| filter.column().is_some())
        .map(|filter| format!(" [[AND {{{{{}}}}}]]", slug(*filter)))
        .collect();
    let filters = filters.concat();
    let condition = if filters.is_empty() { String::new() } else { format!(" WHERE TRUE{filters}") };
    format!("(SELECT v.* FROM {DATASET}.{view} AS v{condition})")
}

/// The query that Metabase would send for a selection: its tags filled in, parts without a value left out. `None` for a
/// text card. The day on which it is asked is the selection's, so that an answer can be compared with another.
pub fn query_as_metabase(card: &Card, engine: Engine, selection: &Selection) -> Option<String> {
    Some(filled(&question(card, engine, DATASET)?, engine, selection))
}

/// The same of the table beside a chart.
pub fn twin_as_metabase(card: &Card, engine: Engine, selection: &Selection) -> Option<String> {
    Some(filled(&twin_question(card, engine, DATASET)?, engine, selection))
}

fn filled(asked: &Question, engine: Engine, selection: &Selection) -> String {
    let sql = &asked.sql;
    let filled = fill(&optional(sql, selection), |name| condition(name, engine, selection));
    filled.replace(TODAY, &format!("DATE '{}'", selection.today))
}

/// Keeps an optional part where its tag has a value.
fn optional(sql: &str, selection: &Selection) -> String {
    let mut kept = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once("[[") {
        let Some((part, tail)) = after.split_once("]]") else { break };
        kept.push_str(before);
        let is_chosen = |filter: &Filter| {
            part.contains(&format!("{{{{{}}}}}", slug(*filter))) && !selection.values(*filter).is_empty()
        };
        if Filter::ALL.iter().any(is_chosen) {
            kept.push_str(part);
        }
        rest = tail;
    }
    kept.push_str(rest);
    kept
}

fn fill(sql: &str, condition: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, tail)) = after.split_once("}}") else { break };
        filled.push_str(before);
        // An unknown tag stays: the engine names it.
        filled.push_str(&condition(name).unwrap_or_else(|| format!("{{{{{name}}}}}")));
        rest = tail;
    }
    filled.push_str(rest);
    filled
}

fn condition(name: &str, engine: Engine, selection: &Selection) -> Option<String> {
    let filter = Filter::ALL.into_iter().find(|filter| slug(*filter) == name)?;
    let alias = alias(filter);
    if filter == Filter::Range {
        let Selection { first_day, last_day, .. } = selection;
        return Some(format!("{alias} BETWEEN DATE '{first_day}' AND DATE '{last_day}'"));
    }
    let values: Vec<String> = selection.values(filter).iter().map(|value| text(value, engine)).collect();
    Some(match values.as_slice() {
        [] => "1 = 1".to_owned(),
        [value] => format!("{alias} = {value}"),
        values => format!("{alias} IN ({})", values.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use aispend_warehouse::cards;
    use jiff::civil::date;

    use super::*;

    fn card(id: &str) -> Card {
        cards().unwrap().into_iter().find(|card| card.id == id).unwrap()
    }

    #[test]
    fn a_filter_becomes_an_optional_tag_and_the_days_a_required_one() {
        let question = question(&card("exec/total-spend"), Engine::BigQuery, "other").unwrap();
        assert_eq!(question.filters, [Filter::Range, Filter::Team, Filter::Platform]);
        assert!(
            question.sql.contains(
                "(SELECT v.* FROM other.vw_spend_daily AS v WHERE TRUE [[AND {{team}}]] [[AND {{platform}}]])"
            ),
            "{}",
            question.sql
        );
        assert!(question.sql.contains("FROM other.dim_calendar AS c WHERE {{date_range}}"));
        assert!(!question.sql.contains("ai_usage_analytics"), "{}", question.sql);
    }

    #[test]
    fn what_a_card_ignores_has_no_tag() {
        let question = question(&card("exec/freshness"), Engine::BigQuery, DATASET).unwrap();
        assert_eq!(question.filters, []);
        let unattributed = super::question(&card("alloc/unattributed"), Engine::BigQuery, DATASET).unwrap();
        assert_eq!(unattributed.filters, [Filter::Range, Filter::Platform, Filter::Model]);
    }

    #[test]
    fn every_tag_is_filled_in_and_nothing_else_looks_like_one() {
        let days = Selection::of_days(date(2026, 10, 1), date(2026, 10, 31), date(2026, 11, 2));
        let all = Selection {
            team: vec!["Platform".into()],
            user: vec!["ana@example.com".into()],
            platform: vec!["cursor".into(), "claude_ai".into()],
            model: vec!["m".into()],
            ..days.clone()
        };
        for card in cards().unwrap().iter().filter(|card| !card.is_text()) {
            for selection in [&days, &all] {
                let sql = query_as_metabase(card, Engine::BigQuery, selection).unwrap();
                for left in ["{{", "}}", "[[", "]]", TODAY] {
                    assert!(!sql.contains(left), "{}: {left} in {sql}", card.id);
                }
            }
        }
        let sql = query_as_metabase(&card("alloc/people"), Engine::BigQuery, &all).unwrap();
        assert!(sql.contains("AND v.platform IN (\"cursor\", \"claude_ai\") AND v.model = \"m\""), "{sql}");
        assert!(sql.contains("c.day BETWEEN DATE '2026-10-01' AND DATE '2026-10-31'"), "{sql}");
    }
}
