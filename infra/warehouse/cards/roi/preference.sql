/*
title = "Platform preference"
question = "Which vendor do people lean on?"
definition = "People of the range by where their money goes: more than 70 % to Claude, more than 70 % to Cursor, or balanced."
display = "row"
tab = "People and platforms"
place = [0, 20, 12, 7]
unit = "people"
changed = "2026-11-22"
[chart]
x = "platform_preference"
y = ["people"]
[[columns]]
name = "platform_preference"
label = "Preference"
type = "level"
[[columns]]
name = "people"
label = "People"
type = "integer"
members = { text = "Everybody of this preference, with the share of their money that goes to Cursor.", of = "named", by = ["platform_preference"], show = ["user_email", "cursor_share"] }
*/
WITH people AS (
    SELECT
        s.user_email AS user_email,
        CAST(SAFE_DIVIDE(SUM(CASE WHEN s.platform = 'cursor' THEN s.cost_usd ELSE 0 END), SUM(s.cost_usd)) AS {{numeric}}) AS cursor_share
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.user_email <> 'unknown@unattributed.com' AND s.spend_date BETWEEN p.first_day AND p.through_day
    GROUP BY s.user_email
),
named AS (
    SELECT
        a.user_email AS user_email,
        a.cursor_share AS cursor_share,
        CASE
            WHEN a.user_email = 'unknown@unattributed.com' OR a.cursor_share IS NULL THEN NULL
            WHEN a.cursor_share > 0.70 THEN 'Cursor Heavy'
            WHEN a.cursor_share < 0.30 THEN 'Anthropic Heavy'
            ELSE 'Balanced'
        END AS platform_preference
    FROM people AS a
),
counted AS (
    SELECT n.platform_preference AS level, COUNT(*) AS people
    FROM named AS n
    GROUP BY n.platform_preference
),
levels AS (
    SELECT 1 AS place, 'Anthropic Heavy' AS level
    UNION ALL
    SELECT 2 AS place, 'Balanced' AS level
    UNION ALL
    SELECT 3 AS place, 'Cursor Heavy' AS level
)
SELECT l.level AS platform_preference, COALESCE(c.people, 0) AS people
FROM levels AS l
LEFT JOIN counted AS c ON c.level = l.level
ORDER BY l.place
