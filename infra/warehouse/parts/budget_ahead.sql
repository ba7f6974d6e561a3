-- The budget of these months, and what is still to come.
budget AS (
    SELECT
        CASE
            WHEN COUNT(b.month) = COUNT(*) AND MIN(m.month) = MIN(p.first_day) AND MAX(m.month_end) = MAX(p.last_day)
                THEN SUM(b.budget_usd)
        END AS budget_usd,
        LOGICAL_OR(b.is_example) AS is_example
    FROM months AS m
    CROSS JOIN {{period}} AS p
    LEFT JOIN (
        SELECT a.month AS month, a.budget_usd AS budget_usd, a.is_example AS is_example
        FROM ai_usage_analytics.vw_budget AS a
        WHERE a.platform IS NULL AND a.team IS NULL
    ) AS b ON b.month = m.month
),
ahead AS (
    SELECT CASE WHEN COUNT(*) = COUNT(f.forecast_usd) THEN SUM(f.forecast_usd - f.actual_usd) END AS ahead_usd
    FROM ai_usage_analytics.vw_forecast AS f
    JOIN {{period}} AS p ON f.as_of = p.through_day AND f.as_of < p.last_day
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day = p.last_day AND c.month = f.month AND c.month_end = p.last_day
)
