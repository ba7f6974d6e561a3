/*
title = "Where the money goes"
question = "Which platform costs what?"
definition = "Billed money of the selected range by platform."
display = "pie"
tab = "Overview"
place = [16, 6, 8, 7]
unit = "USD"
empty = "No spend in this range."
changed = "2026-11-22"
[chart]
x = "platform"
y = ["cost_usd"]
colors = "platform"
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
link = "alloc?platform={platform}"
[[columns]]
name = "cost_usd"
label = "Spend"
type = "usd"
rows = "cost_usd"
[[columns]]
name = "share_pct"
label = "Share"
type = "percent"
from = ["cost_usd"]
*/
SELECT
    s.platform AS platform,
    SUM(s.cost_usd) AS cost_usd,
    CAST(SAFE_DIVIDE(SUM(s.cost_usd), SUM(SUM(s.cost_usd)) OVER ()) AS {{numeric}}) AS share_pct
FROM {{spend}} AS s
CROSS JOIN {{period}} AS p
LEFT JOIN ai_usage_analytics.dim_platform AS d ON d.view_name = s.platform
WHERE s.spend_date BETWEEN p.first_day AND p.through_day
GROUP BY s.platform
ORDER BY COALESCE(MAX(d.sort_order), 99), platform
