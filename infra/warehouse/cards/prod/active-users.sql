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
WITH span AS (
    SELECT
        p.*,
        p.prev_first >= l.first_day AS has_previous
    FROM {{period}} AS p
    CROSS JOIN ai_usage_analytics.vw_loaded_range AS l
),
active AS (
    SELECT
        COUNT(DISTINCT CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.user_email END) AS now_users,
        COUNT(DISTINCT CASE WHEN p.has_previous AND u.usage_date BETWEEN p.prev_first AND p.prev_through THEN u.user_email END) AS before_users
    FROM {{usage}} AS u
    CROSS JOIN span AS p
    WHERE u.is_active AND u.user_email <> 'unknown@unattributed.com' AND u.usage_date >= p.prev_first AND u.usage_date <= p.through_day
),
known AS (
    SELECT COUNT(DISTINCT a.user_email) AS people
    FROM (
        SELECT s.user_email AS user_email
        FROM {{spend}} AS s
        CROSS JOIN {{period}} AS p
        WHERE s.cost_usd > 0 AND s.user_email <> 'unknown@unattributed.com' AND s.spend_date BETWEEN p.first_day AND p.through_day
        UNION ALL
        SELECT u.user_email AS user_email
        FROM {{usage}} AS u
        CROSS JOIN {{period}} AS p
        WHERE u.is_active AND u.user_email <> 'unknown@unattributed.com' AND u.usage_date BETWEEN p.first_day AND p.through_day
    ) AS a
)
SELECT
    CASE WHEN k.people > 0 THEN a.now_users END AS active_users,
    CASE WHEN p.has_previous THEN a.before_users END AS previous,
    'of ' || CAST(k.people AS STRING) || ' people' AS base
FROM active AS a
CROSS JOIN known AS k
CROSS JOIN span AS p
ORDER BY active_users
