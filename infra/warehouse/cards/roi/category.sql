/*
title = "ROI category"
question = "Is that good?"
definition = "Cost per accepted line as a word: Excellent to $0.15, Good to $0.30, Acceptable to $0.50, Poor above."
display = "scalar"
tab = "Overview"
place = [10, 3, 4, 3]
unit = "text"
changed = "2026-11-22"
[[columns]]
name = "roi_category"
label = "ROI category"
type = "level"
rows = "of cost_usd coding=yes / lines_accepted covered=no / lines_accepted covered=yes"
[[columns]]
name = "previous"
label = "Period before"
type = "level"
hidden = true
[[columns]]
name = "base"
label = "Base"
type = "text"
hidden = true
*/
WITH {{with:period_before}},
{{with:paid_output}},
rates AS (
    SELECT
        CAST(SAFE_DIVIDE(a.coding_usd, a.paid_lines) AS {{numeric}}) AS cost_per_line,
        CAST(SAFE_DIVIDE(a.coding_before_usd, a.paid_lines_before) AS {{numeric}}) AS cost_per_line_before
    FROM paid AS a
)
SELECT
    CASE
        WHEN r.cost_per_line IS NULL THEN 'No output data'
        WHEN r.cost_per_line <= 0.15 THEN 'Excellent'
        WHEN r.cost_per_line <= 0.30 THEN 'Good'
        WHEN r.cost_per_line <= 0.50 THEN 'Acceptable'
        ELSE 'Poor'
    END AS roi_category,
    CASE WHEN r.cost_per_line_before IS NOT NULL THEN
    CASE
        WHEN r.cost_per_line_before IS NULL THEN 'No output data'
        WHEN r.cost_per_line_before <= 0.15 THEN 'Excellent'
        WHEN r.cost_per_line_before <= 0.30 THEN 'Good'
        WHEN r.cost_per_line_before <= 0.50 THEN 'Acceptable'
        ELSE 'Poor'
    END END AS previous,
    '$' || {{fixed3:r.cost_per_line}} || ' per accepted line' AS base
FROM rates AS r
ORDER BY roi_category
