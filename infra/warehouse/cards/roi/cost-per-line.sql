/*
title = "Cost per accepted line"
question = "What does a line cost?"
definition = "Money that pays for lines (Claude Code, Cursor, and Claude.ai seats under which code was written) over accepted lines of the range."
formula = "coding cost / accepted lines"
display = "scalar"
tab = "Overview"
place = [0, 3, 5, 3]
unit = "USD"
notes = ["Lines under a seat that is not in the selection are left out, like its money."]
changed = "2026-11-22"
[[columns]]
name = "cost_per_line_accepted"
label = "Cost per accepted line"
type = "usd_unit"
rows = "of cost_usd coding=yes / lines_accepted covered=no / lines_accepted covered=yes"
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
    CAST(SAFE_DIVIDE(a.coding_usd, a.paid_lines) AS {{numeric}}) AS cost_per_line_accepted,
    CAST(SAFE_DIVIDE(a.coding_before_usd, a.paid_lines_before) AS {{numeric}}) AS previous,
    {{thousands:a.paid_lines}} || ' lines' AS base
FROM paid AS a
ORDER BY cost_per_line_accepted
