/*
title = "Seats and usage by team"
question = "How much of a team is fixed?"
definition = "Billed money of the selected range by team and kind, as shares of the team."
display = "bar"
tab = "Teams"
place = [14, 0, 10, 8]
unit = "USD"
empty = "No spend in this range."
changed = "2026-11-22"
[chart]
x = "team"
y = ["cost_usd"]
series = "cost_class"
colors = "cost_class"
stack = true
percent = true
[[columns]]
name = "team"
label = "Team"
type = "team"
link = "alloc?team={team}"
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
WITH parts AS (
    SELECT s.team AS team, s.cost_class AS cost_class, SUM(s.cost_usd) AS cost_usd
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.spend_date BETWEEN p.first_day AND p.through_day
    GROUP BY s.team, s.cost_class
),
whole AS (
    SELECT s.*, SUM(s.cost_usd) OVER (PARTITION BY s.team) AS team_usd
    FROM parts AS s
)
SELECT s.team AS team, s.cost_class AS cost_class, s.cost_usd AS cost_usd
FROM whole AS s
ORDER BY CASE s.team WHEN 'Unattributed' THEN 2 WHEN 'No team' THEN 1 ELSE 0 END, s.team_usd DESC, team, CASE s.cost_class WHEN 'seat' THEN 1 WHEN 'usage' THEN 2 ELSE 3 END, cost_class
