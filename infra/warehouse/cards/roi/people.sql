/*
title = "Cost per line by person and platform"
question = "What does a line cost, person by person?"
definition = "Cost per accepted line of the range on each coding tool, on all that pays for lines, and fully loaded (all spend of the person). Claude Code: billed by use; under a Claude.ai seat, in the third figure with the seat."
display = "table"
tab = "People and platforms"
place = [0, 10, 24, 10]
unit = "USD"
empty = "No spend in this range."
keys = ["user_email"]
changed = "2026-11-22"
[[columns]]
name = "display_name"
label = "Person"
type = "person"
link = "prod?user={user_email}"
[[columns]]
name = "team"
label = "Team"
type = "team"
[[columns]]
name = "claude_code_cost_per_line"
label = "Claude Code"
type = "usd_unit"
rows = "cost_usd platform=claude_code / lines_accepted platform=claude_code covered=no"
heat = true
[[columns]]
name = "cursor_cost_per_line"
label = "Cursor"
type = "usd_unit"
rows = "cost_usd platform=cursor / lines_accepted platform=cursor"
heat = true
[[columns]]
name = "coding_cost_per_line"
label = "Coding"
type = "usd_unit"
rows = "of cost_usd coding=yes / lines_accepted covered=no / lines_accepted covered=yes"
heat = true
[[columns]]
name = "loaded_cost_per_line"
label = "Fully loaded"
type = "usd_unit"
rows = "of cost_usd / lines_accepted covered=no / lines_accepted covered=yes"
[[columns]]
name = "efficiency_tier"
label = "Efficiency"
type = "level"
from = ["coding_cost_per_line"]
[[columns]]
name = "lines_accepted"
label = "Lines accepted"
type = "integer"
rows = "lines_accepted"
[[columns]]
name = "coding_cost_usd"
label = "Coding cost"
type = "usd"
rows = "cost_usd coding=yes"
[[columns]]
name = "platform_preference"
label = "Preference"
type = "level"
rows = "of cost_usd platform=cursor / cost_usd"
[[columns]]
name = "user_email"
label = "E-mail"
type = "text"
hidden = true
*/
WITH money AS (
    SELECT
        s.user_email AS user_email,
        MAX(s.display_name) AS display_name,
        SUBSTR(MAX(CAST(s.spend_date AS STRING) || s.team), 11) AS team,
        SUM(s.cost_usd) AS cost_usd,
        SUM(CASE WHEN s.is_coding THEN s.cost_usd ELSE 0 END) AS coding_usd,
        SUM(CASE WHEN s.is_coding AND s.platform = 'claude_ai' THEN s.cost_usd ELSE 0 END) AS covering_usd,
        SUM(CASE WHEN s.platform = 'claude_code' THEN s.cost_usd END) AS code_usd,
        SUM(CASE WHEN s.platform = 'cursor' THEN s.cost_usd END) AS cursor_usd
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.user_email <> 'unknown@unattributed.com' AND s.spend_date BETWEEN p.first_day AND p.through_day
    GROUP BY s.user_email
),
output AS (
    SELECT
        u.user_email AS user_email,
        SUM(u.lines_accepted) AS lines_accepted,
        SUM(CASE WHEN NOT u.covered_by_seat THEN u.lines_accepted END) AS billed_lines,
        SUM(CASE WHEN u.platform = 'claude_code' AND NOT u.covered_by_seat THEN u.lines_accepted END) AS code_lines,
        SUM(CASE WHEN u.platform = 'cursor' THEN u.lines_accepted END) AS cursor_lines
    FROM {{usage}} AS u
    CROSS JOIN {{period}} AS p
    WHERE u.user_email <> 'unknown@unattributed.com' AND u.usage_date BETWEEN p.first_day AND p.through_day
    GROUP BY u.user_email
),
people AS (
    SELECT
        m.*,
        o.lines_accepted AS lines_accepted,
        CASE WHEN m.covering_usd > 0 THEN o.lines_accepted ELSE o.billed_lines END AS paid_lines,
        o.code_lines AS code_lines,
        o.cursor_lines AS cursor_lines
    FROM money AS m
    LEFT JOIN output AS o ON o.user_email = m.user_email
),
rated AS (
    SELECT
        a.*,
        CAST(SAFE_DIVIDE(a.coding_usd, a.paid_lines) AS {{numeric}}) AS cost_per_line_accepted,
        CAST(SAFE_DIVIDE(COALESCE(a.cursor_usd, 0), a.cost_usd) AS {{numeric}}) AS cursor_share
    FROM people AS a
)
SELECT
    r.display_name AS display_name,
    r.team AS team,
    CAST(SAFE_DIVIDE(r.code_usd, r.code_lines) AS {{numeric}}) AS claude_code_cost_per_line,
    CAST(SAFE_DIVIDE(r.cursor_usd, r.cursor_lines) AS {{numeric}}) AS cursor_cost_per_line,
    r.cost_per_line_accepted AS coding_cost_per_line,
    CAST(SAFE_DIVIDE(r.cost_usd, r.paid_lines) AS {{numeric}}) AS loaded_cost_per_line,
    CASE
        WHEN r.cost_per_line_accepted IS NULL THEN 'No output data'
        WHEN r.cost_per_line_accepted <= 0.10 THEN 'High'
        WHEN r.cost_per_line_accepted <= 0.25 THEN 'Good'
        WHEN r.cost_per_line_accepted <= 0.50 THEN 'Average'
        ELSE 'Low'
    END AS efficiency_tier,
    r.lines_accepted AS lines_accepted,
    r.coding_usd AS coding_cost_usd,
    CASE
        WHEN r.user_email = 'unknown@unattributed.com' OR r.cursor_share IS NULL THEN NULL
        WHEN r.cursor_share > 0.70 THEN 'Cursor Heavy'
        WHEN r.cursor_share < 0.30 THEN 'Anthropic Heavy'
        ELSE 'Balanced'
    END AS platform_preference,
    r.user_email AS user_email
FROM rated AS r
ORDER BY CASE WHEN r.cost_per_line_accepted IS NULL THEN 1 ELSE 0 END, r.cost_per_line_accepted DESC, user_email
