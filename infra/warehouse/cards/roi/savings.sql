/*
title = "Savings found"
question = "How much of spend could be saved?"
definition = "Sum of the open recommendations a month, against 15 % of the spend of the last 30 days (the goal is 15 to 20 %)."
display = "progress"
tab = "Overview"
place = [19, 3, 5, 3]
unit = "USD"
ignores = ["range"]
empty = "No spend in the last 30 days."
changed = "2026-11-22"
[[columns]]
name = "saving_usd"
label = "Savings found"
type = "usd"
members = { text = "The open findings that state a saving, each with its evidence.", of = "open_findings", by = [], show = ["rule_id", "subject", "finding", "evidence", "confidence", "first_seen", "monthly_saving_usd"], amount = "monthly_saving_usd" }
[[columns]]
name = "goal_usd"
label = "Goal"
type = "usd"
rows = "of cost_usd days=30"
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
WITH {{with:open_findings}},
month_spend AS (
    SELECT SUM(s.cost_usd) AS cost_usd
    FROM {{spend}} AS s
    CROSS JOIN ai_usage_analytics.vw_loaded_range AS l
    WHERE s.spend_date <= l.through_day AND UNIX_DATE(s.spend_date) > UNIX_DATE(l.through_day) - 30
),
found AS (
    SELECT COALESCE(SUM(f.monthly_saving_usd), 0) AS saving_usd, COUNT(*) AS findings
    FROM open_findings AS f
)
SELECT
    f.saving_usd AS saving_usd,
    CAST(m.cost_usd * 15 / 100 AS {{numeric}}) AS goal_usd,
    CAST(NULL AS {{numeric}}) AS forecast_usd,
    CASE WHEN f.saving_usd * 100 >= m.cost_usd * 15 THEN 'Goal reached' ELSE 'Below the goal' END AS status,
    CAST(f.findings AS STRING) || ' open recommendations' AS base
FROM found AS f
CROSS JOIN month_spend AS m
WHERE m.cost_usd > 0
ORDER BY saving_usd
