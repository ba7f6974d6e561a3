/*
title = "Lines accepted"
question = "How much written code came of it?"
definition = "Cursor accepted_lines_added and Claude Code lines_added of the range; the latter are in the file already, so accepted."
display = "scalar"
tab = "Teams"
place = [0, 3, 4, 3]
unit = "lines"
changed = "2026-11-22"
[[columns]]
name = "lines_accepted"
label = "Lines accepted"
type = "integer"
rows = "lines_accepted"
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
    SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.lines_accepted END) AS lines_accepted,
    SUM(CASE WHEN p.has_previous AND u.usage_date BETWEEN p.prev_first AND p.prev_through THEN u.lines_accepted END) AS previous,
    CAST(COUNT(DISTINCT CASE WHEN u.is_active AND u.user_email <> 'unknown@unattributed.com' AND u.usage_date BETWEEN p.first_day AND p.through_day THEN u.user_email END) AS STRING) || ' active people' AS base
FROM {{usage}} AS u
CROSS JOIN span AS p
WHERE u.usage_date >= p.prev_first AND u.usage_date <= p.through_day
ORDER BY lines_accepted
