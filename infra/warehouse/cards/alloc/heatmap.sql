/*
title = "Person by platform"
question = "Who spends where?"
definition = "Billed money of the selected range by person and platform. The number is the information, the shade is a help."
display = "table"
tab = "People"
place = [0, 3, 24, 10]
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
name = "claude_code"
label = "Claude Code"
type = "usd"
rows = "cost_usd platform=claude_code"
heat = true
link = "alloc?user={user_email}&platform=claude_code"
[[columns]]
name = "claude_ai"
label = "Claude.ai"
type = "usd"
rows = "cost_usd platform=claude_ai"
heat = true
link = "alloc?user={user_email}&platform=claude_ai"
[[columns]]
name = "claude_api"
label = "Claude API"
type = "usd"
rows = "cost_usd platform=claude_api"
heat = true
link = "alloc?user={user_email}&platform=claude_api"
[[columns]]
name = "cursor"
label = "Cursor"
type = "usd"
rows = "cost_usd platform=cursor"
heat = true
link = "alloc?user={user_email}&platform=cursor"
[[columns]]
name = "total_usd"
label = "Total"
type = "usd"
rows = "cost_usd"
mini = true
[[columns]]
name = "user_email"
label = "E-mail"
type = "text"
hidden = true
*/
-- By team first: which team was the last one is then asked of a row for each, and not of every row of money.
WITH parts AS (
    SELECT
        s.user_email AS user_email,
        s.display_name AS display_name,
        s.team AS team,
        MAX(s.spend_date) AS last_day,
        SUM(CASE WHEN s.platform = 'claude_code' THEN s.cost_usd ELSE 0 END) AS claude_code,
        SUM(CASE WHEN s.platform = 'claude_ai' THEN s.cost_usd ELSE 0 END) AS claude_ai,
        SUM(CASE WHEN s.platform = 'claude_api' THEN s.cost_usd ELSE 0 END) AS claude_api,
        SUM(CASE WHEN s.platform = 'cursor' THEN s.cost_usd ELSE 0 END) AS cursor,
        SUM(s.cost_usd) AS cost_usd
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.spend_date BETWEEN p.first_day AND p.through_day
    GROUP BY s.user_email, s.display_name, s.team
)
SELECT
    MAX(a.display_name) AS display_name,
    CASE WHEN a.user_email = 'unknown@unattributed.com' THEN 'Unattributed' ELSE SUBSTR(MAX(CAST(a.last_day AS STRING) || a.team), 11) END AS team,
    SUM(a.claude_code) AS claude_code,
    SUM(a.claude_ai) AS claude_ai,
    SUM(a.claude_api) AS claude_api,
    SUM(a.cursor) AS cursor,
    SUM(a.cost_usd) AS total_usd,
    a.user_email AS user_email
FROM parts AS a
GROUP BY a.user_email
ORDER BY CASE WHEN a.user_email = 'unknown@unattributed.com' THEN 1 ELSE 0 END, total_usd DESC, user_email
