/*
title = "Cost by team and platform"
question = "Which team pays for what?"
definition = "Billed money of the selected range by team and platform. A person belongs to a team by the people sheet on the day of the spend. Unattributed is a team."
display = "bar"
tab = "Teams"
place = [0, 0, 14, 8]
unit = "USD"
empty = "No spend in this range."
changed = "2026-11-22"
[chart]
x = "team"
y = ["cost_usd"]
series = "platform"
colors = "platform"
stack = true
[[columns]]
name = "team"
label = "Team"
type = "team"
link = "alloc?team={team}"
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
[[columns]]
name = "cost_usd"
label = "Spend"
type = "usd"
rows = "cost_usd"
*/
WITH parts AS (
    SELECT s.team AS team, s.platform AS platform, SUM(s.cost_usd) AS cost_usd
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.spend_date BETWEEN p.first_day AND p.through_day
    GROUP BY s.team, s.platform
),
whole AS (
    SELECT s.*, SUM(s.cost_usd) OVER (PARTITION BY s.team) AS team_usd
    FROM parts AS s
)
SELECT s.team AS team, s.platform AS platform, s.cost_usd AS cost_usd
FROM whole AS s
LEFT JOIN ai_usage_analytics.dim_platform AS d ON d.view_name = s.platform
ORDER BY CASE s.team WHEN 'Unattributed' THEN 2 WHEN 'No team' THEN 1 ELSE 0 END, s.team_usd DESC, team, COALESCE(d.sort_order, 99), platform
