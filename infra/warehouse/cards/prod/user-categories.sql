/*
title = "People by sessions"
question = "How many are power users?"
definition = "People of the range by sessions a month: power from 50, regular from 20, occasional from 5, light above none; cost only: money without use. A range that is no month counts as one of 30 days."
display = "row"
tab = "People"
place = [12, 11, 12, 7]
unit = "people"
ignores = ["model"]
notes = ["Sessions of Cursor are estimated: an active day counts as one."]
changed = "2026-11-22"
[chart]
x = "user_category"
y = ["people"]
colors = "level"
[[columns]]
name = "user_category"
label = "Use"
type = "level"
[[columns]]
name = "people"
label = "People"
type = "integer"
members = { text = "Everybody of this category, with the sessions a month that decide it.", of = "named", by = ["user_category"], show = ["user_email", "person_sessions"] }
*/
WITH {{with:people_in_range}},
rated AS (
    SELECT
        a.user_email AS user_email,
        CASE
            WHEN p.is_month THEN CAST(a.sessions AS {{numeric}})
            ELSE CAST(a.sessions * 30 / (UNIX_DATE(p.through_day) - UNIX_DATE(p.first_day) + 1) AS {{numeric}})
        END AS person_sessions
    FROM people AS a
    CROSS JOIN {{period}} AS p
),
named AS (
    SELECT
        r.user_email AS user_email,
        r.person_sessions AS person_sessions,
        CASE
            WHEN r.person_sessions >= 50 THEN 'Power'
            WHEN r.person_sessions >= 20 THEN 'Regular'
            WHEN r.person_sessions >= 5 THEN 'Occasional'
            WHEN r.person_sessions > 0 THEN 'Light'
            ELSE 'Cost Only'
        END AS user_category
    FROM rated AS r
),
counted AS (
    SELECT n.user_category AS level, COUNT(*) AS people
    FROM named AS n
    GROUP BY n.user_category
),
levels AS (
    SELECT 1 AS place, 'Power' AS level
    UNION ALL
    SELECT 2 AS place, 'Regular' AS level
    UNION ALL
    SELECT 3 AS place, 'Occasional' AS level
    UNION ALL
    SELECT 4 AS place, 'Light' AS level
    UNION ALL
    SELECT 5 AS place, 'Cost Only' AS level
)
SELECT l.level AS user_category, COALESCE(c.people, 0) AS people
FROM levels AS l
LEFT JOIN counted AS c ON c.level = l.level
ORDER BY l.place
