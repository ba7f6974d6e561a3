/*
title = "Claude Code edit acceptance"
question = "How many of its edits are accepted?"
definition = "Edits accepted over edits decided (accepted or rejected), Claude Code only."
formula = "SUM(accepted) / SUM(accepted + rejected)"
display = "scalar"
tab = "Teams"
place = [8, 3, 4, 3]
unit = "percent"
ignores = ["platform"]
changed = "2026-11-22"
[[columns]]
name = "suggestion_acceptance_rate"
label = "Claude Code edit acceptance"
type = "percent"
rows = "suggestions_accepted platform=claude_code / suggestions_decided platform=claude_code"
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
    CAST(SAFE_DIVIDE(SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.suggestions_accepted END), SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.suggestions_accepted + u.suggestions_rejected END)) AS {{numeric}}) AS suggestion_acceptance_rate,
    CAST(SAFE_DIVIDE(SUM(CASE WHEN p.has_previous AND u.usage_date BETWEEN p.prev_first AND p.prev_through THEN u.suggestions_accepted END), SUM(CASE WHEN p.has_previous AND u.usage_date BETWEEN p.prev_first AND p.prev_through THEN u.suggestions_accepted + u.suggestions_rejected END)) AS {{numeric}}) AS previous,
    {{thousands:SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.suggestions_accepted END)}} || ' of ' || {{thousands:SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.suggestions_accepted + u.suggestions_rejected END)}} || ' edits' AS base
FROM {{usage}} AS u
CROSS JOIN span AS p
WHERE u.usage_date >= p.prev_first AND u.usage_date <= p.through_day AND u.platform = 'claude_code'
ORDER BY suggestion_acceptance_rate
