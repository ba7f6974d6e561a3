/*
title = "Team spend by month"
question = "Which teams grow?"
definition = "Billed money by month, 13 months that end with the selected range: the five teams that spent most in them, the rest as \"Other teams\"."
display = "line"
tab = "Teams"
place = [0, 16, 24, 7]
unit = "USD"
changed = "2026-11-22"
[chart]
x = "month"
y = ["cost_usd"]
series = "team"
colors = "series"
[[columns]]
name = "month"
label = "Month"
type = "month"
[[columns]]
name = "team"
label = "Team"
type = "team"
rest = "Other teams"
[[columns]]
name = "cost_usd"
label = "Spend"
type = "usd"
rows = "cost_usd"
*/
WITH {{with:thirteen_months}},
parts AS (
    SELECT s.month AS month, s.team AS team, SUM(s.cost_usd) AS cost_usd
    FROM {{spend}} AS s
    CROSS JOIN last AS l
    WHERE s.month >= l.first_month AND s.month <= l.month AND s.spend_date <= l.through_day
    GROUP BY s.month, s.team
),
ranked AS (
    SELECT a.team AS team, ROW_NUMBER() OVER (ORDER BY SUM(a.cost_usd) DESC, a.team) AS place
    FROM parts AS a
    GROUP BY a.team
),
named AS (
    SELECT
        a.month AS month,
        CASE WHEN r.place <= 5 THEN a.team ELSE 'Other teams' END AS team,
        CASE WHEN r.place <= 5 THEN r.place ELSE 6 END AS place,
        a.cost_usd AS cost_usd
    FROM parts AS a
    JOIN ranked AS r ON r.team = a.team
)
SELECT n.month AS month, n.team AS team, SUM(n.cost_usd) AS cost_usd
FROM named AS n
GROUP BY n.month, n.team, n.place
ORDER BY month, n.place, team
