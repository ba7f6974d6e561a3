/*
title = "Cost and output by person"
question = "Who gets much for little?"
definition = "One point for each person and coding tool of the range: cost across, accepted lines up, size by sessions. Claude Code: billed by use. Guide lines at $0.10, $0.25 and $0.50 a line."
display = "scatter"
tab = "People and platforms"
place = [0, 0, 24, 10]
unit = "USD"
changed = "2026-11-22"
[chart]
x = "cost_usd"
y = ["lines_accepted"]
series = "platform"
colors = "platform"
size = "sessions"
[[columns]]
name = "cost_usd"
label = "Cost"
type = "usd"
[[columns]]
name = "lines_accepted"
label = "Lines accepted"
type = "integer"
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
[[columns]]
name = "sessions"
label = "Sessions"
type = "integer"
[[columns]]
name = "display_name"
label = "Person"
type = "person"
link = "prod?user={user_email}"
[[columns]]
name = "cost_per_line_accepted"
label = "Cost per line"
type = "usd_unit"
[[columns]]
name = "user_email"
label = "E-mail"
type = "text"
hidden = true
*/
WITH tools AS (
    SELECT d.view_name AS platform, d.sort_order AS sort_order
    FROM ai_usage_analytics.dim_platform AS d
    WHERE d.view_name IN ('claude_code', 'cursor')
),
pairs AS (
    SELECT
        a.user_email AS user_email,
        MAX(a.display_name) AS display_name,
        a.platform AS platform,
        SUM(a.cost_usd) AS cost_usd,
        SUM(a.lines_accepted) AS lines_accepted,
        SUM(a.sessions) AS sessions
    FROM (
        SELECT s.user_email AS user_email, s.display_name AS display_name, s.platform AS platform, s.cost_usd AS cost_usd,
            CAST(NULL AS INT64) AS lines_accepted, CAST(NULL AS INT64) AS sessions
        FROM {{spend}} AS s
        CROSS JOIN {{period}} AS p
        WHERE s.user_email <> 'unknown@unattributed.com' AND s.spend_date BETWEEN p.first_day AND p.through_day
        UNION ALL
        SELECT u.user_email AS user_email, u.display_name AS display_name, u.platform AS platform, CAST(NULL AS {{numeric}}) AS cost_usd,
            u.lines_accepted AS lines_accepted, u.sessions AS sessions
        FROM {{usage}} AS u
        CROSS JOIN {{period}} AS p
        WHERE u.user_email <> 'unknown@unattributed.com' AND NOT u.covered_by_seat AND u.usage_date BETWEEN p.first_day AND p.through_day
    ) AS a
    JOIN tools AS t ON t.platform = a.platform
    GROUP BY a.user_email, a.platform
    HAVING COALESCE(SUM(a.cost_usd), 0) <> 0 OR COALESCE(SUM(a.lines_accepted), 0) > 0
)
SELECT
    COALESCE(a.cost_usd, 0) AS cost_usd,
    COALESCE(a.lines_accepted, 0) AS lines_accepted,
    a.platform AS platform,
    a.sessions AS sessions,
    a.display_name AS display_name,
    CAST(SAFE_DIVIDE(a.cost_usd, a.lines_accepted) AS {{numeric}}) AS cost_per_line_accepted,
    a.user_email AS user_email
FROM pairs AS a
JOIN tools AS t ON t.platform = a.platform
ORDER BY t.sort_order, cost_usd DESC, user_email
