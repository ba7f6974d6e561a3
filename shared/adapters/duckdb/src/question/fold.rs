//! One-row tables of a question, asked first and put into it as constants.
//!
//! A card joins its days, one row, to a daily view. DuckDB scans the whole view for that; where it sees the days themselves
//! it skips what is not selected.

use std::ops::Range;

use super::text::{Text, is_name, replaced};

/// The names cards give to one-row tables.
const ALIASES: [&str; 2] = ["p", "l"];

/// The view of one row that cards name.
const ONE_ROW: &str = "ai_usage_analytics.vw_loaded_range";

/// A column, and its value as SQL.
pub type Constants = Vec<(String, String)>;

/// A one-row table by its name in some part of a statement.
struct Binding {
    /// The part.
    scope: Range<usize>,
    /// ` CROSS JOIN TABLE AS NAME`, where that is how it is joined.
    joined: Option<Range<usize>>,
    /// The question that gives the row.
    question: Option<String>,
}

/// Puts constants in the place of one-row tables. `ask` answers a question that gives one row, and nothing where it does
/// not.
pub fn fold(sql: &str, ask: &mut dyn FnMut(&str) -> Option<Constants>) -> String {
    let mut folded = sql.to_owned();
    for alias in ALIASES {
        folded = fold_one(&folded, alias, ask);
    }
    folded
}

fn fold_one(sql: &str, alias: &str, ask: &mut dyn FnMut(&str) -> Option<Constants>) -> String {
    let text = Text::of(sql);
    let words = format!("AS {alias}");
    let bindings: Vec<Binding> =
        text.find(&words).into_iter().map(|place| binding(&text, place, words.len())).collect();
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    for binding in &bindings {
        let is_twice = bindings.iter().filter(|other| other.scope == binding.scope).count() > 1;
        let Some(constants) = binding.question.as_deref().filter(|_| !is_twice).and_then(&mut *ask) else {
            continue;
        };
        // What a part within this one calls by the same name is another table.
        let is_ours = |place: &usize| {
            let around = bindings.iter().filter(|other| other.scope.contains(place));
            binding.scope.contains(place)
                && around
                    .min_by_key(|other| other.scope.len())
                    .is_some_and(|least| least.scope == binding.scope)
        };
        let uses = uses(&text, alias).into_iter().filter(is_ours);
        let mut is_needed = false;
        for place in uses {
            let (start, length) = (place + alias.len() + 1, name_length(&text, place + alias.len() + 1));
            let column = text.at(start..start + length);
            match constants.iter().find(|(name, _)| name == column) {
                Some((_, value)) => changes.push((place..start + length, value.clone())),
                None => is_needed = true,
            }
        }
        if let (false, Some(joined)) = (is_needed, &binding.joined) {
            changes.push((joined.clone(), String::new()));
        }
    }
    // A table that goes takes its own text with it.
    let gone: Vec<Range<usize>> =
        changes.iter().filter(|(_, words)| words.is_empty()).map(|(range, _)| range.clone()).collect();
    changes.retain(|(range, words)| words.is_empty() || !gone.iter().any(|gone| gone.contains(&range.start)));
    replaced(sql, changes)
}

fn uses(text: &Text<'_>, alias: &str) -> Vec<usize> {
    let found = text.find(alias).into_iter();
    found.filter(|place| text.masked(place + alias.len()..place + alias.len() + 1) == ".").collect()
}

fn name_length(text: &Text<'_>, start: usize) -> usize {
    text.masked(start..text.sql.len()).bytes().take_while(|byte| is_name(*byte)).count()
}

