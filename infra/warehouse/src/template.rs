//! The few words that the engines spell differently.

use std::borrow::Cow;

use crate::{DATASET, Engine, Selection, files::PARTS};

/// Spells the words in double braces for an engine.
pub fn render(sql: &str, engine: Engine) -> String {
    replace(sql, |word| spell(word, engine))
}

/// The same for a card, whose words also stand for what was selected.
pub fn render_selected(sql: &str, engine: Engine, selection: &Selection) -> String {
    replace(sql, |word| match word {
        "spend" => selection.daily("vw_spend_daily", engine).into(),
        "usage" => selection.daily("vw_usage_daily", engine).into(),
        "period" => selection.period(engine).into(),
        _ => spell(word, engine),
    })
}

/// The same with somebody's own spelling of some words.
pub fn render_with(sql: &str, engine: Engine, own: impl Fn(&str) -> Option<String>) -> String {
    replace(sql, |word| own(word).map_or_else(|| spell(word, engine), Cow::from))
}

/// How deep parts may name parts.
const DEPTH: usize = 3;

/// A query with the parts that it shares with others in place of `{{with:NAME}}`. A part may name another.
pub fn with_parts(sql: &str) -> Result<String, String> {
    let mut sql = sql.to_owned();
    for _ in 0..DEPTH {
        sql = with_parts_once(&sql)?;
    }
    let deeper = words(&sql).find(|word| word.starts_with("with:"));
    if let Some(word) = deeper {
        return Err(format!("`{{{{{word}}}}}`: parts name parts more than {DEPTH} deep"));
    }
    Ok(sql)
}

fn with_parts_once(sql: &str) -> Result<String, String> {
    for name in words(sql).filter_map(|word| word.strip_prefix("with:")) {
        part(name).ok_or_else(|| format!("`{{{{with:{name}}}}}` names no file in infra/warehouse/parts"))?;
    }
    // Every other word stays for the engine that is asked.
    Ok(replace(sql, |word| match word.strip_prefix("with:").and_then(part) {
        Some(part) => part.into(),
        None => format!("{{{{{word}}}}}").into(),
    }))
}

/// A part without the line that says what it is.
fn part(name: &str) -> Option<&'static str> {
    let (_, file) = PARTS.iter().find(|(known, _)| *known == name)?;
    file.split_once('\n').map(|(_, sql)| sql.trim_end())
}

/// True for the ways in which numbers and days become text, and for a platform, whose key a reader may want as words.
pub fn is_format(name: &str) -> bool {
    matches!(name, "thousands" | "fixed1" | "fixed2" | "fixed3" | "day_words" | "month_words" | "platform")
}

/// True for the words of cards alone.
pub fn is_word(word: &str) -> bool {
    match word.split_once(':') {
        Some((name, expression)) => is_format(name.trim()) && !expression.trim().is_empty(),
        None => matches!(word, "spend" | "usage" | "period" | "numeric" | "now" | "of_all"),
    }
}

/// The words of a file.
pub fn words(sql: &str) -> impl Iterator<Item = &str> {
    sql.split("{{").skip(1).map(|part| part.split("}}").next().unwrap_or(part).trim())
}

/// Puts a spelling in the place of every word.
pub fn replace<'a>(sql: &'a str, spelling: impl Fn(&'a str) -> Cow<'a, str>) -> String {
    let mut rendered = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((word, tail)) = after.split_once("}}") else { break };
        rendered.push_str(before);
        rendered.push_str(&spelling(word.trim()));
        rest = tail;
    }
    rendered.push_str(rest);
    rendered
}

/// An unknown word stays as it is, braces gone: the engine names it, and a test finds it first.
pub fn spell(word: &str, engine: Engine) -> Cow<'_, str> {
    if let Some((format, expression)) = word.split_once(':')
        && let Some(text) = as_text(format.trim(), expression.trim(), engine)
    {
        return text.into();
    }
    match (word, engine) {
        // A bare NUMERIC is DECIMAL(18, 3) in DuckDB, which rounds money silently.
        ("numeric", Engine::DuckDb) => "DECIMAL(38, 9)",
        ("numeric", Engine::BigQuery) => "NUMERIC",
        // DuckDB's own word has a time zone, and needs an extension to be compared with a moment.
        ("now", Engine::DuckDb) => "make_timestamp(epoch_us(now()))",
        ("now", Engine::BigQuery) => "CURRENT_TIMESTAMP()",
        // How many rows there are is asked by a page that reads the first of them.
        ("of_all", _) => "",
        (other, _) => other,
    }
    .into()
}

