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
members = { text = "Everybody of this tier on this platform, with the cost of an accepted line that decides it.", of = "named", by = ["efficiency_tier", "platform"], show = ["user_email", "cost_usd", "lines_accepted", "cost_per_line_accepted"] }
*/
WITH {{with:person_tools}},
rated AS (
    SELECT
        a.user_email AS user_email,
        a.platform AS platform,
        a.cost_usd AS cost_usd,
        a.lines_accepted AS lines_accepted,
        CAST(SAFE_DIVIDE(a.cost_usd, a.lines_accepted) AS {{numeric}}) AS cost_per_line_accepted
    FROM pairs AS a
),
named AS (
    SELECT
        r.user_email AS user_email,
        r.platform AS platform,
        r.cost_usd AS cost_usd,
        r.lines_accepted AS lines_accepted,
        r.cost_per_line_accepted AS cost_per_line_accepted,
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
SELECT l.level AS efficiency_tier, {{platform:t.platform}} AS platform, COALESCE(c.people, 0) AS people
FROM levels AS l
CROSS JOIN tools AS t
LEFT JOIN counted AS c ON c.level = l.level AND c.platform = t.platform
ORDER BY l.place, t.sort_order
