/*
title = "Cost per 1k tokens"
question = "What do 1,000 tokens cost?"
definition = "Token money of Claude Code and the Claude API over their input and output tokens, times 1,000. Cache tokens are paid for but not counted."
display = "scalar"
tab = "Overview"
place = [14, 3, 5, 3]
unit = "USD"
changed = "2026-11-22"
[[columns]]
name = "cost_per_1k_tokens"
label = "Cost per 1k tokens"
type = "usd_unit"
rows = "of cost_usd type=tokens platform=claude_code platform=claude_api / tokens covered=no platform=claude_code platform=claude_api"
[[columns]]
name = "previous"
label = "Period before"
type = "usd_unit"
hidden = true
[[columns]]
name = "base"
label = "Base"
type = "text"
hidden = true
*/
WITH {{with:period_before}},
money AS (
    SELECT
        SUM(CASE WHEN s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd END) AS now_usd,
        SUM(CASE WHEN p.has_previous AND s.spend_date BETWEEN p.prev_first AND p.prev_through THEN s.cost_usd END) AS before_usd
    FROM {{spend}} AS s
    CROSS JOIN span AS p
    WHERE s.platform IN ('claude_code', 'claude_api') AND s.cost_type = 'tokens' AND s.spend_date >= p.prev_first AND s.spend_date <= p.through_day
),
tokens AS (
    SELECT
        SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN COALESCE(u.input_tokens, 0) + COALESCE(u.output_tokens, 0) END) AS now_tokens,
        SUM(CASE WHEN p.has_previous AND u.usage_date BETWEEN p.prev_first AND p.prev_through THEN COALESCE(u.input_tokens, 0) + COALESCE(u.output_tokens, 0) END) AS before_tokens
    FROM {{usage}} AS u
    CROSS JOIN span AS p
    WHERE u.platform IN ('claude_code', 'claude_api') AND NOT u.covered_by_seat AND u.usage_date >= p.prev_first AND u.usage_date <= p.through_day
)
SELECT
    CAST(SAFE_DIVIDE(m.now_usd * 1000, t.now_tokens) AS {{numeric}}) AS cost_per_1k_tokens,
    CAST(SAFE_DIVIDE(m.before_usd * 1000, t.before_tokens) AS {{numeric}}) AS previous,
    {{thousands:t.now_tokens / 1000000}} || ' M tokens' AS base
FROM money AS m
CROSS JOIN tokens AS t
ORDER BY cost_per_1k_tokens
