/*
title = "Acceptance rate by week"
question = "Do people keep more of what is suggested?"
definition = "Accepted over decided suggestions by week and tool, 26 weeks that end with the selected range. A week with fewer than 50 decisions is a gap."
display = "line"
tab = "Teams"
place = [0, 6, 12, 7]
unit = "percent"
changed = "2026-11-22"
[chart]
x = "week"
y = ["suggestion_acceptance_rate"]
series = "platform"
colors = "platform"
[[columns]]
name = "week"
label = "Week"
type = "week"
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
WITH {{with:weeks}}
SELECT
    u.week AS week,
    {{platform:u.platform}} AS platform,
    CASE
        WHEN SUM(u.suggestions_accepted + u.suggestions_rejected) >= 50
            THEN CAST(SAFE_DIVIDE(SUM(u.suggestions_accepted), SUM(u.suggestions_accepted + u.suggestions_rejected)) AS {{numeric}})
    END AS suggestion_acceptance_rate
FROM {{usage}} AS u
CROSS JOIN last AS l
WHERE u.platform IN ('claude_code', 'cursor') AND u.week >= l.first_week AND u.week <= l.week AND u.usage_date <= l.through_day
GROUP BY u.week, u.platform
ORDER BY week, u.platform
