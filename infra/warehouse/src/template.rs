//! The few words that the engines spell differently.

use crate::{DATASET, Engine};

/// Spells the words in double braces for an engine.
pub fn render(sql: &str, engine: Engine) -> String {
    let mut rendered = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((word, tail)) = after.split_once("}}") else { break };
        rendered.push_str(before);
        rendered.push_str(spell(word.trim(), engine));
        rest = tail;
    }
    rendered.push_str(rest);
    rendered
}

/// An unknown word stays as it is, braces gone: the engine names it, and a test finds it first.
fn spell(word: &str, engine: Engine) -> &str {
    match (word, engine) {
        // A bare NUMERIC is DECIMAL(18, 3) in DuckDB, which rounds money silently.
        ("numeric", Engine::DuckDb) => "DECIMAL(38, 9)",
        ("numeric", Engine::BigQuery) => "NUMERIC",
        // DuckDB's own word has a time zone, and needs an extension to be compared with a moment.
        ("now", Engine::DuckDb) => "make_timestamp(epoch_us(now()))",
        ("now", Engine::BigQuery) => "CURRENT_TIMESTAMP()",
        (other, _) => other,
    }
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
    use crate::files::{TABLES, VIEWS};

    #[test]
    fn words_in_braces_are_spelled_for_the_engine() {
        assert_eq!(render("CAST(a AS {{numeric}}), b", Engine::BigQuery), "CAST(a AS NUMERIC), b");
        assert_eq!(render("CAST(a AS {{ numeric }}), b", Engine::DuckDb), "CAST(a AS DECIMAL(38, 9)), b");
    }

    #[test]
    fn another_dataset_is_named_wherever_the_first_was() {
        let sql = "SELECT t.a FROM ai_usage_analytics.t AS t JOIN ai_usage_analytics.u USING (a)";
        assert_eq!(in_dataset(sql, "other"), "SELECT t.a FROM other.t AS t JOIN other.u USING (a)");
        assert_eq!(in_dataset(sql, DATASET), sql);
    }

    #[test]
    fn the_files_use_known_words_only() {
        for (name, sql) in TABLES.iter().chain(VIEWS) {
            for part in sql.split("{{").skip(1) {
                let word = part.split("}}").next().unwrap().split_whitespace().next().unwrap();
                assert!(matches!(word, "numeric" | "now" | "partition_by" | "cluster_by"), "{name}: {word}");
            }
        }
    }
}
