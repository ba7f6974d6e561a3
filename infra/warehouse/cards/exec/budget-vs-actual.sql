/*
title = "Budget against actual"
question = "Did we keep the budget?"
definition = "Spend and budget by month: the 12 months before the range's last one, and that one. A positive variance is over budget. The forecast is for the running month."
formula = "variance = actual - budget"
display = "combo"
tab = "Overview"
place = [0, 13, 12, 7]
unit = "USD"
ignores = ["team", "platform"]
notes = ["Where finance set budgets only by platform or by team, the sum of those."]
changed = "2026-11-22"
[chart]
x = "month"
y = ["actual_usd", "budget_usd", "forecast_usd"]
[[columns]]
name = "month"
label = "Month"
type = "month"
[[columns]]
name = "actual_usd"
label = "Actual"
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
inputs = "forecast"
[[columns]]
name = "variance_usd"
label = "Variance"
type = "usd"
from = ["actual_usd", "budget_usd"]
[[columns]]
name = "variance_pct"
label = "Variance, %"
type = "percent"
from = ["actual_usd", "budget_usd"]
*/
WITH {{with:thirteen_months}},
spent AS (
    SELECT s.month AS month, SUM(s.cost_usd) AS actual_usd
    FROM {{spend}} AS s
    CROSS JOIN last AS l
    WHERE s.month >= l.first_month AND s.month <= l.month AND s.spend_date <= l.through_day
    GROUP BY s.month
),
budget AS (
    SELECT b.month AS month, b.budget_usd AS budget_usd
    FROM ai_usage_analytics.vw_budget AS b
    WHERE b.platform IS NULL AND b.team IS NULL
),
ahead AS (
    SELECT f.month AS month, CASE WHEN COUNT(*) = COUNT(f.forecast_usd) THEN SUM(f.forecast_usd) END AS forecast_usd
    FROM ai_usage_analytics.vw_forecast AS f
    JOIN last AS l ON l.through_day = f.as_of
    WHERE f.final_usd IS NULL
    GROUP BY f.month
)
SELECT
    a.month AS month,
    a.actual_usd AS actual_usd,
    b.budget_usd AS budget_usd,
    f.forecast_usd AS forecast_usd,
    a.actual_usd - b.budget_usd AS variance_usd,
    CAST(SAFE_DIVIDE(a.actual_usd - b.budget_usd, b.budget_usd) AS {{numeric}}) AS variance_pct
FROM spent AS a
LEFT JOIN budget AS b ON b.month = a.month
LEFT JOIN ahead AS f ON f.month = a.month
ORDER BY month