/// A number or a day as people read it.
fn as_text(format: &str, expression: &str, engine: Engine) -> Option<String> {
    Some(match (format, engine) {
        ("platform", _) => expression.to_owned(),
        ("thousands", Engine::DuckDb) => format!("format('{{:,}}', CAST(ROUND({expression}) AS BIGINT))"),
        ("thousands", Engine::BigQuery) => format!("FORMAT(\"%'d\", CAST(ROUND({expression}) AS INT64))"),
        ("fixed1" | "fixed2" | "fixed3", _) => {
            let places = format.trim_start_matches("fixed");
            // Rounded as an exact number first: 0.125 is not what a float makes of it.
            let rounded = format!("ROUND(CAST({expression} AS {}), {places})", spell("numeric", engine));
            match engine {
                Engine::DuckDb => format!("format('{{:.{places}f}}', CAST({rounded} AS DOUBLE))"),
                Engine::BigQuery => format!("FORMAT('%.{places}f', CAST({rounded} AS FLOAT64))"),
            }
        }
        ("day_words", Engine::DuckDb) => format!("strftime({expression}, '%-d %b %Y')"),
        ("day_words", Engine::BigQuery) => format!("TRIM(FORMAT_DATE('%e %b %Y', {expression}))"),
        ("month_words", Engine::DuckDb) => format!("strftime({expression}, '%B %Y')"),
        ("month_words", Engine::BigQuery) => format!("FORMAT_DATE('%B %Y', {expression})"),
        _ => return None,
    })
}

/// The same SQL for a dataset of another name.
pub fn in_dataset(sql: &str, dataset: &str) -> String {
    if dataset == DATASET {
        sql.to_owned()
    } else {
        sql.replace(&format!("{DATASET}."), &format!("{dataset}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{ALERTS, CARDS, TABLES, VIEWS};

    #[test]
    fn words_in_braces_are_spelled_for_the_engine() {
        assert_eq!(render("CAST(a AS {{numeric}}), b", Engine::BigQuery), "CAST(a AS NUMERIC), b");
        assert_eq!(render("CAST(a AS {{ numeric }}), b", Engine::DuckDb), "CAST(a AS DECIMAL(38, 9)), b");
    }

    #[test]
    fn numbers_and_days_become_text_on_either_engine() {
        assert_eq!(
            render("{{thousands:SUM(s.cost_usd)}}", Engine::DuckDb),
            "format('{:,}', CAST(ROUND(SUM(s.cost_usd)) AS BIGINT))"
        );
        assert_eq!(render("{{thousands: x }}", Engine::BigQuery), "FORMAT(\"%'d\", CAST(ROUND(x) AS INT64))");
        assert_eq!(
            render("{{fixed1:x}}", Engine::BigQuery),
            "FORMAT('%.1f', CAST(ROUND(CAST(x AS NUMERIC), 1) AS FLOAT64))"
        );
        assert_eq!(
            render("{{day_words:p.through_day}}", Engine::DuckDb),
            "strftime(p.through_day, '%-d %b %Y')"
        );
    }

    #[test]
    fn another_dataset_is_named_wherever_the_first_was() {
        let sql = "SELECT t.a FROM ai_usage_analytics.t AS t JOIN ai_usage_analytics.u USING (a)";
        assert_eq!(in_dataset(sql, "other"), "SELECT t.a FROM other.t AS t JOIN other.u USING (a)");
        assert_eq!(in_dataset(sql, DATASET), sql);
    }

    #[test]
    fn a_part_stands_where_it_is_named_and_other_words_stay() {
        let whole = with_parts("WITH {{with:thirteen_months}}\nSELECT {{ numeric }} FROM {{spend}}").unwrap();
        assert!(whole.starts_with("WITH last AS (\n    SELECT p.through_day"), "{whole}");
        assert!(whole.ends_with(")\nSELECT {{numeric}} FROM {{spend}}"), "{whole}");
        let nested = with_parts("WITH {{with:months_so_far}} SELECT 1").unwrap();
        assert!(nested.contains("p.mean_usd * {{limit:daily-anomaly.percent}}"), "{nested}");
        let unknown = with_parts("WITH {{with:nothing}} SELECT 1").unwrap_err();
        assert!(
            unknown.contains("`{{with:nothing}}`") && unknown.contains("infra/warehouse/parts"),
            "{unknown}"
        );
    }

    #[test]
    fn a_part_says_what_it_is_and_is_shared() {
        for (name, part) in PARTS {
            assert!(part.starts_with("-- "), "{name}");
            let word = format!("{{{{with:{name}}}}}");
            let cards = CARDS.iter().map(|(_, _, file)| file);
            let others = ALERTS.iter().chain(PARTS).chain(VIEWS).map(|(_, file)| file);
            let users = cards.chain(others).filter(|file| file.contains(&word)).count();
            assert!(users > 1, "{name} is of {users} files: it belongs there");
        }
    }

    #[test]
    fn the_files_use_known_words_only() {
        for (name, sql) in TABLES.iter().chain(VIEWS) {
            let sql = with_parts(sql).unwrap();
            for word in words(&sql) {
                // What somebody selected is known to cards alone.
                let is_selected = matches!(word, "spend" | "usage" | "period" | "of_all");
                let is_layout = word.starts_with("partition_by ") || word.starts_with("cluster_by ");
                assert!(is_layout || is_word(word) && !is_selected, "{name}: {word}");
            }
        }
    }
}
