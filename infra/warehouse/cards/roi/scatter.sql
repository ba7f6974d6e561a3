/*
title = "Cost and output by person"
question = "Who gets much for little?"
definition = "One point for each person and coding tool of the range: cost across, accepted lines up, size by sessions. Claude Code: billed by use. Guide lines at $0.10, $0.25 and $0.50 a line."
display = "scatter"
tab = "People and platforms"
place = [0, 0, 24, 10]
unit = "USD"
keys = ["user_email", "platform"]
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
rows = "cost_usd"
[[columns]]
name = "lines_accepted"
label = "Lines accepted"
type = "integer"
rows = "lines_accepted covered=no"
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
[[columns]]
name = "sessions"
label = "Sessions"
type = "integer"
rows = "sessions covered=no"
[[columns]]
name = "display_name"
label = "Person"
type = "person"
link = "prod?user={user_email}"
[[columns]]
name = "cost_per_line_accepted"
label = "Cost per line"
type = "usd_unit"
rows = "cost_usd / lines_accepted covered=no"
[[columns]]
name = "user_email"
label = "E-mail"
type = "text"
hidden = true
*/
WITH {{with:person_tools}}
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
