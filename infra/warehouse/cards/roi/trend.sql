/*
title = "Cost per accepted line by month"
question = "Are we getting better?"
definition = "Cost per accepted line by month: Claude Code, Cursor, and both together with the Claude.ai seats under which code was written. 13 months that end with the selected range. A month with fewer than 500 lines is a gap."
display = "line"
tab = "Overview"
place = [0, 6, 16, 8]
unit = "USD"
notes = ["Excellent to $0.15, Good to $0.30, Acceptable to $0.50, Poor above this."]
changed = "2026-11-22"
[chart]
x = "month"
y = ["cost_per_line_accepted"]
series = "platform"
colors = "platform"
bands = [0.15, 0.30, 0.50]
band_words = ["Excellent to $0.15", "Good to $0.30", "Poor above $0.50"]
[[columns]]
name = "month"
label = "Month"
type = "month"
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
[[columns]]
name = "cost_per_line_accepted"
label = "Cost per line"
type = "usd_unit"
[columns.rows]
by = "platform"
total = "of cost_usd coding=yes / lines_accepted covered=no / lines_accepted covered=yes"
"*" = "cost_usd / lines_accepted covered=no"
[[columns]]
name = "roi_category"
label = "ROI category"
type = "level"
from = ["cost_per_line_accepted"]
*/
WITH {{with:thirteen_months}},
{{with:coding_money}},
{{with:lines_by_month}},
{{with:coding_parts}},
rated AS (
    SELECT
        a.month AS month,
        a.place AS place,
        a.platform AS platform,
        CASE WHEN a.counted >= 500 THEN CAST(SAFE_DIVIDE(a.cost_usd, a.counted) AS {{numeric}}) END AS cost_per_line_accepted
    FROM parts AS a
    WHERE a.counted > 0
)
SELECT
    r.month AS month,
    {{platform:r.platform}} AS platform,
    r.cost_per_line_accepted AS cost_per_line_accepted,
    CASE
        WHEN r.cost_per_line_accepted IS NULL THEN 'No output data'
        WHEN r.cost_per_line_accepted <= 0.15 THEN 'Excellent'
        WHEN r.cost_per_line_accepted <= 0.30 THEN 'Good'
        WHEN r.cost_per_line_accepted <= 0.50 THEN 'Acceptable'
        ELSE 'Poor'
    END AS roi_category
FROM rated AS r
ORDER BY month, r.place
