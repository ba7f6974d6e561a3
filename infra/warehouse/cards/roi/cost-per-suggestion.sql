/*
title = "Cost per accepted suggestion"
question = "What does an accepted suggestion cost?"
definition = "Money that pays for lines over accepted suggestions: Cursor accepts and Claude Code edits accepted."
display = "scalar"
tab = "Overview"
place = [5, 3, 5, 3]
unit = "USD"
changed = "2026-11-22"
[[columns]]
name = "cost_per_accepted_suggestion"
label = "Cost per accepted suggestion"
type = "usd_unit"
rows = "of cost_usd coding=yes / suggestions_accepted covered=no / suggestions_accepted covered=yes"
[[columns]]
name = "previous"
label = "Period before"
type = "usd_unit"
hidden = true
[[columns]]
name = "base"
label = "Base"
type = "text"
hidden = true
*/
WITH {{with:period_before}},
{{with:paid_output}}
SELECT
    CAST(SAFE_DIVIDE(a.coding_usd, a.paid_accepts) AS {{numeric}}) AS cost_per_accepted_suggestion,
    CAST(SAFE_DIVIDE(a.coding_before_usd, a.paid_accepts_before) AS {{numeric}}) AS previous,
    {{thousands:a.paid_accepts}} || ' accepted suggestions' AS base
FROM paid AS a
ORDER BY cost_per_accepted_suggestion
