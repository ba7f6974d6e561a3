/*
title = "How Cursor is used"
question = "What is Cursor used for?"
definition = "Cursor requests by month and kind, 13 months that end with the selected range."
display = "bar"
tab = "Tools"
place = [12, 9, 12, 7]
unit = "requests"
ignores = ["platform"]
changed = "2026-11-22"
[chart]
x = "month"
y = ["requests"]
series = "request_kind"
colors = "series"
stack = true
percent = true
[[columns]]
name = "month"
label = "Month"
type = "month"
[[columns]]
name = "request_kind"
label = "Kind"
type = "text"
[[columns]]
name = "requests"
label = "Requests"
type = "integer"
[columns.rows]
by = "request_kind"
composer = "composer_requests platform=cursor"
chat = "chat_requests platform=cursor"
agent = "agent_requests platform=cursor"
"inline edit" = "cmdk_usages platform=cursor"
*/
WITH {{with:thirteen_months}},
months AS (
    SELECT
        u.month AS month,
        SUM(u.composer_requests) AS composer_requests,
        SUM(u.chat_requests) AS chat_requests,
        SUM(u.agent_requests) AS agent_requests,
        SUM(u.cmdk_usages) AS cmdk_usages
    FROM {{usage}} AS u
    CROSS JOIN last AS l
    WHERE u.platform = 'cursor' AND u.month >= l.first_month AND u.month <= l.month AND u.usage_date <= l.through_day
    GROUP BY u.month
),
kinds AS (
    SELECT m.month AS month, 1 AS place, 'composer' AS request_kind, m.composer_requests AS requests FROM months AS m
    UNION ALL
    SELECT m.month AS month, 2 AS place, 'chat' AS request_kind, m.chat_requests AS requests FROM months AS m
    UNION ALL
    SELECT m.month AS month, 3 AS place, 'agent' AS request_kind, m.agent_requests AS requests FROM months AS m
    UNION ALL
    SELECT m.month AS month, 4 AS place, 'inline edit' AS request_kind, m.cmdk_usages AS requests FROM months AS m
)
SELECT k.month AS month, k.request_kind AS request_kind, k.requests AS requests
FROM kinds AS k
WHERE k.requests IS NOT NULL
ORDER BY month, k.place
