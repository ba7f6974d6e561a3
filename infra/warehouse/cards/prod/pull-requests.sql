/*
title = "Pull requests with Claude Code"
question = "How many pull requests were opened with it?"
definition = "Pull requests that Claude Code reports in the range. Cursor reports none."
display = "scalar"
tab = "Teams"
place = [16, 3, 4, 3]
unit = "text"
ignores = ["platform"]
changed = "2026-11-22"
[[columns]]
name = "pull_requests"
label = "Pull requests with Claude Code"
type = "integer"
rows = "pull_requests platform=claude_code"
[[columns]]
name = "previous"
label = "Period before"
type = "integer"
hidden = true
[[columns]]
name = "base"
label = "Base"
type = "text"
hidden = true
*/
WITH {{with:period_before}}
SELECT
    SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.pull_requests END) AS pull_requests,
    SUM(CASE WHEN p.has_previous AND u.usage_date BETWEEN p.prev_first AND p.prev_through THEN u.pull_requests END) AS previous,
    CAST(COUNT(DISTINCT CASE WHEN u.is_active AND u.user_email <> 'unknown@unattributed.com' AND u.usage_date BETWEEN p.first_day AND p.through_day THEN u.user_email END) AS STRING) || ' active people' AS base
FROM {{usage}} AS u
CROSS JOIN span AS p
WHERE u.usage_date >= p.prev_first AND u.usage_date <= p.through_day AND u.platform = 'claude_code'
ORDER BY pull_requests
