-- Money and output of a person on a coding platform.
tools AS (
    SELECT d.view_name AS platform, d.sort_order AS sort_order
    FROM ai_usage_analytics.dim_platform AS d
    WHERE d.view_name IN ('claude_code', 'cursor')
),
pairs AS (
    SELECT
        a.user_email AS user_email,
        MAX(a.display_name) AS display_name,
        a.platform AS platform,
        SUM(a.cost_usd) AS cost_usd,
        SUM(a.lines_accepted) AS lines_accepted,
        SUM(a.sessions) AS sessions
    FROM (
        SELECT s.user_email AS user_email, s.display_name AS display_name, s.platform AS platform, s.cost_usd AS cost_usd,
            CAST(NULL AS INT64) AS lines_accepted, CAST(NULL AS INT64) AS sessions
        FROM {{spend}} AS s
        CROSS JOIN {{period}} AS p
        WHERE s.user_email <> 'unknown@unattributed.com' AND s.spend_date BETWEEN p.first_day AND p.through_day
        UNION ALL
        SELECT u.user_email AS user_email, u.display_name AS display_name, u.platform AS platform, CAST(NULL AS {{numeric}}) AS cost_usd,
            u.lines_accepted AS lines_accepted, u.sessions AS sessions
        FROM {{usage}} AS u
        CROSS JOIN {{period}} AS p
        WHERE u.user_email <> 'unknown@unattributed.com' AND NOT u.covered_by_seat AND u.usage_date BETWEEN p.first_day AND p.through_day
    ) AS a
    JOIN tools AS t ON t.platform = a.platform
    GROUP BY a.user_email, a.platform
    HAVING COALESCE(SUM(a.cost_usd), 0) <> 0 OR COALESCE(SUM(a.lines_accepted), 0) > 0
)
