/*
title = "Accepted lines by week"
question = "Is output growing?"
definition = "Accepted lines by week and tool, 26 weeks that end with the selected range."
display = "bar"
tab = "Teams"
place = [12, 6, 12, 7]
unit = "lines"
changed = "2026-11-22"
[chart]
x = "week"
y = ["lines_accepted"]
series = "platform"
colors = "platform"
stack = true
[[columns]]
name = "week"
label = "Week"
type = "week"
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
[[columns]]
name = "lines_accepted"
label = "Lines accepted"
type = "integer"
rows = "lines_accepted"
*/
WITH {{with:weeks}},
sums AS (
    SELECT u.week AS week, u.platform AS platform, SUM(u.lines_accepted) AS lines_accepted
    FROM {{usage}} AS u
    CROSS JOIN last AS l
    WHERE u.platform IN ('claude_code', 'cursor') AND u.week >= l.first_week AND u.week <= l.week AND u.usage_date <= l.through_day
    GROUP BY u.week, u.platform
)
SELECT a.week AS week, {{platform:a.platform}} AS platform, a.lines_accepted AS lines_accepted
FROM sums AS a
ORDER BY week, a.platform
