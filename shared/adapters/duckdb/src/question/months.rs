//! Which days a question tells apart, and the months it may therefore read as wholes.
//!
//! Beside each daily view the copy keeps its months: rows that differ in nothing but the day, added up, under their last
//! day. Where a question compares days with a few constants, a month that none of them cuts lies inside or outside as a
//! whole, and its rows are a tenth as many.

use std::ops::Range;

use jiff::{ToSpan, civil::Date};

use super::text::{Text, is_name, replaced};
use crate::layout::{Daily, WITHOUT_MONTH};

/// Lets each part of a question read whole months of a daily view where that cannot be told from reading its days.
pub fn by_months(sql: &str, daily: &Daily) -> String {
    let sql = with_plain_days(sql, daily.day);
    let text = Text::of(&sql);
    let name = daily.name();
    let changes = text.find(&name).into_iter().filter_map(|place| {
        let part = reader(&text, place);
        let cuts = cuts(&text, &part, daily.day)?;
        let is_by_week =
            ["week", "is_weekday"].iter().any(|column| !columns(&text, &part, column).is_empty());
        let is_by_month = !is_by_week && !counts_rows(&text, &part);
        is_by_month.then(|| (place..place + name.len(), months(daily, &cuts)))
    });
    let changes = changes.collect();
    replaced(&sql, changes)
}

/// The rows of a daily view, as months where no cut lies within them.
fn months(daily: &Daily, cuts: &[Date]) -> String {
    let mut months: Vec<Date> =
        cuts.iter().filter(|day| day.day() != 1).map(|day| day.first_of_month()).collect();
    months.sort_unstable();
    months.dedup();
    let listed: Vec<String> = months.iter().map(|month| format!("DATE '{month}'")).collect();
    let (whole, cut) = if listed.is_empty() {
        (String::new(), WITHOUT_MONTH.to_owned())
    } else {
        let list = listed.join(", ");
        (format!(" WHERE month NOT IN ({list})"), format!("month IN ({list}) OR {WITHOUT_MONTH}"))
    };
    format!(
        "(SELECT * FROM {}{whole} UNION ALL SELECT * FROM {} WHERE {cut})",
        daily.months_table(),
        daily.days_table()
    )
}

/// What the filters of a page make of a daily view: a part of its own, which tells no days apart.
const FILTERED: &str = "SELECT v.* FROM";

/// The part of a question that reads the view at a place; the whole question where that part hands rows on as they are.
fn reader(text: &Text<'_>, place: usize) -> Range<usize> {
    let mut part = text.around(place);
    while part.start > 0 && (text.at(part.clone()).starts_with(FILTERED) || !is_question(text, &part)) {
        part = text.around(part.start - 1);
    }
    let mut stars = text.masked(part.clone()).match_indices('*').map(|(at, _)| part.start + at);
    let hands_on = stars.any(|star| {
        let before = text.masked(part.start..star);
        (before.ends_with('.') && text.name_before(star) != "v.") || before.ends_with("SELECT ")
    });
    if hands_on { 0..text.sql.len() } else { part }
}

fn is_question(text: &Text<'_>, part: &Range<usize>) -> bool {
    let begin = text.masked(part.clone()).trim_start();
    begin.starts_with("SELECT") || begin.starts_with("WITH")
}

/// Where a column of any table stands in a part: the place of its name.
fn columns(text: &Text<'_>, part: &Range<usize>, name: &str) -> Vec<usize> {
    let is_column = |place: &usize| {
        let after = text.masked(place + name.len()..text.sql.len()).bytes().next();
        !after.is_some_and(is_name)
    };
    let column = format!(".{name}");
    let places = text.masked(part.clone()).match_indices(&column);
    places.map(|(at, _)| part.start + at + 1).filter(is_column).collect()
}

