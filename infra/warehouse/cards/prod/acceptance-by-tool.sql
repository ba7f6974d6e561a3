/*
title = "Suggestion acceptance by tool and team"
question = "Which tool fits which team?"
definition = "Accepted over decided suggestions of the range by team and tool. Teams with fewer than 50 decisions on a tool are left out."
display = "bar"
tab = "Tools"
place = [0, 9, 12, 7]
unit = "percent"
notes = ["Teams with fewer than 50 decisions on a tool are left out."]
changed = "2026-11-22"
[chart]
x = "team"
y = ["suggestion_acceptance_rate"]
series = "platform"
colors = "platform"
[[columns]]
name = "team"
label = "Team"
type = "team"
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
[[columns]]
name = "suggestion_acceptance_rate"
label = "Acceptance"
type = "percent"
rows = "suggestions_accepted / suggestions_decided"
*/
SELECT
    u.team AS team,
    {{platform:u.platform}} AS platform,
    CAST(SAFE_DIVIDE(SUM(u.suggestions_accepted), SUM(u.suggestions_accepted + u.suggestions_rejected)) AS {{numeric}})
        AS suggestion_acceptance_rate
FROM {{usage}} AS u
CROSS JOIN {{period}} AS p
WHERE u.platform IN ('claude_code', 'cursor') AND u.usage_date BETWEEN p.first_day AND p.through_day
GROUP BY u.team, u.platform
HAVING SUM(u.suggestions_accepted + u.suggestions_rejected) >= 50
ORDER BY CASE u.team WHEN 'Unattributed' THEN 2 WHEN 'No team' THEN 1 ELSE 0 END, team, u.platform
