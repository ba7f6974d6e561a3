//! Which days a question tells apart, and the months it may therefore read as wholes.
//!
//! Beside each daily view the copy keeps its months: rows that differ in nothing but the day, added up, under their last
//! day. Where a question compares days with a few constants, a month that none of them cuts lies inside or outside as a
//! whole, and its rows are a tenth as many.

use jiff::{ToSpan, civil::Date};

use super::text::{Text, is_name, replaced};
use crate::layout::{Daily, WITHOUT_MONTH};

/// Lets a question read whole months of a daily view where that cannot be told from reading its days.
pub fn by_months(sql: &str, daily: &Daily) -> String {
    let sql = with_plain_days(sql, daily.day);
    let text = Text::of(&sql);
    let views = text.find(&daily.name());
    let Some(cuts) = cuts(&text, daily.day) else { return sql };
    let is_by_week = ["week", "is_weekday"].iter().any(|column| !columns(&text, column).is_empty());
    if views.is_empty() || is_by_week || views.iter().any(|place| counts_rows(&text, *place)) {
        return sql;
    }
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
    let table = format!(
        "(SELECT * FROM {}{whole} UNION ALL SELECT * FROM {} WHERE {cut})",
        daily.months_table(),
        daily.days_table()
    );
    let length = daily.name().len();
    let changes = views.into_iter().map(|place| (place..place + length, table.clone())).collect();
    replaced(&sql, changes)
}

/// Where a column of any table stands: the place of its name.
fn columns(text: &Text<'_>, name: &str) -> Vec<usize> {
    let is_column = |place: &usize| {
        let after = text.masked(place + name.len() + 1..text.sql.len()).bytes().next();
        !after.is_some_and(is_name)
    };
    let column = format!(".{name}");
    let places = text.masked(0..text.sql.len()).match_indices(&column);
    places.map(|(place, _)| place).filter(is_column).map(|place| place + 1).collect()
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

/// The first days of what a question tells apart; none where it looks at days in another way.
fn cuts(text: &Text<'_>, day: &str) -> Option<Vec<Date>> {
    let mut cuts = Vec::new();
    for place in columns(text, day) {
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

/// True where rows of the view at a place are counted, not added up: a month has fewer of them.
fn counts_rows(text: &Text<'_>, place: usize) -> bool {
    // `{{spend}}` is a part of its own; the part around it reads the rows.
    let mut part = text.around(place);
    if text.at(part.clone()).starts_with("SELECT v.* FROM") {
        part = text.around(part.start.saturating_sub(1));
    }
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
        let begin = text.masked(inside.clone()).trim_start();
        if begin.starts_with("SELECT") || begin.starts_with("WITH") {
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
