/*
title = "Models in detail"
question = "What does a model cost for what it reads and writes?"
definition = "Billed money of the selected range by model and platform, with the tokens the platform reports. Cost per 1k tokens is token money over input and output tokens, where billed by use; cache tokens stand in their own column."
display = "table"
tab = "Models and keys"
place = [12, 0, 12, 8]
unit = "USD"
empty = "No spend in this range."
keys = ["model_key", "platform"]
changed = "2026-11-22"
[[columns]]
name = "model"
label = "Model"
type = "model"
link = "alloc?model={model_key}"
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
[[columns]]
name = "cost_usd"
label = "Spend"
type = "usd"
[columns.rows]
by = "model"
"Claude Code seats" = "cost_usd platform=claude_code class=seat"
"Claude.ai seats" = "cost_usd platform=claude_ai class=seat"
"Claude API seats" = "cost_usd platform=claude_api class=seat"
"Cursor seats" = "cost_usd platform=cursor class=seat"
"Claude Code (no model)" = "cost_usd platform=claude_code class=usage class=other"
"Claude.ai (no model)" = "cost_usd platform=claude_ai class=usage class=other"
"Claude API (no model)" = "cost_usd platform=claude_api class=usage class=other"
"Cursor (no model)" = "cost_usd platform=cursor class=usage class=other"
"*" = "cost_usd"
[[columns]]
name = "share_pct"
label = "Share"
type = "percent"
from = ["cost_usd"]
[[columns]]
name = "input_tokens"
label = "Input tokens"
type = "integer"
rows = "input_tokens covered=no"
[[columns]]
name = "output_tokens"
label = "Output tokens"
type = "integer"
rows = "output_tokens covered=no"
[[columns]]
name = "cache_tokens"
label = "Cache tokens"
type = "integer"
rows = "cache_tokens covered=no"
[[columns]]
name = "cost_per_1k_tokens"
label = "Cost per 1k tokens"
type = "usd_unit"
rows = "of cost_usd type=tokens / tokens covered=no"
[[columns]]
name = "model_key"
label = "Model key"
type = "text"
hidden = true
*/
WITH money AS (
    SELECT
        CASE WHEN s.model IS NOT NULL THEN s.model WHEN s.cost_class = 'seat' THEN d.label || ' seats' ELSE d.label || ' (no model)' END AS model,
        s.model AS model_key,
        s.platform AS platform,
        d.sort_order AS sort_order,
        SUM(s.cost_usd) AS cost_usd,
        SUM(CASE WHEN s.cost_type = 'tokens' THEN s.cost_usd ELSE 0 END) AS token_usd
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    JOIN ai_usage_analytics.dim_platform AS d ON d.view_name = s.platform
    WHERE s.spend_date BETWEEN p.first_day AND p.through_day
    GROUP BY CASE WHEN s.model IS NOT NULL THEN s.model WHEN s.cost_class = 'seat' THEN d.label || ' seats' ELSE d.label || ' (no model)' END, s.model, s.platform, d.sort_order
    HAVING SUM(s.cost_usd) <> 0
),
tokens AS (
    SELECT
        u.platform AS platform,
        u.model AS model,
        SUM(u.input_tokens) AS input_tokens,
        SUM(u.output_tokens) AS output_tokens,
        SUM(COALESCE(u.cache_read_tokens, 0) + COALESCE(u.cache_write_tokens, 0)) AS cache_tokens
    FROM {{usage}} AS u
    CROSS JOIN {{period}} AS p
    WHERE u.model IS NOT NULL AND NOT u.covered_by_seat AND u.usage_date BETWEEN p.first_day AND p.through_day
    GROUP BY u.platform, u.model
)
SELECT
    m.model AS model,
    {{platform:m.platform}} AS platform,
    m.cost_usd AS cost_usd,
    CAST(SAFE_DIVIDE(m.cost_usd, SUM(m.cost_usd) OVER ()) AS {{numeric}}) AS share_pct,
    t.input_tokens AS input_tokens,
    t.output_tokens AS output_tokens,
    t.cache_tokens AS cache_tokens,
    CASE
        WHEN m.platform IN ('claude_code', 'claude_api')
            THEN CAST(SAFE_DIVIDE(m.token_usd * 1000, t.input_tokens + t.output_tokens) AS {{numeric}})
    END AS cost_per_1k_tokens,
    m.model_key AS model_key
FROM money AS m
LEFT JOIN tokens AS t ON t.platform = m.platform AND t.model = m.model_key
ORDER BY cost_usd DESC, m.sort_order, model