/// `UNIX_DATE(s.day) > UNIX_DATE(DATE 'X') - N` as a comparison of days.
fn with_plain_days(sql: &str, day: &str) -> String {
    let text = Text::of(sql);
    let changes = text.find("UNIX_DATE").into_iter().filter_map(|place| {
        let inner = place + "UNIX_DATE(".len();
        let close = text.close(inner);
        let column = text.at(inner..close);
        let (alias, name) = column.split_once('.')?;
        if name != day || !alias.bytes().all(is_name) {
            return None;
        }
        let rest = text.from(close).strip_prefix(") > UNIX_DATE(DATE '")?;
        let date: Date = rest.get(..10)?.parse().ok()?;
        let digits = rest.get(10..)?.strip_prefix("') - ")?;
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        let days: i32 = digits.get(..count)?.parse().ok()?;
        let end = sql.len() - digits.len() + count;
        let after = date.checked_sub(days.days()).ok()?;
        Some((place..end, format!("{column} > DATE '{after}'")))
    });
    let changes = changes.collect();
    replaced(sql, changes)
}

/// The first days of what a part tells apart; none where it looks at days in another way.
fn cuts(text: &Text<'_>, part: &Range<usize>, day: &str) -> Option<Vec<Date>> {
    let mut cuts = Vec::new();
    for place in columns(text, part, day) {
        let end = place + day.len();
        let after = text.from(end);
        let next = |date: Date| date.checked_add(1.day()).ok();
        if let Some(rest) = after.strip_prefix(" BETWEEN ") {
            let (first, rest) = constant(rest)?;
            let (last, _) = constant(rest.strip_prefix(" AND ")?)?;
            cuts.extend([first, next(last)?]);
        } else if let Some(rest) = after.strip_prefix(" >= ").or_else(|| after.strip_prefix(" < ")) {
            cuts.push(constant(rest)?.0);
        } else if let Some(rest) = after.strip_prefix(" <= ").or_else(|| after.strip_prefix(" > ")) {
            cuts.push(next(constant(rest)?.0)?);
        } else {
            is_last_day(text, place, after).then_some(())?;
        }
    }
    Some(cuts)
}

/// `DATE 'X'`, and what follows: more days or an end, but no sum.
fn constant(text: &str) -> Option<(Date, &str)> {
    let rest = text.strip_prefix("DATE '")?;
    let (date, rest) = (rest.get(..10)?, rest.get(10..)?.strip_prefix('\'')?);
    let is_sum = rest.trim_start().starts_with(['+', '-', '*', ':']);
    Some((date.parse().ok().filter(|_| !is_sum)?, rest))
}

/// True where the last of many days is asked for: a month stands under its last day.
fn is_last_day(text: &Text<'_>, place: usize, after: &str) -> bool {
    let alias = text.name_before(place);
    let before = text.at(0..place - alias.len());
    let active = format!("MAX(CASE WHEN {alias}is_active THEN ");
    (before.ends_with("MAX(") || before.ends_with(&active))
        && (after.starts_with(')') || after.starts_with(" END)"))
        || before.ends_with("MAX(CAST(") && after.starts_with(" AS STRING) || ")
}

/// True where a part counts its rows and does not add them up: months are fewer.
fn counts_rows(text: &Text<'_>, part: &Range<usize>) -> bool {
    let body = text.masked(part.clone());
    let holds =
        |word: &str| body.match_indices(word).any(|(at, _)| reads_rows(text, part.start, part.start + at));
    if holds("COUNT(*)") || holds("AVG(") {
        return true;
    }
    body.match_indices(" THEN 1 ").any(|(at, _)| {
        let inside = text.around(part.start + at);
        reads_rows(text, part.start, inside.start) && !text.at(0..inside.start).ends_with("MAX(")
    })
}

