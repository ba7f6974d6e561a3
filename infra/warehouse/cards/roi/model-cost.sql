/*
title = "Cost per 1k tokens by model"
question = "Which model is dear?"
definition = "Token money of Claude Code and the Claude API over input and output tokens of the range, by model, times 1,000. Models with at least 1 M tokens."
display = "row"
tab = "People and platforms"
place = [12, 20, 12, 7]
unit = "USD"
empty = "No model with 1 M tokens in this range."
changed = "2026-11-22"
[chart]
x = "model"
y = ["cost_per_1k_tokens"]
[[columns]]
name = "model"
label = "Model"
type = "model"
[[columns]]
name = "cost_per_1k_tokens"
label = "Cost per 1k tokens"
type = "usd_unit"
rows = "of cost_usd type=tokens platform=claude_code platform=claude_api / tokens covered=no platform=claude_code platform=claude_api"
*/
WITH money AS (
    SELECT s.model AS model, SUM(s.cost_usd) AS cost_usd
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.platform IN ('claude_code', 'claude_api') AND s.cost_type = 'tokens' AND s.model IS NOT NULL AND s.spend_date BETWEEN p.first_day AND p.through_day
    GROUP BY s.model
),
tokens AS (
    SELECT u.model AS model, SUM(COALESCE(u.input_tokens, 0) + COALESCE(u.output_tokens, 0)) AS tokens
    FROM {{usage}} AS u
    CROSS JOIN {{period}} AS p
    WHERE u.platform IN ('claude_code', 'claude_api') AND u.model IS NOT NULL AND NOT u.covered_by_seat AND u.usage_date BETWEEN p.first_day AND p.through_day
    GROUP BY u.model
)
SELECT m.model AS model, CAST(SAFE_DIVIDE(m.cost_usd * 1000, t.tokens) AS {{numeric}}) AS cost_per_1k_tokens
FROM money AS m
JOIN tokens AS t ON t.model = m.model
WHERE t.tokens >= 1000000
ORDER BY cost_per_1k_tokens DESC, model
