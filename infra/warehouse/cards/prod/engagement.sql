/*
title = "People by engagement"
question = "How regularly do people use it?"
definition = "People of the range (who used or cost something) by the share of its loaded days on which they used anything: highly active from 80 %, moderately from 50 %, occasional from 20 %."
display = "row"
tab = "People"
place = [0, 11, 12, 7]
unit = "people"
changed = "2026-11-22"
[chart]
x = "engagement_category"
y = ["people"]
colors = "level"
[[columns]]
name = "engagement_category"
label = "Engagement"
type = "level"
[[columns]]
name = "people"
label = "People"
type = "integer"
members = { text = "Everybody of this category, with the share of the loaded days on which they used anything.", of = "named", by = ["engagement_category"], show = ["user_email", "active_days", "engagement_rate"] }
*/
WITH {{with:people_in_range}},
days AS (
    SELECT COUNT(*) AS days, SUM(CASE WHEN c.is_weekday THEN 1 ELSE 0 END) AS weekdays
    FROM {{period}} AS p
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day BETWEEN p.first_day AND p.through_day
),
rated AS (
    SELECT
        a.user_email AS user_email,
        a.active_days AS active_days,
        CAST(SAFE_DIVIDE(a.active_days, d.days) AS {{numeric}}) AS engagement_rate
    FROM people AS a
    CROSS JOIN days AS d
),
named AS (
    SELECT
        r.user_email AS user_email,
        r.active_days AS active_days,
        r.engagement_rate AS engagement_rate,
        CASE
            WHEN r.engagement_rate IS NULL THEN NULL
            WHEN r.engagement_rate >= 0.80 THEN 'Highly Active'
            WHEN r.engagement_rate >= 0.50 THEN 'Moderately Active'
            WHEN r.engagement_rate >= 0.20 THEN 'Occasional'
            ELSE 'Low Activity'
        END AS engagement_category
    FROM rated AS r
),
counted AS (
    SELECT n.engagement_category AS level, COUNT(*) AS people
    FROM named AS n
    GROUP BY n.engagement_category
),
levels AS (
    SELECT 1 AS place, 'Highly Active' AS level
    UNION ALL
    SELECT 2 AS place, 'Moderately Active' AS level
    UNION ALL
    SELECT 3 AS place, 'Occasional' AS level
    UNION ALL
    SELECT 4 AS place, 'Low Activity' AS level
)
SELECT l.level AS engagement_category, COALESCE(c.people, 0) AS people
FROM levels AS l
LEFT JOIN counted AS c ON c.level = l.level
ORDER BY l.place
