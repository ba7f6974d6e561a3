/*
title = "Daily and weekly active people"
question = "How many use it, day by day?"
definition = "Distinct people with any use on a day, and in the seven days to that day, 26 weeks that end with the selected range."
display = "line"
tab = "Teams"
place = [12, 21, 12, 7]
unit = "people"
changed = "2026-11-22"
[chart]
x = "day"
y = ["dau", "wau"]
colors = "series"
[[columns]]
name = "day"
label = "Day"
type = "day"
[[columns]]
name = "dau"
label = "Daily active"
type = "integer"
rows = "active_people"
[[columns]]
name = "wau"
label = "Weekly active"
type = "integer"
rows = "active_people days=7"
*/
WITH last AS (
    SELECT p.through_day AS through_day, UNIX_DATE(p.through_day) AS through_number
    FROM {{period}} AS p
),
active AS (
    SELECT DISTINCT u.usage_date AS usage_date, UNIX_DATE(u.usage_date) AS day_number, u.user_email AS user_email
    FROM {{usage}} AS u
    CROSS JOIN last AS l
    WHERE u.is_active AND u.user_email <> 'unknown@unattributed.com' AND u.usage_date <= l.through_day
        AND UNIX_DATE(u.usage_date) > l.through_number - 188
),
first_use AS (
    SELECT MIN(a.day_number) AS day_number FROM active AS a
)
SELECT
    c.day AS day,
    COUNT(DISTINCT CASE WHEN a.usage_date = c.day THEN a.user_email END) AS dau,
    COUNT(DISTINCT a.user_email) AS wau
FROM ai_usage_analytics.dim_calendar AS c
CROSS JOIN last AS l
CROSS JOIN first_use AS f
JOIN active AS a ON a.day_number <= UNIX_DATE(c.day) AND a.day_number > UNIX_DATE(c.day) - 7
WHERE c.day <= l.through_day AND UNIX_DATE(c.day) > l.through_number - 182 AND UNIX_DATE(c.day) >= f.day_number
GROUP BY c.day
ORDER BY day
