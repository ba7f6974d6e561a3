/*
title = "Cost per accepted suggestion by platform and month"
question = "Which tool gets cheaper?"
definition = "Cost over accepted suggestions by month and coding tool, 13 months that end with the selected range. Claude Code: billed by use."
display = "bar"
tab = "Overview"
place = [0, 21, 24, 7]
unit = "USD"
changed = "2026-11-22"
[chart]
x = "month"
y = ["cost_per_accepted_suggestion"]
series = "platform"
colors = "platform"
[[columns]]
name = "month"
label = "Month"
type = "month"
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
[[columns]]
name = "cost_per_accepted_suggestion"
label = "Cost per suggestion"
type = "usd_unit"
rows = "cost_usd / suggestions_accepted covered=no"
*/
WITH {{with:thirteen_months}},
{{with:coding_money}},
output AS (
    SELECT
        u.month AS month,
        SUM(CASE WHEN u.platform = 'claude_code' AND NOT u.covered_by_seat THEN u.suggestions_accepted END) AS code_count,
        SUM(CASE WHEN u.platform = 'cursor' THEN u.suggestions_accepted END) AS cursor_count,
        SUM(u.suggestions_accepted) AS all_count,
        SUM(CASE WHEN NOT u.covered_by_seat THEN u.suggestions_accepted END) AS billed_count
    FROM {{usage}} AS u
    CROSS JOIN last AS l
    WHERE u.month >= l.first_month AND u.month <= l.month AND u.usage_date <= l.through_day
    GROUP BY u.month
),
{{with:coding_parts}}
SELECT
    a.month AS month,
    {{platform:a.platform}} AS platform,
    CAST(SAFE_DIVIDE(a.cost_usd, a.counted) AS {{numeric}}) AS cost_per_accepted_suggestion
FROM parts AS a
WHERE a.counted > 0 AND a.cost_usd IS NOT NULL AND a.platform <> 'total'
ORDER BY month, a.place
