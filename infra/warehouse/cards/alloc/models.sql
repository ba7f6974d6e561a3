/*
title = "Cost by model"
question = "Which model costs what?"
definition = "Billed money of the selected range by model, the ten highest, the rest as \"Other models\". Seats have no model and stand by their platform."
display = "row"
tab = "Models and keys"
place = [0, 0, 12, 8]
unit = "USD"
empty = "No spend in this range."
keys = ["model_key"]
changed = "2026-11-22"
[chart]
x = "model"
y = ["cost_usd"]
[[columns]]
name = "model"
label = "Model"
type = "model"
link = "alloc?model={model_key}"
rest = "Other models"
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
"Other models" = "cost_usd"
"*" = "cost_usd"
[[columns]]
name = "model_key"
label = "Model key"
type = "text"
hidden = true
*/
WITH named AS (
    SELECT CASE WHEN s.model IS NOT NULL THEN s.model WHEN s.cost_class = 'seat' THEN d.label || ' seats' ELSE d.label || ' (no model)' END AS model, s.model AS model_key, s.cost_usd AS cost_usd
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    JOIN ai_usage_analytics.dim_platform AS d ON d.view_name = s.platform
    WHERE s.spend_date BETWEEN p.first_day AND p.through_day
),
ranked AS (
    SELECT
        n.model AS model,
        MAX(n.model_key) AS model_key,
        SUM(n.cost_usd) AS cost_usd,
        ROW_NUMBER() OVER (ORDER BY SUM(n.cost_usd) DESC, n.model) AS place
    FROM named AS n
    GROUP BY n.model
    HAVING SUM(n.cost_usd) <> 0
),
grouped AS (
    SELECT
        CASE WHEN r.place <= 10 THEN r.model ELSE 'Other models' END AS model,
        CASE WHEN r.place <= 10 THEN r.place ELSE 11 END AS place,
        SUM(r.cost_usd) AS cost_usd,
        MAX(CASE WHEN r.place <= 10 THEN r.model_key END) AS model_key
    FROM ranked AS r
    GROUP BY CASE WHEN r.place <= 10 THEN r.model ELSE 'Other models' END, CASE WHEN r.place <= 10 THEN r.place ELSE 11 END
)
SELECT g.model AS model, g.cost_usd AS cost_usd, g.model_key AS model_key
FROM grouped AS g
ORDER BY g.place
