/*
title = "Service tiers"
question = "Which tier do we pay for?"
definition = "Claude money of the selected range by service tier and platform. \"not reported\": seats and charges without a tier."
display = "table"
tab = "Models and keys"
place = [12, 16, 12, 7]
unit = "USD"
empty = "No Claude spend in this range."
changed = "2026-11-22"
[[columns]]
name = "service_tier"
label = "Tier"
type = "text"
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
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
    COALESCE(s.service_tier, 'not reported') AS service_tier,
    {{platform:s.platform}} AS platform,
    SUM(s.cost_usd) AS cost_usd,
    CAST(SAFE_DIVIDE(SUM(s.cost_usd), SUM(SUM(s.cost_usd)) OVER ()) AS {{numeric}}) AS share_pct
FROM {{spend}} AS s
CROSS JOIN {{period}} AS p
LEFT JOIN ai_usage_analytics.dim_platform AS d ON d.view_name = s.platform
WHERE s.source_table = 'claude_expenses' AND s.spend_date BETWEEN p.first_day AND p.through_day
GROUP BY COALESCE(s.service_tier, 'not reported'), s.platform
ORDER BY CASE COALESCE(s.service_tier, 'not reported') WHEN 'not reported' THEN 1 ELSE 0 END, service_tier, COALESCE(MAX(d.sort_order), 99), s.platform
