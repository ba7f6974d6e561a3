/*
title = "Platforms compared"
question = "Which platform gives most for its money?"
definition = "Money, output and ratios of each platform in the selected range. Claude Code: lines, sessions and edits billed by use. Efficiency score: cost per line of both coding tools together over the platform's, times 100; higher is better. Claude.ai and the Claude API report no lines."
display = "table"
tab = "Overview"
place = [0, 14, 24, 7]
unit = "USD"
notes = ["Sessions of Cursor are estimated: an active day counts as one."]
changed = "2026-11-22"
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
link = "alloc?platform={platform}"
[[columns]]
name = "cost_usd"
label = "Cost"
type = "usd"
rows = "cost_usd"
[[columns]]
name = "lines_accepted"
label = "Lines accepted"
type = "integer"
rows = "lines_accepted covered=no"
[[columns]]
name = "cost_per_line_accepted"
label = "Cost per line"
type = "usd_unit"
rows = "cost_usd / lines_accepted covered=no"
[[columns]]
name = "efficiency_tier"
label = "Efficiency"
type = "level"
from = ["cost_per_line_accepted"]
[[columns]]
name = "efficiency_score"
label = "Score"
type = "number"
from = ["cost_per_line_accepted"]
[[columns]]
name = "accepted_suggestions"
label = "Accepted suggestions"
type = "integer"
rows = "suggestions_accepted covered=no"
[[columns]]
name = "cost_per_accepted_suggestion"
label = "Cost per suggestion"
type = "usd_unit"
rows = "cost_usd / suggestions_accepted covered=no"
[[columns]]
name = "sessions"
label = "Sessions"
type = "integer"
rows = "sessions covered=no"
[[columns]]
name = "cost_per_session"
label = "Cost per session"
type = "usd"
rows = "cost_usd / sessions covered=no"
[[columns]]
name = "tokens"
label = "Tokens"
type = "integer"
rows = "tokens covered=no"
[[columns]]
name = "cost_per_1k_tokens"
label = "Cost per 1k tokens"
type = "usd_unit"
rows = "of cost_usd type=tokens / tokens covered=no"
*/
WITH money AS (
    SELECT
        s.platform AS platform,
        SUM(s.cost_usd) AS cost_usd,
        SUM(CASE WHEN s.is_coding THEN s.cost_usd ELSE 0 END) AS coding_usd,
        SUM(CASE WHEN s.is_coding AND s.platform = 'claude_ai' THEN s.cost_usd ELSE 0 END) AS covering_usd,
        SUM(CASE WHEN s.cost_type = 'tokens' THEN s.cost_usd END) AS token_usd
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.spend_date BETWEEN p.first_day AND p.through_day
    GROUP BY s.platform
),
output AS (
    SELECT
        u.platform AS platform,
        SUM(CASE WHEN NOT u.covered_by_seat THEN u.lines_accepted END) AS lines_accepted,
        SUM(u.lines_accepted) AS all_lines,
        SUM(CASE WHEN NOT u.covered_by_seat THEN u.suggestions_accepted END) AS accepts,
        SUM(CASE WHEN NOT u.covered_by_seat THEN u.sessions END) AS sessions,
        SUM(CASE WHEN NOT u.covered_by_seat THEN u.input_tokens + u.output_tokens END) AS tokens
    FROM {{usage}} AS u
    CROSS JOIN {{period}} AS p
    WHERE u.usage_date BETWEEN p.first_day AND p.through_day
    GROUP BY u.platform
),
company AS (
    SELECT
        CAST(SAFE_DIVIDE(m.coding_usd, CASE WHEN m.covering_usd > 0 THEN o.all_lines ELSE o.lines_accepted END) AS {{numeric}})
            AS cost_per_line
    FROM (SELECT SUM(x.coding_usd) AS coding_usd, SUM(x.covering_usd) AS covering_usd FROM money AS x) AS m
    CROSS JOIN (SELECT SUM(x.all_lines) AS all_lines, SUM(x.lines_accepted) AS lines_accepted FROM output AS x) AS o
),
rated AS (
    SELECT
        d.view_name AS platform,
        d.sort_order AS sort_order,
        m.cost_usd AS cost_usd,
        m.token_usd AS token_usd,
        o.lines_accepted AS lines_accepted,
        CAST(SAFE_DIVIDE(m.cost_usd, o.lines_accepted) AS {{numeric}}) AS cost_per_line_accepted,
        o.accepts AS accepts,
        o.sessions AS sessions,
        CASE WHEN d.view_name IN ('claude_code', 'claude_api') THEN o.tokens END AS tokens
    FROM ai_usage_analytics.dim_platform AS d
    LEFT JOIN money AS m ON m.platform = d.view_name
    LEFT JOIN output AS o ON o.platform = d.view_name
)
SELECT
    r.platform AS platform,
    r.cost_usd AS cost_usd,
    r.lines_accepted AS lines_accepted,
    r.cost_per_line_accepted AS cost_per_line_accepted,
    CASE
        WHEN r.cost_per_line_accepted IS NULL THEN 'No output data'
        WHEN r.cost_per_line_accepted <= 0.10 THEN 'High'
        WHEN r.cost_per_line_accepted <= 0.25 THEN 'Good'
        WHEN r.cost_per_line_accepted <= 0.50 THEN 'Average'
        ELSE 'Low'
    END AS efficiency_tier,
    CAST(SAFE_DIVIDE(c.cost_per_line * 100, r.cost_per_line_accepted) AS {{numeric}}) AS efficiency_score,
    r.accepts AS accepted_suggestions,
    CAST(SAFE_DIVIDE(r.cost_usd, r.accepts) AS {{numeric}}) AS cost_per_accepted_suggestion,
    r.sessions AS sessions,
    CAST(SAFE_DIVIDE(r.cost_usd, r.sessions) AS {{numeric}}) AS cost_per_session,
    r.tokens AS tokens,
    CAST(SAFE_DIVIDE(r.token_usd * 1000, r.tokens) AS {{numeric}}) AS cost_per_1k_tokens
FROM rated AS r
CROSS JOIN company AS c
ORDER BY r.sort_order
