/*
title = "Spend to date"
question = "How much have we spent in the selected range?"
definition = "Billed money in the range: claude_expenses and cursor_expenses, nothing else, by UTC billing day through the last day that every billing feed has read to its end."
formula = "SUM(cost_usd)"
display = "scalar"
tab = "Overview"
place = [0, 3, 4, 3]
unit = "USD"
empty = "No spend in this range."
changed = "2026-11-22"
[[columns]]
name = "total_usd"
label = "Spend to date"
type = "usd"
rows = "cost_usd"
[[columns]]
name = "previous"
label = "Period before"
type = "usd"
hidden = true
[[columns]]
name = "base"
label = "Base"
type = "text"
hidden = true
*/
WITH {{with:period_before}}
SELECT
    SUM(CASE WHEN s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd END) AS total_usd,
    SUM(CASE WHEN p.has_previous AND s.spend_date BETWEEN p.prev_first AND p.prev_through THEN s.cost_usd END) AS previous,
    MAX('through ' || {{day_words:p.through_day}}) AS base
FROM {{spend}} AS s
CROSS JOIN span AS p
WHERE s.spend_date >= p.prev_first AND s.spend_date <= p.through_day
ORDER BY total_usd
