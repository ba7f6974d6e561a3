/*
title = "Teams by week"
question = "Which teams gain, which stall?"
definition = "Accepted lines per active person by team and week, the 12 weeks that end with the selected range (week 12 is its last). Fair between team sizes. Total: over all 12 weeks."
display = "table"
tab = "Teams"
place = [0, 13, 24, 8]
unit = "lines"
ignores = ["user"]
notes = ["Each week begins on its Monday."]
changed = "2026-11-22"
[[columns]]
name = "team"
label = "Team"
type = "team"
link = "prod?team={team}"
[[columns]]
name = "w01"
label = "Week 1"
type = "number"
rows = "lines_accepted week=1 / active_accounts week=1"
heat = true
[[columns]]
name = "w02"
label = "Week 2"
type = "number"
rows = "lines_accepted week=2 / active_accounts week=2"
heat = true
[[columns]]
name = "w03"
label = "Week 3"
type = "number"
rows = "lines_accepted week=3 / active_accounts week=3"
heat = true
[[columns]]
name = "w04"
label = "Week 4"
type = "number"
rows = "lines_accepted week=4 / active_accounts week=4"
heat = true
[[columns]]
name = "w05"
label = "Week 5"
type = "number"
rows = "lines_accepted week=5 / active_accounts week=5"
heat = true
[[columns]]
name = "w06"
label = "Week 6"
type = "number"
rows = "lines_accepted week=6 / active_accounts week=6"
heat = true
[[columns]]
name = "w07"
label = "Week 7"
type = "number"
rows = "lines_accepted week=7 / active_accounts week=7"
heat = true
[[columns]]
name = "w08"
label = "Week 8"
type = "number"
rows = "lines_accepted week=8 / active_accounts week=8"
heat = true
[[columns]]
name = "w09"
label = "Week 9"
type = "number"
rows = "lines_accepted week=9 / active_accounts week=9"
heat = true
[[columns]]
name = "w10"
label = "Week 10"
type = "number"
rows = "lines_accepted week=10 / active_accounts week=10"
heat = true
[[columns]]
name = "w11"
label = "Week 11"
type = "number"
rows = "lines_accepted week=11 / active_accounts week=11"
heat = true
[[columns]]
name = "w12"
label = "Week 12"
type = "number"
rows = "lines_accepted week=12 / active_accounts week=12"
heat = true
[[columns]]
name = "total"
label = "12 weeks"
type = "number"
rows = "lines_accepted weeks=12 / active_accounts weeks=12"
[[columns]]
name = "first_week"
label = "Week 1 begins"
type = "day"
hidden = true
*/
WITH last AS (
    SELECT
        p.through_day AS through_day,
        c.week AS week,
        CAST(DATE_ADD(c.week, INTERVAL (-77) DAY) AS DATE) AS first_week,
        UNIX_DATE(c.week) AS week_number
    FROM {{period}} AS p
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day = p.through_day
),
weeks AS (
    SELECT
        u.team AS team,
        12 - DIV((l.week_number - UNIX_DATE(u.week)), 7) AS place,
        l.first_week AS first_week,
        CAST(SAFE_DIVIDE(SUM(u.lines_accepted), COUNT(DISTINCT CASE WHEN u.is_active THEN u.user_email END)) AS {{numeric}}) AS lines_per_person
    FROM {{usage}} AS u
    CROSS JOIN last AS l
    WHERE u.week >= l.first_week AND u.week <= l.week AND u.usage_date <= l.through_day
    GROUP BY u.team, 12 - DIV((l.week_number - UNIX_DATE(u.week)), 7), l.first_week
),
whole AS (
    SELECT
        u.team AS team,
        CAST(SAFE_DIVIDE(SUM(u.lines_accepted), COUNT(DISTINCT CASE WHEN u.is_active THEN u.user_email END)) AS {{numeric}}) AS total
    FROM {{usage}} AS u
    CROSS JOIN last AS l
    WHERE u.week >= l.first_week AND u.week <= l.week AND u.usage_date <= l.through_day
    GROUP BY u.team
)
SELECT
    w.team AS team,
    MAX(CASE WHEN w.place = 1 THEN w.lines_per_person END) AS w01,
    MAX(CASE WHEN w.place = 2 THEN w.lines_per_person END) AS w02,
    MAX(CASE WHEN w.place = 3 THEN w.lines_per_person END) AS w03,
    MAX(CASE WHEN w.place = 4 THEN w.lines_per_person END) AS w04,
    MAX(CASE WHEN w.place = 5 THEN w.lines_per_person END) AS w05,
    MAX(CASE WHEN w.place = 6 THEN w.lines_per_person END) AS w06,
    MAX(CASE WHEN w.place = 7 THEN w.lines_per_person END) AS w07,
    MAX(CASE WHEN w.place = 8 THEN w.lines_per_person END) AS w08,
    MAX(CASE WHEN w.place = 9 THEN w.lines_per_person END) AS w09,
    MAX(CASE WHEN w.place = 10 THEN w.lines_per_person END) AS w10,
    MAX(CASE WHEN w.place = 11 THEN w.lines_per_person END) AS w11,
    MAX(CASE WHEN w.place = 12 THEN w.lines_per_person END) AS w12,
    MAX(a.total) AS total,
    MAX(w.first_week) AS first_week
FROM weeks AS w
JOIN whole AS a ON a.team = w.team
GROUP BY w.team
HAVING MAX(a.total) IS NOT NULL
ORDER BY CASE w.team WHEN 'Unattributed' THEN 2 WHEN 'No team' THEN 1 ELSE 0 END, total DESC, team
