-- The 13 months that end with the selection.
last AS (
    SELECT p.through_day AS through_day, c.month AS month, CAST(DATE_ADD(c.month, INTERVAL (-12) MONTH) AS DATE) AS first_month
    FROM {{period}} AS p
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day = p.last_day
)
