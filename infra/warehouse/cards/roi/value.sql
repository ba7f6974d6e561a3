/*
title = "Value per dollar under stated assumptions"
question = "What if a line were worth $V?"
definition = "Accepted lines times an assumed value per line, over what pays for them, by month. The value is an assumption (dim_assumption, value_per_line_usd), not a measure; low is a tenth of it. At break_even_usd a line would be worth what it costs."
display = "table"
tab = "Assumptions"
place = [0, 0, 24, 7]
unit = "USD"
notes = ["Assuming a line is worth the value in the fourth column. Requirement 003 calls it $50 an hour, but its formula values each line."]
changed = "2026-11-22"
[[columns]]
name = "month"
label = "Month"
type = "month"
[[columns]]
name = "lines_accepted"
label = "Lines accepted"
type = "integer"
[[columns]]
name = "cost_usd"
label = "Coding cost"
type = "usd"
[[columns]]
name = "value_per_line_usd"
label = "Assumed value per line"
type = "usd"
[[columns]]
name = "low"
label = "Ratio at a tenth"
type = "number"
[[columns]]
name = "estimated_roi_ratio"
label = "Ratio at that value"
type = "number"
[[columns]]
name = "high"
label = "Ratio at twice"
type = "number"
[[columns]]
name = "break_even_usd"
label = "Break-even per line"
type = "usd_unit"
*/
WITH last AS (
    SELECT p.through_day AS through_day, c.month AS month, CAST(DATE_ADD(c.month, INTERVAL (-12) MONTH) AS DATE) AS first_month
    FROM {{period}} AS p
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day = p.last_day
),
money AS (
    SELECT
        s.month AS month,
        SUM(CASE WHEN s.platform = 'claude_code' THEN s.cost_usd END) AS code_usd,
        SUM(CASE WHEN s.platform = 'cursor' THEN s.cost_usd END) AS cursor_usd,
        SUM(CASE WHEN s.is_coding THEN s.cost_usd END) AS coding_usd,
        SUM(CASE WHEN s.is_coding AND s.platform = 'claude_ai' THEN s.cost_usd END) AS covering_usd
    FROM {{spend}} AS s
    CROSS JOIN last AS l
    WHERE s.month >= l.first_month AND s.month <= l.month AND s.spend_date <= l.through_day
    GROUP BY s.month
),
output AS (
    SELECT
        u.month AS month,
        SUM(CASE WHEN u.platform = 'claude_code' AND NOT u.covered_by_seat THEN u.lines_accepted END) AS code_count,
        SUM(CASE WHEN u.platform = 'cursor' THEN u.lines_accepted END) AS cursor_count,
        SUM(u.lines_accepted) AS all_count,
        SUM(CASE WHEN NOT u.covered_by_seat THEN u.lines_accepted END) AS billed_count
    FROM {{usage}} AS u
    CROSS JOIN last AS l
    WHERE u.month >= l.first_month AND u.month <= l.month AND u.usage_date <= l.through_day
    GROUP BY u.month
),
parts AS (
    SELECT m.month AS month, 1 AS place, 'claude_code' AS platform, m.code_usd AS cost_usd, o.code_count AS counted
    FROM money AS m
    JOIN output AS o ON o.month = m.month
    UNION ALL
    SELECT m.month AS month, 2 AS place, 'cursor' AS platform, m.cursor_usd AS cost_usd, o.cursor_count AS counted
    FROM money AS m
    JOIN output AS o ON o.month = m.month
    UNION ALL
    SELECT m.month AS month, 3 AS place, 'total' AS platform, m.coding_usd AS cost_usd,
        CASE WHEN m.covering_usd > 0 THEN o.all_count ELSE o.billed_count END AS counted
    FROM money AS m
    JOIN output AS o ON o.month = m.month
),
assumed AS (
    SELECT MAX(a.value) AS value_per_line_usd
    FROM ai_usage_analytics.dim_assumption AS a
    WHERE a.name = 'value_per_line_usd'
)
SELECT
    a.month AS month,
    a.counted AS lines_accepted,
    a.cost_usd AS cost_usd,
    v.value_per_line_usd AS value_per_line_usd,
    CAST(SAFE_DIVIDE(a.counted * v.value_per_line_usd, a.cost_usd * 10) AS {{numeric}}) AS low,
    CAST(SAFE_DIVIDE(a.counted * v.value_per_line_usd, a.cost_usd) AS {{numeric}}) AS estimated_roi_ratio,
    CAST(SAFE_DIVIDE(a.counted * v.value_per_line_usd * 2, a.cost_usd) AS {{numeric}}) AS high,
    CAST(SAFE_DIVIDE(a.cost_usd, a.counted) AS {{numeric}}) AS break_even_usd
FROM parts AS a
CROSS JOIN assumed AS v
WHERE a.platform = 'total' AND a.counted > 0
ORDER BY month
