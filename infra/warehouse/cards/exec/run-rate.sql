/*
title = "Annual run rate"
question = "What does a year cost at this pace?"
definition = "Spend of the last complete month up to the selected range, times 12. A running month would understate it."
formula = "SUM(cost_usd) of the last complete month * 12"
display = "scalar"
tab = "Overview"
place = [16, 3, 4, 3]
unit = "USD"
changed = "2026-11-22"
[[columns]]
name = "annual_run_rate"
label = "Annual run rate"
type = "usd"
rows = "of cost_usd last_month"
[[columns]]
name = "previous"
label = "Period before"
type = "usd"
hidden = true
[[columns]]
name = "base"
label = "Base"
type = "text"
hidden = true
*/
WITH ends AS (
    SELECT
        MAX(CASE WHEN c.day = c.month_end AND c.day <= l.through_day AND c.month >= l.first_day THEN c.month END) AS month,
        MIN(l.first_day) AS first_day
    FROM {{period}} AS p
    CROSS JOIN ai_usage_analytics.vw_loaded_range AS l
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day <= p.last_day
)
SELECT
    SUM(CASE WHEN s.month = e.month THEN s.cost_usd END) * 12 AS annual_run_rate,
    SUM(CASE WHEN s.month < e.month AND s.month >= e.first_day THEN s.cost_usd END) * 12 AS previous,
    MAX({{month_words:e.month}} || ' x 12') AS base
FROM {{spend}} AS s
CROSS JOIN ends AS e
WHERE s.month <= e.month AND s.month >= CAST(DATE_ADD(e.month, INTERVAL (-1) MONTH) AS DATE)
ORDER BY annual_run_rate
