-- Seats that were paid, and when their people were last active.
seats AS (
    SELECT
        s.user_email AS user_email,
        s.platform AS platform,
        MAX(s.display_name) AS display_name,
        SUBSTR(MAX(CAST(s.spend_date AS STRING) || s.team), 11) AS team,
        SUM(s.cost_usd) AS seat_usd
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.cost_class = 'seat' AND s.user_email <> 'unknown@unattributed.com'
        AND UNIX_DATE(s.spend_date) > UNIX_DATE(p.through_day) - 30 AND s.spend_date <= p.through_day
    GROUP BY s.user_email, s.platform
    HAVING MIN(UNIX_DATE(s.spend_date)) = MAX(UNIX_DATE(p.through_day)) - 29 AND MAX(s.spend_date) = MAX(p.through_day)
        AND SUM(s.cost_usd) > 0
),
-- Claude Code under a Claude.ai seat is use of that seat.
used AS (
    SELECT
        u.user_email AS user_email,
        CASE WHEN u.covered_by_seat THEN 'claude_ai' ELSE u.platform END AS platform,
        MAX(CASE WHEN u.is_active THEN u.usage_date END) AS last_active
    FROM ai_usage_analytics.vw_usage_daily AS u
    CROSS JOIN {{period}} AS p
    WHERE u.usage_date <= p.through_day
    GROUP BY u.user_email, CASE WHEN u.covered_by_seat THEN 'claude_ai' ELSE u.platform END
),
-- A platform whose use nobody reports is not called idle.
reported AS (
    SELECT DISTINCT u.platform AS platform
    FROM ai_usage_analytics.vw_usage_daily AS u
    CROSS JOIN {{period}} AS p
    WHERE u.usage_date <= p.through_day AND UNIX_DATE(u.usage_date) > UNIX_DATE(p.through_day) - 30
)
