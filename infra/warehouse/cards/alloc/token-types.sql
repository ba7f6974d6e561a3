/*
title = "Token types"
question = "What do we pay tokens for?"
definition = "Token money by month and kind of token, 13 months that end with the selected range."
display = "bar"
tab = "Models and keys"
place = [0, 16, 12, 7]
unit = "USD"
empty = "No token spend in these months."
changed = "2026-11-22"
[chart]
x = "month"
y = ["cost_usd"]
series = "token_type"
colors = "series"
stack = true
[[columns]]
name = "month"
label = "Month"
type = "month"
[[columns]]
name = "token_type"
label = "Token type"
type = "text"
[[columns]]
name = "cost_usd"
label = "Spend"
type = "usd"
rows = "cost_usd"
*/
WITH {{with:thirteen_months}},
sums AS (
    SELECT s.month AS month, s.token_class AS token_type, SUM(s.cost_usd) AS cost_usd
    FROM {{spend}} AS s
    CROSS JOIN last AS l
    WHERE s.token_class IS NOT NULL AND s.month >= l.first_month AND s.month <= l.month AND s.spend_date <= l.through_day
    GROUP BY s.month, s.token_class
)
SELECT a.month AS month, a.token_type AS token_type, a.cost_usd AS cost_usd
FROM sums AS a
ORDER BY month, CASE a.token_type WHEN 'input' THEN 1 WHEN 'output' THEN 2 WHEN 'cache_read' THEN 3 ELSE 4 END, token_type
