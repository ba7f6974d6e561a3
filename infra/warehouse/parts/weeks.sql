-- The 26 weeks that end with the selection.
last AS (
    SELECT p.through_day AS through_day, c.week AS week, CAST(DATE_ADD(c.week, INTERVAL (-175) DAY) AS DATE) AS first_week
    FROM {{period}} AS p
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day = p.last_day
)