/// True where a place belongs to the part that begins at `start`, and not to a question within it.
fn reads_rows(text: &Text<'_>, start: usize, place: usize) -> bool {
    let mut inside = text.around(place);
    while inside.start > start {
        if is_question(text, &inside) {
            return false;
        }
        inside = text.around(inside.start.saturating_sub(1));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::DAILY;

    const SPEND: &str = "(SELECT v.* FROM ai_usage_analytics.vw_spend_daily AS v)";

    fn planned(sql: &str) -> String {
        by_months(&sql.replace("{{spend}}", SPEND), &DAILY[0])
    }

    #[test]
    fn months_that_no_day_cuts_are_read_as_wholes() {
        let check = |filter: &str, months: &[&str]| {
            let sql = planned(&format!("SELECT SUM(s.cost_usd) FROM {{{{spend}}}} AS s WHERE {filter}"));
            let list = months.iter().map(|month| format!("DATE '{month}-01'")).collect::<Vec<_>>().join(", ");
            if months.is_empty() {
                assert!(sql.contains("vw_spend_daily_months UNION ALL"), "{sql}");
            } else {
                assert!(sql.contains(&format!("months WHERE month NOT IN ({list}) UNION ALL")), "{sql}");
            }
        };
        check("s.spend_date BETWEEN DATE '2026-01-01' AND DATE '2026-03-31'", &[]);
        check("s.spend_date BETWEEN DATE '2026-01-01' AND DATE '2026-03-30'", &["2026-03"]);
        check(
            "s.spend_date >= DATE '2026-01-02' AND s.spend_date < DATE '2026-02-28'",
            &["2026-01", "2026-02"],
        );
        check("s.spend_date <= DATE '2026-01-30'", &["2026-01"]);
        check("s.spend_date > DATE '2025-12-31'", &[]);
        check("UNIX_DATE(s.spend_date) > UNIX_DATE(DATE '2026-03-31') - 30", &["2026-03"]);
        check("s.team = ' .spend_date '", &[]);
        check("(SELECT COUNT(*) FROM other AS o) > 0", &[]);
        check("0 < (SELECT SUM(CASE WHEN TRUE THEN 1 END) FROM other AS o)", &[]);
        check("1 > 0 HAVING MAX(s.spend_date) > MAX(CAST(s.spend_date AS STRING) || s.team)", &[]);
        check("1 > 0 HAVING MAX(CASE WHEN s.is_active THEN s.spend_date END) IS NULL", &[]);
        check("1 > 0 HAVING MAX(CASE WHEN s.is_active THEN 1 ELSE 0 END) = 1", &[]);
    }

    #[test]
    fn each_part_reads_what_it_needs() {
        let sum = "SELECT SUM(s.cost_usd) FROM {{spend}} AS s WHERE s.spend_date <= DATE '2026-01-30'";
        let days = "SELECT COUNT(DISTINCT s.spend_date) FROM {{spend}} AS s";
        let sql = planned(&format!("WITH a AS ({sum}), b AS ({days}) SELECT * FROM a, b"));
        assert!(sql.contains("NOT IN (DATE '2026-01-01') UNION ALL"), "{sql}");
        assert!(
            sql.ends_with(&format!("b AS ({}) SELECT * FROM a, b", days.replace("{{spend}}", SPEND))),
            "{sql}"
        );
        // Rows that are handed on may be told apart anywhere.
        for (handed, is_asked) in [("s.*", false), ("s.cost_usd AS cost_usd", true)] {
            let sql = planned(&format!(
                "WITH a AS (SELECT {handed} FROM {{{{spend}}}} AS s) SELECT COUNT(DISTINCT a.spend_date) FROM a"
            ));
            assert_eq!(sql.contains("_months"), is_asked, "{sql}");
        }
    }

    #[test]
    fn a_question_about_days_reads_days() {
        for part in [
            "SELECT s.spend_date FROM {{spend}} AS s",
            "SELECT MIN(s.spend_date) FROM {{spend}} AS s",
            "SELECT SUM(s.cost_usd) FROM {{spend}} AS s WHERE s.spend_date >= c.day",
            "SELECT SUM(s.cost_usd) FROM {{spend}} AS s WHERE s.spend_date >= DATE '2026-01-01' + 1",
            "SELECT SUM(s.cost_usd) FROM {{spend}} AS s GROUP BY s.week",
            "SELECT COUNT(*) FROM {{spend}} AS s",
            "SELECT SUM(CASE WHEN s.team = 'a' THEN 1 END) FROM {{spend}} AS s",
            "SELECT AVG(s.cost_usd) FROM ai_usage_analytics.vw_spend_daily AS s",
        ] {
            assert_eq!(planned(part), part.replace("{{spend}}", SPEND));
        }
    }
}
