/*
title = "Commits and pull requests by week, Claude Code only"
question = "Does it reach the repository?"
definition = "Commits and pull requests that Claude Code reports, by week, 26 weeks that end with the selected range. Cursor reports none."
display = "bar"
tab = "Teams"
place = [0, 21, 12, 7]
unit = "text"
ignores = ["platform"]
changed = "2026-11-22"
[chart]
x = "week"
y = ["commits", "pull_requests"]
colors = "series"
[[columns]]
name = "week"
label = "Week"
type = "week"
[[columns]]
name = "commits"
label = "Commits"
type = "integer"
rows = "commits platform=claude_code"
[[columns]]
name = "pull_requests"
label = "Pull requests"
type = "integer"
rows = "pull_requests platform=claude_code"
*/
WITH {{with:weeks}},
sums AS (
    SELECT u.week AS week, SUM(u.commits) AS commits, SUM(u.pull_requests) AS pull_requests
    FROM {{usage}} AS u
    CROSS JOIN last AS l
    WHERE u.platform = 'claude_code' AND u.week >= l.first_week AND u.week <= l.week AND u.usage_date <= l.through_day
    GROUP BY u.week
)
SELECT a.week AS week, a.commits AS commits, a.pull_requests AS pull_requests
FROM sums AS a
ORDER BY week
