-- Each month looked at as far as it went, and what its days that daily-anomaly reports cost above their mean.
months AS (
    SELECT n.*
    FROM (
        SELECT m.*, ROW_NUMBER() OVER (PARTITION BY m.month ORDER BY m.through_day DESC) AS place
        FROM ai_usage_analytics.vw_month_pace AS m
        WHERE m.through_day < {{as_of}} AND m.month_end >= {{quiet_from}}
            AND UNIX_DATE(m.month_end) >= UNIX_DATE({{as_of}}) - 7
    ) AS n
    WHERE n.place = 1
),
high AS (
    SELECT
        p.day AS day,
        p.month AS month,
        p.platform AS platform,
        p.cost_usd - p.mean_usd AS excess_usd,
        COUNT(*) OVER (PARTITION BY p.day) - COUNT(p.platform) OVER (PARTITION BY p.day) AS totals
    FROM ai_usage_analytics.vw_spend_pace AS p
    WHERE {{with:high_day}}
        AND p.day < {{as_of}} AND UNIX_DATE(p.day) >= UNIX_DATE({{as_of}}) - 70
),
-- A day's excess once: that of the total where the total is above the limit.
excess AS (
    SELECT h.month AS month, SUM(h.excess_usd) AS excess_usd
    FROM high AS h
    WHERE h.platform IS NULL OR h.totals = 0
    GROUP BY h.month
)
