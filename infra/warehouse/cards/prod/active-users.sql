/*
title = "Active people"
question = "How many use it?"
definition = "People with any use on any platform in the range, of all who cost something or used something."
display = "scalar"
tab = "Teams"
place = [20, 3, 4, 3]
unit = "people"
changed = "2026-11-22"
[[columns]]
name = "active_users"
label = "Active people"
type = "integer"
rows = "active_people"
[[columns]]
name = "previous"
label = "Period before"
type = "integer"
hidden = true
[[columns]]
name = "base"
label = "Base"
type = "text"
hidden = true
*/
WITH {{with:period_before}},
active AS (
    SELECT
        COUNT(DISTINCT CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.user_email END) AS now_users,
        COUNT(DISTINCT CASE WHEN p.has_previous AND u.usage_date BETWEEN p.prev_first AND p.prev_through THEN u.user_email END) AS before_users
    FROM {{usage}} AS u
    CROSS JOIN span AS p
    WHERE u.is_active AND u.user_email <> 'unknown@unattributed.com' AND u.usage_date >= p.prev_first AND u.usage_date <= p.through_day
),
{{with:known_people}}
SELECT
    CASE WHEN k.people > 0 THEN a.now_users END AS active_users,
    CASE WHEN p.has_previous THEN a.before_users END AS previous,
    'of ' || CAST(k.people AS STRING) || ' people' AS base
FROM active AS a
CROSS JOIN known AS k
CROSS JOIN span AS p
ORDER BY active_users
