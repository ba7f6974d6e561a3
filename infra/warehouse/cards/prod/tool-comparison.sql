/*
title = "Claude Code and Cursor, side by side"
question = "Which tool does what, at what price?"
definition = "The same measures for both coding tools in the selected range. A platform filter does not apply: both are always shown."
display = "table"
tab = "Tools"
place = [0, 0, 24, 9]
unit = "text"
ignores = ["platform"]
changed = "2026-11-22"
[[columns]]
name = "measure"
label = "Measure"
type = "text"
[[columns]]
name = "claude_code"
label = "Claude Code"
type = "text"
[columns.rows]
by = "measure"
"Active people" = "active_people platform=claude_code"
"Sessions" = "sessions platform=claude_code"
"Lines accepted" = "lines_accepted platform=claude_code"
"Suggestion acceptance" = "suggestions_accepted platform=claude_code / suggestions_decided platform=claude_code"
"Lines per session" = "lines_accepted platform=claude_code / sessions platform=claude_code"
"Cost" = "cost_usd platform=claude_code"
"Cost per accepted line" = "cost_usd platform=claude_code / lines_accepted platform=claude_code covered=no"
"Cost per accepted suggestion" = "cost_usd platform=claude_code / suggestions_accepted platform=claude_code covered=no"
"of which under Claude.ai seats" = "lines_accepted platform=claude_code covered=yes"
"Commits" = "commits platform=claude_code"
"Pull requests" = "pull_requests platform=claude_code"
"*" = ""
[[columns]]
name = "cursor"
label = "Cursor"
type = "text"
[columns.rows]
by = "measure"
"Active people" = "active_people platform=cursor"
"Sessions" = "sessions platform=cursor"
"Lines accepted" = "lines_accepted platform=cursor"
"Suggestion acceptance" = "suggestions_accepted platform=cursor / suggestions_decided platform=cursor"
"Lines per session" = "lines_accepted platform=cursor / sessions platform=cursor"
"Cost" = "cost_usd platform=cursor"
"Cost per accepted line" = "cost_usd platform=cursor / lines_accepted platform=cursor"
"Cost per accepted suggestion" = "cost_usd platform=cursor / suggestions_accepted platform=cursor"
"Line acceptance" = "lines_accepted platform=cursor / lines_suggested platform=cursor"
"*" = ""
[[columns]]
name = "note"
label = "Note"
type = "text"
[[columns]]
name = "claude_code_value"
label = "Claude Code, value"
type = "number"
hidden = true
[[columns]]
name = "cursor_value"
label = "Cursor, value"
type = "number"
hidden = true
*/
WITH output AS (
    SELECT
        COUNT(DISTINCT CASE WHEN u.platform = 'claude_code' AND u.is_active AND u.user_email <> 'unknown@unattributed.com' THEN u.user_email END) AS c_users,
        COUNT(DISTINCT CASE WHEN u.platform = 'cursor' AND u.is_active AND u.user_email <> 'unknown@unattributed.com' THEN u.user_email END) AS k_users,
        SUM(CASE WHEN u.platform = 'claude_code' THEN u.sessions END) AS c_sessions,
        SUM(CASE WHEN u.platform = 'cursor' THEN u.sessions END) AS k_sessions,
        SUM(CASE WHEN u.platform = 'claude_code' THEN u.lines_accepted END) AS c_lines,
        SUM(CASE WHEN u.platform = 'claude_code' AND u.covered_by_seat THEN u.lines_accepted END) AS c_covered,
        SUM(CASE WHEN u.platform = 'claude_code' AND NOT u.covered_by_seat THEN u.lines_accepted END) AS c_billed_lines,
        SUM(CASE WHEN u.platform = 'cursor' THEN u.lines_accepted END) AS k_lines,
        SUM(CASE WHEN u.platform = 'cursor' THEN u.lines_suggested END) AS k_suggested,
        SUM(CASE WHEN u.platform = 'claude_code' THEN u.suggestions_accepted END) AS c_accepts,
        SUM(CASE WHEN u.platform = 'claude_code' AND NOT u.covered_by_seat THEN u.suggestions_accepted END) AS c_billed_accepts,
        SUM(CASE WHEN u.platform = 'claude_code' THEN u.suggestions_accepted + u.suggestions_rejected END) AS c_decided,
        SUM(CASE WHEN u.platform = 'cursor' THEN u.suggestions_accepted END) AS k_accepts,
        SUM(CASE WHEN u.platform = 'cursor' THEN u.suggestions_accepted + u.suggestions_rejected END) AS k_decided,
        SUM(u.commits) AS c_commits,
        SUM(u.pull_requests) AS c_pulls
    FROM {{usage}} AS u
    CROSS JOIN {{period}} AS p
    WHERE u.usage_date BETWEEN p.first_day AND p.through_day
),
money AS (
    SELECT
        SUM(CASE WHEN s.platform = 'claude_code' THEN s.cost_usd END) AS c_usd,
        SUM(CASE WHEN s.platform = 'cursor' THEN s.cost_usd END) AS k_usd
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.spend_date BETWEEN p.first_day AND p.through_day
),
figures AS (
    SELECT o.*, m.c_usd AS c_usd, m.k_usd AS k_usd
    FROM output AS o
    CROSS JOIN money AS m
),
measures AS (
    SELECT 1 AS place, 'Active people' AS measure, COALESCE({{thousands:g.c_users}}, 'n/a') AS claude_code, COALESCE({{thousands:g.k_users}}, 'n/a') AS cursor,
        '' AS note, CAST(g.c_users AS {{numeric}}) AS claude_code_value, CAST(g.k_users AS {{numeric}}) AS cursor_value
    FROM figures AS g
    UNION ALL
    SELECT 2 AS place, 'Sessions' AS measure, COALESCE({{thousands:g.c_sessions}}, 'n/a') AS claude_code, COALESCE({{thousands:g.k_sessions}}, 'n/a') AS cursor,
        'Cursor estimated: an active day counts as one' AS note, CAST(g.c_sessions AS {{numeric}}) AS claude_code_value, CAST(g.k_sessions AS {{numeric}}) AS cursor_value
    FROM figures AS g
    UNION ALL
    SELECT 3 AS place, 'Lines accepted' AS measure, COALESCE({{thousands:g.c_lines}}, 'n/a') AS claude_code, COALESCE({{thousands:g.k_lines}}, 'n/a') AS cursor,
        '' AS note, CAST(g.c_lines AS {{numeric}}) AS claude_code_value, CAST(g.k_lines AS {{numeric}}) AS cursor_value
    FROM figures AS g
    UNION ALL
    SELECT 4 AS place, 'of which under Claude.ai seats' AS measure, COALESCE({{thousands:g.c_covered}}, 'n/a') AS claude_code, 'n/a' AS cursor,
        'not billed by use' AS note, CAST(g.c_covered AS {{numeric}}) AS claude_code_value, CAST(NULL AS {{numeric}}) AS cursor_value
    FROM figures AS g
    UNION ALL
    SELECT 5 AS place, 'Line acceptance' AS measure, 'n/a' AS claude_code, COALESCE({{fixed1:SAFE_DIVIDE(g.k_lines, g.k_suggested) * 100}} || ' %', 'n/a') AS cursor,
        'Claude Code reports no suggested lines' AS note, CAST(NULL AS {{numeric}}) AS claude_code_value, CAST(SAFE_DIVIDE(g.k_lines, g.k_suggested) AS {{numeric}}) AS cursor_value
    FROM figures AS g
    UNION ALL
    SELECT 6 AS place, 'Suggestion acceptance' AS measure, COALESCE({{fixed1:SAFE_DIVIDE(g.c_accepts, g.c_decided) * 100}} || ' %', 'n/a') AS claude_code, COALESCE({{fixed1:SAFE_DIVIDE(g.k_accepts, g.k_decided) * 100}} || ' %', 'n/a') AS cursor,
        'accepted of accepted and rejected' AS note, CAST(SAFE_DIVIDE(g.c_accepts, g.c_decided) AS {{numeric}}) AS claude_code_value, CAST(SAFE_DIVIDE(g.k_accepts, g.k_decided) AS {{numeric}}) AS cursor_value
    FROM figures AS g
    UNION ALL
    SELECT 7 AS place, 'Commits' AS measure, COALESCE({{thousands:g.c_commits}}, 'n/a') AS claude_code, 'not reported' AS cursor,
        '' AS note, CAST(g.c_commits AS {{numeric}}) AS claude_code_value, CAST(NULL AS {{numeric}}) AS cursor_value
    FROM figures AS g
    UNION ALL
    SELECT 8 AS place, 'Pull requests' AS measure, COALESCE({{thousands:g.c_pulls}}, 'n/a') AS claude_code, 'not reported' AS cursor,
        '' AS note, CAST(g.c_pulls AS {{numeric}}) AS claude_code_value, CAST(NULL AS {{numeric}}) AS cursor_value
    FROM figures AS g
    UNION ALL
    SELECT 9 AS place, 'Lines per session' AS measure, COALESCE({{fixed1:SAFE_DIVIDE(g.c_lines, g.c_sessions)}}, 'n/a') AS claude_code, COALESCE({{fixed1:SAFE_DIVIDE(g.k_lines, g.k_sessions)}}, 'n/a') AS cursor,
        'Cursor estimated' AS note, CAST(SAFE_DIVIDE(g.c_lines, g.c_sessions) AS {{numeric}}) AS claude_code_value, CAST(SAFE_DIVIDE(g.k_lines, g.k_sessions) AS {{numeric}}) AS cursor_value
    FROM figures AS g
    UNION ALL
    SELECT 10 AS place, 'Cost' AS measure, COALESCE('$' || {{thousands:g.c_usd}}, 'n/a') AS claude_code, COALESCE('$' || {{thousands:g.k_usd}}, 'n/a') AS cursor,
        'Claude Code: billed by use; Claude.ai seats not included' AS note, CAST(g.c_usd AS {{numeric}}) AS claude_code_value, CAST(g.k_usd AS {{numeric}}) AS cursor_value
    FROM figures AS g
    UNION ALL
    SELECT 11 AS place, 'Cost per accepted line' AS measure, COALESCE('$' || {{fixed3:SAFE_DIVIDE(g.c_usd, g.c_billed_lines)}}, 'n/a') AS claude_code, COALESCE('$' || {{fixed3:SAFE_DIVIDE(g.k_usd, g.k_lines)}}, 'n/a') AS cursor,
        'Claude Code: lines billed by use' AS note, CAST(SAFE_DIVIDE(g.c_usd, g.c_billed_lines) AS {{numeric}}) AS claude_code_value, CAST(SAFE_DIVIDE(g.k_usd, g.k_lines) AS {{numeric}}) AS cursor_value
    FROM figures AS g
    UNION ALL
    SELECT 12 AS place, 'Cost per accepted suggestion' AS measure, COALESCE('$' || {{fixed3:SAFE_DIVIDE(g.c_usd, g.c_billed_accepts)}}, 'n/a') AS claude_code, COALESCE('$' || {{fixed3:SAFE_DIVIDE(g.k_usd, g.k_accepts)}}, 'n/a') AS cursor,
        'Claude Code: edits billed by use' AS note, CAST(SAFE_DIVIDE(g.c_usd, g.c_billed_accepts) AS {{numeric}}) AS claude_code_value, CAST(SAFE_DIVIDE(g.k_usd, g.k_accepts) AS {{numeric}}) AS cursor_value
    FROM figures AS g
)
SELECT
    m.measure AS measure,
    m.claude_code AS claude_code,
    m.cursor AS cursor,
    m.note AS note,
    m.claude_code_value AS claude_code_value,
    m.cursor_value AS cursor_value
FROM measures AS m
ORDER BY m.place
