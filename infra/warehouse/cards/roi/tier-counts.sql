/*
title = "People by efficiency tier"
question = "How many people are efficient?"
definition = "People of the range by the cost of an accepted line on each coding tool: High to $0.10, Good to $0.25, Average to $0.50, Low above. Claude Code: billed by use."
display = "bar"
tab = "Overview"
place = [16, 6, 8, 8]
unit = "people"
changed = "2026-11-22"
[chart]
x = "efficiency_tier"
y = ["people"]
series = "platform"
colors = "platform"
stack = true
[[columns]]
name = "efficiency_tier"
label = "Efficiency"
type = "level"
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
[[columns]]
name = "people"
label = "People"
type = "integer"
*/
WITH tools AS (
    SELECT d.view_name AS platform, d.sort_order AS sort_order
    FROM ai_usage_analytics.dim_platform AS d
    WHERE d.view_name IN ('claude_code', 'cursor')
),
pairs AS (
    SELECT
        a.user_email AS user_email,
        MAX(a.display_name) AS display_name,
        a.platform AS platform,
        SUM(a.cost_usd) AS cost_usd,
        SUM(a.lines_accepted) AS lines_accepted,
        SUM(a.sessions) AS sessions
    FROM (
        SELECT s.user_email AS user_email, s.display_name AS display_name, s.platform AS platform, s.cost_usd AS cost_usd,
            CAST(NULL AS INT64) AS lines_accepted, CAST(NULL AS INT64) AS sessions
        FROM {{spend}} AS s
        CROSS JOIN {{period}} AS p
        WHERE s.user_email <> 'unknown@unattributed.com' AND s.spend_date BETWEEN p.first_day AND p.through_day
        UNION ALL
        SELECT u.user_email AS user_email, u.display_name AS display_name, u.platform AS platform, CAST(NULL AS {{numeric}}) AS cost_usd,
            u.lines_accepted AS lines_accepted, u.sessions AS sessions
        FROM {{usage}} AS u
        CROSS JOIN {{period}} AS p
        WHERE u.user_email <> 'unknown@unattributed.com' AND NOT u.covered_by_seat AND u.usage_date BETWEEN p.first_day AND p.through_day
    ) AS a
    JOIN tools AS t ON t.platform = a.platform
    GROUP BY a.user_email, a.platform
    HAVING COALESCE(SUM(a.cost_usd), 0) <> 0 OR COALESCE(SUM(a.lines_accepted), 0) > 0
),
rated AS (
    SELECT a.platform AS platform, CAST(SAFE_DIVIDE(a.cost_usd, a.lines_accepted) AS {{numeric}}) AS cost_per_line_accepted
    FROM pairs AS a
),
named AS (
    SELECT
        r.platform AS platform,
        CASE
        WHEN r.cost_per_line_accepted IS NULL THEN 'No output data'
        WHEN r.cost_per_line_accepted <= 0.10 THEN 'High'
        WHEN r.cost_per_line_accepted <= 0.25 THEN 'Good'
        WHEN r.cost_per_line_accepted <= 0.50 THEN 'Average'
        ELSE 'Low'
    END AS efficiency_tier
    FROM rated AS r
),
counted AS (
    SELECT n.efficiency_tier AS level, n.platform AS platform, COUNT(*) AS people
    FROM named AS n
    GROUP BY n.efficiency_tier, n.platform
),
levels AS (
    SELECT 1 AS place, 'High' AS level
    UNION ALL
    SELECT 2 AS place, 'Good' AS level
    UNION ALL
    SELECT 3 AS place, 'Average' AS level
    UNION ALL
    SELECT 4 AS place, 'Low' AS level
    UNION ALL
    SELECT 5 AS place, 'No output data' AS level
)
SELECT l.level AS efficiency_tier, t.platform AS platform, COALESCE(c.people, 0) AS people
FROM levels AS l
CROSS JOIN tools AS t
LEFT JOIN counted AS c ON c.level = l.level AND c.platform = t.platform
ORDER BY l.place, t.sort_order
