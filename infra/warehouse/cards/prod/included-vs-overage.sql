/*
title = "Cursor requests, included and overage"
question = "Is the plan too small?"
definition = "Cursor requests by month: covered by the plan, or charged by use. The plan of the requirements covers 500 a person and month."
display = "bar"
tab = "Tools"
place = [0, 16, 12, 7]
unit = "requests"
ignores = ["platform"]
changed = "2026-11-22"
[chart]
x = "month"
y = ["requests"]
series = "kind"
colors = "kind"
stack = true
[[columns]]
name = "month"
label = "Month"
type = "month"
[[columns]]
name = "kind"
label = "Kind"
type = "text"
[[columns]]
name = "requests"
label = "Requests"
type = "integer"
[columns.rows]
by = "kind"
included = "included_requests platform=cursor"
overage = "usage_based_requests platform=cursor"
*/
WITH {{with:thirteen_months}},
months AS (
    SELECT
        u.month AS month,
        SUM(u.included_requests) AS included_requests,
        SUM(u.usage_based_requests) AS usage_based_requests
    FROM {{usage}} AS u
    CROSS JOIN last AS l
    WHERE u.platform = 'cursor' AND u.month >= l.first_month AND u.month <= l.month AND u.usage_date <= l.through_day
    GROUP BY u.month
),
kinds AS (
    SELECT m.month AS month, 1 AS place, 'included' AS kind, m.included_requests AS requests FROM months AS m
    UNION ALL
    SELECT m.month AS month, 2 AS place, 'overage' AS kind, m.usage_based_requests AS requests FROM months AS m
)
SELECT k.month AS month, k.kind AS kind, k.requests AS requests
FROM kinds AS k
WHERE k.requests IS NOT NULL
ORDER BY month, k.place
