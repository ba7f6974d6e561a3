/*
title = "Spend by month and platform"
question = "Is spend growing, and where?"
definition = "Billed money by calendar month (UTC billing days) and platform, 13 months that end with the selected range: claude_expenses and cursor_expenses, nothing else. The last month reaches to the last loaded day."
formula = "SUM(cost_usd)"
display = "line"
tab = "Overview"
place = [0, 6, 16, 7]
unit = "USD"
empty = "No spend in these months."
changed = "2026-11-22"
[chart]
x = "month"
y = ["cost_usd"]
series = "platform"
colors = "platform"
[[columns]]
name = "month"
label = "Month"
type = "month"
link = "alloc?range={month}"
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
[[columns]]
name = "cost_usd"
label = "Spend"
type = "usd"
rows = "cost_usd"
*/
WITH {{with:thirteen_months}},
parts AS (
    SELECT s.month AS month, s.platform AS platform, s.cost_usd AS cost_usd
    FROM {{spend}} AS s
    CROSS JOIN last AS l
    WHERE s.month >= l.first_month AND s.month <= l.month AND s.spend_date <= l.through_day
    UNION ALL
    SELECT s.month AS month, 'total' AS platform, s.cost_usd AS cost_usd
    FROM {{spend}} AS s
    CROSS JOIN last AS l
    WHERE s.month >= l.first_month AND s.month <= l.month AND s.spend_date <= l.through_day
),
sums AS (
    SELECT a.month AS month, a.platform AS platform, SUM(a.cost_usd) AS cost_usd
    FROM parts AS a
    GROUP BY a.month, a.platform
)
SELECT a.month AS month, {{platform:a.platform}} AS platform, a.cost_usd AS cost_usd
FROM sums AS a
LEFT JOIN ai_usage_analytics.dim_platform AS d ON d.view_name = a.platform
ORDER BY month, COALESCE(d.sort_order, 99), a.platform
