/*
title = "Cost per accepted line by month"
question = "Are we getting better?"
definition = "Cost per accepted line by month: Claude Code, Cursor, and both together with the Claude.ai seats under which code was written. 13 months that end with the selected range. A month with fewer than 500 lines is a gap."
display = "line"
tab = "Overview"
place = [0, 6, 16, 8]
unit = "USD"
notes = ["Excellent to $0.15, Good to $0.30, Acceptable to $0.50, Poor above this."]
changed = "2026-11-22"
[chart]
x = "month"
y = ["cost_per_line_accepted"]
series = "platform"
colors = "platform"
bands = [0.15, 0.30, 0.50]
band_words = ["Excellent to $0.15", "Good to $0.30", "Poor above $0.50"]
[[columns]]
name = "month"
label = "Month"
type = "month"
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
[[columns]]
name = "cost_per_line_accepted"
label = "Cost per line"
type = "usd_unit"
[[columns]]
name = "roi_category"
label = "ROI category"
type = "level"
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
rated AS (
    SELECT
        a.month AS month,
        a.place AS place,
        a.platform AS platform,
        CASE WHEN a.counted >= 500 THEN CAST(SAFE_DIVIDE(a.cost_usd, a.counted) AS {{numeric}}) END AS cost_per_line_accepted
    FROM parts AS a
    WHERE a.counted > 0
)
SELECT
    r.month AS month,
    r.platform AS platform,
    r.cost_per_line_accepted AS cost_per_line_accepted,
    CASE
        WHEN r.cost_per_line_accepted IS NULL THEN 'No output data'
        WHEN r.cost_per_line_accepted <= 0.15 THEN 'Excellent'
        WHEN r.cost_per_line_accepted <= 0.30 THEN 'Good'
        WHEN r.cost_per_line_accepted <= 0.50 THEN 'Acceptable'
        ELSE 'Poor'
    END AS roi_category
FROM rated AS r
ORDER BY month, r.place
