-- Everybody who cost or used anything in the period.
people AS (
    SELECT
        a.user_email AS user_email,
        COUNT(DISTINCT a.active_day) AS active_days,
        SUM(a.sessions) AS sessions
    FROM (
        SELECT u.user_email AS user_email, CASE WHEN u.is_active THEN u.usage_date END AS active_day, u.sessions AS sessions
        FROM {{usage}} AS u
        CROSS JOIN {{period}} AS p
        WHERE u.user_email <> 'unknown@unattributed.com' AND u.usage_date BETWEEN p.first_day AND p.through_day
        UNION ALL
        SELECT s.user_email AS user_email, CAST(NULL AS DATE) AS active_day, CAST(NULL AS INT64) AS sessions
        FROM {{spend}} AS s
        CROSS JOIN {{period}} AS p
        WHERE s.user_email <> 'unknown@unattributed.com' AND s.cost_usd > 0 AND s.spend_date BETWEEN p.first_day AND p.through_day
    ) AS a
    GROUP BY a.user_email
)
