//! The words of a card for somebody who keeps the query and fills in the days later: a dashboard tool.

use crate::{
    DATASET,
    selection::{LEFT_BEHIND_DAYS, MONEY_FEEDS},
};

/// The day on which a kept query is asked (UTC).
pub const TODAY: &str = "CURRENT_DATE()";

/// What `{{period}}` is where the selected days are known only when the query is asked: those rows of the calendar for which
/// `condition` holds, the calendar being `c`. The same columns and days as those of a `Selection`.
pub fn standing_period(condition: &str) -> String {
    let back = |day: &str, count: &str, unit: &str| {
        format!("CAST(DATE_ADD({day}, INTERVAL (-{count}) {unit}) AS DATE)")
    };
    let (before, yesterday) = (back("d.first_day", "1", "DAY"), back(TODAY, "1", "DAY"));
    let prev_first = format!(
        "CASE WHEN d.is_whole THEN {} ELSE {} END",
        back("d.first_day", "d.month_count", "MONTH"),
        back("d.first_day", "d.day_count", "DAY")
    );
    let prev_through = format!(
        "CASE WHEN NOT r.is_whole THEN {} WHEN r.through_day = r.last_day THEN r.day_before \
         ELSE LEAST({}, r.day_before) END",
        back("r.through_day", "r.day_count", "DAY"),
        back("r.through_day", "r.month_count", "MONTH")
    );
    format!(
        "(SELECT r.first_day AS first_day, r.last_day AS last_day, r.through_day AS through_day, \
         r.prev_first AS prev_first, {prev_through} AS prev_through, \
         r.is_whole AND r.month_count = 1 AS is_month, r.through_day < r.last_day AS is_running, {TODAY} AS today \
         FROM (SELECT d.first_day AS first_day, d.last_day AS last_day, d.is_whole AS is_whole, \
         d.day_count AS day_count, d.month_count AS month_count, {before} AS day_before, {prev_first} AS prev_first, \
         LEAST(d.last_day, COALESCE(t.complete_through, {yesterday})) AS through_day \
         FROM (SELECT k.first_day AS first_day, k.last_day AS last_day, \
         EXTRACT(DAY FROM k.first_day) = 1 AND k.last_day = LAST_DAY(k.last_day) AS is_whole, \
         UNIX_DATE(k.last_day) - UNIX_DATE(k.first_day) + 1 AS day_count, \
         (EXTRACT(YEAR FROM k.last_day) - EXTRACT(YEAR FROM k.first_day)) * 12 \
         + EXTRACT(MONTH FROM k.last_day) - EXTRACT(MONTH FROM k.first_day) + 1 AS month_count \
         FROM (SELECT MIN(c.day) AS first_day, MAX(c.day) AS last_day FROM {DATASET}.dim_calendar AS c \
         WHERE {condition}) AS k) AS d \
         CROSS JOIN (SELECT MIN(f.complete_through) AS complete_through FROM {DATASET}.vw_freshness AS f \
         CROSS JOIN (SELECT MAX(g.complete_through) AS newest FROM {DATASET}.vw_freshness AS g \
         WHERE g.feed IN ({MONEY_FEEDS})) AS n WHERE f.feed IN ({MONEY_FEEDS}) \
         AND UNIX_DATE(n.newest) - UNIX_DATE(f.complete_through) <= {LEFT_BEHIND_DAYS}) AS t) AS r)"
    )
}
