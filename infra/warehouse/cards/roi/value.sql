/*
title = "Value per dollar under stated assumptions"
question = "What if a line were worth $V?"
definition = "Accepted lines times an assumed value per line, over what pays for them, by month. The value is an assumption (dim_assumption, value_per_line_usd), not a measure; low is a tenth of it. At break_even_usd a line would be worth what it costs."
display = "table"
tab = "Assumptions"
place = [0, 0, 24, 7]
unit = "USD"
notes = ["Assuming a line is worth the value in the fourth column. Requirement 003 calls it $50 an hour, but its formula values each line."]
changed = "2026-11-22"
[[columns]]
name = "month"
label = "Month"
type = "month"
[[columns]]
name = "lines_accepted"
label = "Lines accepted"
type = "integer"
rows = "of lines_accepted covered=no / lines_accepted covered=yes"
[[columns]]
name = "cost_usd"
label = "Coding cost"
type = "usd"
rows = "cost_usd coding=yes"
[[columns]]
name = "value_per_line_usd"
label = "Assumed value per line"
type = "usd"
members = { text = "The assumption as it stands in dim_assumption. warehouse.assumptions of the settings says otherwise.", of = "assumptions", show = ["name", "value", "unit", "note"], newest = "value" }
[[columns]]
name = "low"
label = "Ratio at a tenth"
type = "number"
from = ["lines_accepted", "cost_usd", "value_per_line_usd"]
[[columns]]
name = "estimated_roi_ratio"
label = "Ratio at that value"
type = "number"
from = ["lines_accepted", "cost_usd", "value_per_line_usd"]
[[columns]]
name = "high"
label = "Ratio at twice"
type = "number"
from = ["lines_accepted", "cost_usd", "value_per_line_usd"]
[[columns]]
name = "break_even_usd"
label = "Break-even per line"
type = "usd_unit"
from = ["cost_usd", "lines_accepted"]
*/
WITH {{with:thirteen_months}},
{{with:coding_money}},
{{with:lines_by_month}},
{{with:coding_parts}},
assumptions AS (
    SELECT a.name AS name, a.value AS value, a.unit AS unit, a.note AS note
    FROM ai_usage_analytics.dim_assumption AS a
    WHERE a.name = 'value_per_line_usd'
),
assumed AS (
    SELECT MAX(a.value) AS value_per_line_usd
    FROM assumptions AS a
)
SELECT
    a.month AS month,
    a.counted AS lines_accepted,
    a.cost_usd AS cost_usd,
    v.value_per_line_usd AS value_per_line_usd,
    CAST(SAFE_DIVIDE(a.counted * v.value_per_line_usd, a.cost_usd * 10) AS {{numeric}}) AS low,
    CAST(SAFE_DIVIDE(a.counted * v.value_per_line_usd, a.cost_usd) AS {{numeric}}) AS estimated_roi_ratio,
    CAST(SAFE_DIVIDE(a.counted * v.value_per_line_usd * 2, a.cost_usd) AS {{numeric}}) AS high,
    CAST(SAFE_DIVIDE(a.cost_usd, a.counted) AS {{numeric}}) AS break_even_usd
FROM parts AS a
CROSS JOIN assumed AS v
WHERE a.platform = 'total' AND a.counted > 0
ORDER BY month
