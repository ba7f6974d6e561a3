/*
title = "Cursor line acceptance"
question = "How much of what Cursor suggests is kept?"
definition = "Lines accepted over lines suggested, Cursor only: Claude Code reports no suggested lines."
formula = "SUM(lines_accepted) / SUM(lines_suggested)"
display = "scalar"
tab = "Teams"
place = [4, 3, 4, 3]
unit = "percent"
ignores = ["platform"]
changed = "2026-11-22"
[[columns]]
name = "line_acceptance_rate"
label = "Cursor line acceptance"
type = "percent"
rows = "lines_accepted platform=cursor / lines_suggested platform=cursor"
[[columns]]
name = "previous"
label = "Period before"
type = "percent"
hidden = true
[[columns]]
name = "base"
label = "Base"
type = "text"
hidden = true
*/
WITH {{with:period_before}}
SELECT
    CAST(SAFE_DIVIDE(SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.lines_accepted END), SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.lines_suggested END)) AS {{numeric}}) AS line_acceptance_rate,
    CAST(SAFE_DIVIDE(SUM(CASE WHEN p.has_previous AND u.usage_date BETWEEN p.prev_first AND p.prev_through THEN u.lines_accepted END), SUM(CASE WHEN p.has_previous AND u.usage_date BETWEEN p.prev_first AND p.prev_through THEN u.lines_suggested END)) AS {{numeric}}) AS previous,
    {{thousands:SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.lines_accepted END)}} || ' of ' || {{thousands:SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.lines_suggested END)}} || ' lines' AS base
FROM {{usage}} AS u
CROSS JOIN span AS p
WHERE u.usage_date >= p.prev_first AND u.usage_date <= p.through_day AND u.platform = 'cursor'
ORDER BY line_acceptance_rate
