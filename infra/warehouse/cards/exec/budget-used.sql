/*
title = "Budget used"
question = "How much of the budget is used, and where will it end?"
definition = "Spend of the range against the budget of its months. The forecast adds to it, for each remaining day of the running month, the mean of that weekday over the last 28 days, and seats at their daily rate."
display = "progress"
tab = "Overview"
place = [8, 3, 4, 3]
unit = "USD"
ignores = ["team", "platform"]
empty = "No budget set."
notes = ["On track: the forecast is within the budget. At risk: up to 110 % of it. Over: beyond, or already spent.", "Where finance set budgets only by platform or by team, the sum of those."]
changed = "2026-11-22"
[[columns]]
name = "actual_usd"
label = "Spent"
type = "usd"
[[columns]]
name = "budget_usd"
label = "Budget"
type = "usd"
[[columns]]
name = "forecast_usd"
label = "Forecast"
type = "usd"
hidden = true
[[columns]]
name = "status"
label = "Status"
type = "level"
hidden = true
[[columns]]
name = "base"
label = "Base"
type = "text"
hidden = true
*/
WITH months AS (
    SELECT c.month AS month, MAX(c.month_end) AS month_end
    FROM {{period}} AS p
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day BETWEEN p.first_day AND p.last_day
    GROUP BY c.month
),
-- A budget stands for whole months only, and for all of them or none.
budget AS (
    SELECT
        CASE
            WHEN COUNT(b.month) = COUNT(*) AND MIN(m.month) = MIN(p.first_day) AND MAX(m.month_end) = MAX(p.last_day)
                THEN SUM(b.budget_usd)
        END AS budget_usd,
        LOGICAL_OR(b.is_example) AS is_example
    FROM months AS m
    CROSS JOIN {{period}} AS p
    LEFT JOIN (
        SELECT a.month AS month, a.budget_usd AS budget_usd, a.is_example AS is_example
        FROM ai_usage_analytics.vw_budget AS a
        WHERE a.platform IS NULL AND a.team IS NULL
    ) AS b ON b.month = m.month
),
ahead AS (
    SELECT CASE WHEN COUNT(*) = COUNT(f.forecast_usd) THEN SUM(f.forecast_usd - f.actual_usd) END AS ahead_usd
    FROM ai_usage_analytics.vw_forecast AS f
    JOIN {{period}} AS p ON f.as_of = p.through_day AND f.as_of < p.last_day
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day = p.last_day AND c.month = f.month AND c.month_end = p.last_day
),
spent AS (
    SELECT SUM(s.cost_usd) AS actual_usd, MAX(CASE WHEN p.is_running THEN 1 ELSE 0 END) AS running
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.spend_date BETWEEN p.first_day AND p.through_day
),
figures AS (
    SELECT
        COALESCE(t.actual_usd, 0) AS actual_usd,
        b.budget_usd AS budget_usd,
        CASE WHEN t.running = 1 THEN t.actual_usd + a.ahead_usd ELSE t.actual_usd END AS forecast_usd,
        b.is_example AS is_example
    FROM budget AS b
    CROSS JOIN spent AS t
    CROSS JOIN ahead AS a
    WHERE b.budget_usd IS NOT NULL
)
SELECT
    g.actual_usd AS actual_usd,
    g.budget_usd AS budget_usd,
    g.forecast_usd AS forecast_usd,
    CASE
        WHEN g.actual_usd > g.budget_usd THEN 'Over'
        WHEN g.forecast_usd IS NULL THEN NULL
        WHEN g.forecast_usd <= g.budget_usd THEN 'On track'
        WHEN g.forecast_usd * 10 <= g.budget_usd * 11 THEN 'At risk'
        ELSE 'Over'
    END AS status,
    CASE WHEN g.is_example THEN 'example budget' END AS base
FROM figures AS g
ORDER BY actual_usd
