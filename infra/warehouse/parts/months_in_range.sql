-- The months of the selection.
months AS (
    SELECT c.month AS month, MAX(c.month_end) AS month_end
    FROM {{period}} AS p
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day BETWEEN p.first_day AND p.last_day
    GROUP BY c.month
)
