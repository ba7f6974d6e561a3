-- Everybody with a seat or use.
known AS (
    SELECT COUNT(DISTINCT a.user_email) AS people
    FROM (
        SELECT s.user_email AS user_email
        FROM {{spend}} AS s
        CROSS JOIN {{period}} AS p
        WHERE s.cost_usd > 0 AND s.user_email <> 'unknown@unattributed.com' AND s.spend_date BETWEEN p.first_day AND p.through_day
        UNION ALL
        SELECT u.user_email AS user_email
        FROM {{usage}} AS u
        CROSS JOIN {{period}} AS p
        WHERE u.is_active AND u.user_email <> 'unknown@unattributed.com' AND u.usage_date BETWEEN p.first_day AND p.through_day
    ) AS a
)