fn binding(text: &Text<'_>, place: usize, length: usize) -> Binding {
    let scope = text.question_around(place);
    let end = place - (text.masked(0..place).len() - text.masked(0..place).trim_end().len());
    let start = if text.masked(0..end).ends_with(')') {
        text.around(end - 1).start.saturating_sub(1)
    } else {
        end - text.name_before(end).len()
    };
    let before = text.masked(0..start);
    let joined = before.trim_end().strip_suffix("CROSS JOIN").map(|rest| rest.len()..place + length);
    let table = text.at(start..end);
    let question = match table {
        ONE_ROW => Some(format!("SELECT * FROM {ONE_ROW}")),
        _ if table.starts_with('(') => Some(format!("SELECT * FROM {table}")),
        _ => {
            let starts = text.find(&format!("{table} AS")).into_iter().map(|place| place + table.len() + 3);
            let mut starts = starts.filter(|place| text.masked(*place..*place + 2) == " (");
            starts
                .next()
                .map(|place| format!("SELECT * FROM ({})", text.at(place + 2..text.close(place + 2))))
        }
    };
    // Whatever scans a daily view is no small table, and an outer join may have no row at all.
    let is_outer = before.trim_end().ends_with("LEFT JOIN") || before.trim_end().ends_with("FULL JOIN");
    let question = question.filter(|sql| !sql.contains("_daily") && !is_outer);
    Binding { scope, joined, question }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(sql: &str) -> (String, Vec<String>) {
        let mut questions = Vec::new();
        let folded = fold(sql, &mut |question| {
            questions.push(question.to_owned());
            (!question.contains("many"))
                .then(|| vec![("a".into(), "DATE '2026-10-01'".into()), ("b".into(), "TRUE".into())])
        });
        (folded, questions)
    }

    #[test]
    fn a_row_becomes_constants_and_its_join_goes() {
        let check = |sql: &str, expected: &str| assert_eq!(asked(sql).0, expected, "{sql}");
        check(
            "SELECT 'p.a' FROM t AS s CROSS JOIN (SELECT 1 AS a) AS p WHERE s.day >= p.a AND p.b",
            "SELECT 'p.a' FROM t AS s  WHERE s.day >= DATE '2026-10-01' AND TRUE",
        );
        // A column that is no constant needs the table.
        check(
            "SELECT p.c FROM t CROSS JOIN (x) AS p WHERE p.a",
            "SELECT p.c FROM t CROSS JOIN (x) AS p WHERE DATE '2026-10-01'",
        );
        check("SELECT p.* FROM (x) AS p", "SELECT p.* FROM (x) AS p");
        // Each question of a union has its own.
        check(
            "SELECT p.a FROM (x) AS p UNION ALL SELECT p.a FROM (y) AS p",
            "SELECT DATE '2026-10-01' FROM (x) AS p UNION ALL SELECT DATE '2026-10-01' FROM (y) AS p",
        );
        // More than one row, a daily view, two tables of one name: nothing is known.
        for sql in [
            "SELECT p.a FROM (many) AS p",
            "SELECT p.a FROM (SELECT a FROM ai_usage_analytics.vw_spend_daily) AS p",
            "SELECT p.a FROM (x) AS p CROSS JOIN (y) AS p",
            "SELECT p.a FROM elsewhere AS p",
            "SELECT p.a FROM t LEFT JOIN (x) AS p ON TRUE",
        ] {
            check(sql, sql);
        }
    }

    #[test]
    fn a_name_counts_in_its_own_part() {
        let (folded, questions) = asked(
            "WITH last AS (SELECT p.a AS a FROM (x) AS p), many AS (SELECT l.a FROM (many) AS l) \
             SELECT l.a, (SELECT MAX(l.a) FROM t AS l) FROM t CROSS JOIN last AS l",
        );
        assert_eq!(
            folded,
            "WITH last AS (SELECT DATE '2026-10-01' AS a FROM (x) AS p), many AS (SELECT l.a FROM (many) AS l) \
             SELECT DATE '2026-10-01', (SELECT MAX(l.a) FROM t AS l) FROM t "
        );
        assert_eq!(
            questions,
            [
                "SELECT * FROM (x)",
                "SELECT * FROM (many)",
                "SELECT * FROM (SELECT DATE '2026-10-01' AS a FROM (x) AS p)"
            ]
        );
    }
}
