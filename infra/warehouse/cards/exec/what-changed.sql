/*
title = "What changed since the period before"
question = "What explains the difference?"
definition = "From the spend of the period before to the spend of the range: platform by seats and usage, the six largest differences, the rest as \"Everything else\". The differences add up exactly."
display = "waterfall"
tab = "Overview"
place = [12, 20, 12, 7]
unit = "USD"
empty = "There is no earlier period to compare with."
changed = "2026-11-22"
[chart]
x = "driver"
y = ["delta_usd"]
colors = "change"
[[columns]]
name = "driver"
label = "Driver"
type = "text"
[[columns]]
name = "delta_usd"
label = "Difference"
type = "usd"
from = ["before_usd", "after_usd"]
[[columns]]
name = "before_usd"
label = "Before"
type = "usd"
[columns.rows]
by = "driver"
Before = "cost_usd before"
Now = "cost_usd"
"Claude Code seats" = "cost_usd platform=claude_code class=seat before"
"Claude Code usage" = "cost_usd platform=claude_code class=usage before"
"Claude Code other charges" = "cost_usd platform=claude_code class=other before"
"Claude.ai seats" = "cost_usd platform=claude_ai class=seat before"
"Claude.ai usage" = "cost_usd platform=claude_ai class=usage before"
"Claude.ai other charges" = "cost_usd platform=claude_ai class=other before"
"Claude API seats" = "cost_usd platform=claude_api class=seat before"
"Claude API usage" = "cost_usd platform=claude_api class=usage before"
"Claude API other charges" = "cost_usd platform=claude_api class=other before"
"Cursor seats" = "cost_usd platform=cursor class=seat before"
"Cursor usage" = "cost_usd platform=cursor class=usage before"
"Cursor other charges" = "cost_usd platform=cursor class=other before"
"*" = ""
[[columns]]
name = "after_usd"
label = "After"
type = "usd"
[columns.rows]
by = "driver"
Before = "cost_usd before"
Now = "cost_usd"
"Claude Code seats" = "cost_usd platform=claude_code class=seat"
"Claude Code usage" = "cost_usd platform=claude_code class=usage"
"Claude Code other charges" = "cost_usd platform=claude_code class=other"
"Claude.ai seats" = "cost_usd platform=claude_ai class=seat"
"Claude.ai usage" = "cost_usd platform=claude_ai class=usage"
"Claude.ai other charges" = "cost_usd platform=claude_ai class=other"
"Claude API seats" = "cost_usd platform=claude_api class=seat"
"Claude API usage" = "cost_usd platform=claude_api class=usage"
"Claude API other charges" = "cost_usd platform=claude_api class=other"
"Cursor seats" = "cost_usd platform=cursor class=seat"
"Cursor usage" = "cost_usd platform=cursor class=usage"
"Cursor other charges" = "cost_usd platform=cursor class=other"
"*" = ""
[[columns]]
name = "kind"
label = "Kind"
type = "text"
hidden = true
*/
WITH {{with:period_before}},
parts AS (
    SELECT
        d.label || CASE s.cost_class WHEN 'seat' THEN ' seats' WHEN 'usage' THEN ' usage' ELSE ' other charges' END AS driver,
        SUM(CASE WHEN p.has_previous AND s.spend_date BETWEEN p.prev_first AND p.prev_through THEN s.cost_usd ELSE 0 END) AS before_usd,
        SUM(CASE WHEN s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd ELSE 0 END) AS after_usd,
        MAX(CASE WHEN p.has_previous AND s.spend_date BETWEEN p.prev_first AND p.prev_through THEN 1 ELSE 0 END) AS before_rows
    FROM {{spend}} AS s
    CROSS JOIN span AS p
    JOIN ai_usage_analytics.dim_platform AS d ON d.view_name = s.platform
    WHERE s.spend_date >= p.prev_first AND s.spend_date <= p.through_day
    GROUP BY d.label, s.cost_class
),
ranked AS (
    SELECT
        a.*,
        ROW_NUMBER() OVER (ORDER BY ABS(a.after_usd - a.before_usd) DESC, a.driver) AS place
    FROM parts AS a
),
steps AS (
    SELECT 0 AS place, 'Before' AS driver, SUM(r.before_usd) AS delta_usd, SUM(r.before_usd) AS before_usd,
        SUM(r.before_usd) AS after_usd, 'total' AS kind
    FROM ranked AS r
    UNION ALL
    SELECT r.place AS place, r.driver AS driver, r.after_usd - r.before_usd AS delta_usd, r.before_usd AS before_usd,
        r.after_usd AS after_usd, 'change' AS kind
    FROM ranked AS r
    WHERE r.place <= 6
    UNION ALL
    SELECT 7 AS place, 'Everything else' AS driver, SUM(r.after_usd - r.before_usd) AS delta_usd, SUM(r.before_usd) AS before_usd,
        SUM(r.after_usd) AS after_usd, 'change' AS kind
    FROM ranked AS r
    WHERE r.place > 6
    HAVING COUNT(*) > 0
    UNION ALL
    SELECT 8 AS place, 'Now' AS driver, SUM(r.after_usd) AS delta_usd, SUM(r.after_usd) AS before_usd,
        SUM(r.after_usd) AS after_usd, 'total' AS kind
    FROM ranked AS r
),
known AS (
    SELECT SUM(a.before_rows) AS before_rows FROM parts AS a
)
SELECT t.driver AS driver, t.delta_usd AS delta_usd, t.before_usd AS before_usd, t.after_usd AS after_usd, t.kind AS kind
FROM steps AS t
CROSS JOIN known AS k
WHERE k.before_rows > 0
ORDER BY t.place
