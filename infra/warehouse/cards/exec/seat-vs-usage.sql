/*
title = "Seats and usage"
question = "How much is fixed, how much moves with use?"
definition = "Billed money by month and kind: seats (subscriptions), usage (every metered charge), other. 13 months that end with the selected range."
display = "bar"
tab = "Overview"
place = [0, 20, 12, 7]
unit = "USD"
changed = "2026-11-22"
[chart]
x = "month"
y = ["cost_usd"]
series = "cost_class"
colors = "cost_class"
stack = true
[[columns]]
name = "month"
label = "Month"
type = "month"
[[columns]]
name = "cost_class"
label = "Kind"
type = "text"
[[columns]]
name = "cost_usd"
label = "Spend"
type = "usd"
rows = "cost_usd"
*/
WITH {{with:thirteen_months}},
sums AS (
    SELECT s.month AS month, s.cost_class AS cost_class, SUM(s.cost_usd) AS cost_usd
    FROM {{spend}} AS s
    CROSS JOIN last AS l
    WHERE s.month >= l.first_month AND s.month <= l.month AND s.spend_date <= l.through_day
    GROUP BY s.month, s.cost_class
)
SELECT a.month AS month, a.cost_class AS cost_class, a.cost_usd AS cost_usd
FROM sums AS a
ORDER BY month, CASE a.cost_class WHEN 'seat' THEN 1 WHEN 'usage' THEN 2 ELSE 3 END, cost_class
