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
rows = "cost_usd"
[[columns]]
name = "budget_usd"
label = "Budget"
type = "usd"
inputs = "budget"
[[columns]]
name = "forecast_usd"
label = "Forecast"
type = "usd"
hidden = true
inputs = "forecast"
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
WITH {{with:months_in_range}},
-- A budget stands for whole months only, and for all of them or none.
{{with:budget_ahead}},
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
