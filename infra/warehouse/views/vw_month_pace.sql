-- A month as of each of its complete days (through_day) against the same days of the month before, the last day against the
-- whole month before. like_usd is the month before brought to as many weekdays and weekend days; base_usd is NULL where a
-- day compared with is not complete. All platforms together; first_day is the first day that is known.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_month_pace AS
WITH sums AS (
    SELECT
        p.day AS day,
        p.month AS month,
        p.is_complete AS is_complete,
        MIN(p.day) OVER () AS first_day,
        SUM(p.cost_usd) OVER (PARTITION BY p.month ORDER BY p.day) AS cost_usd,
        SUM(CASE WHEN p.is_weekday THEN p.cost_usd ELSE 0 END) OVER (PARTITION BY p.month ORDER BY p.day) AS weekday_usd,
        SUM(CASE WHEN p.is_weekday THEN 1 ELSE 0 END) OVER (PARTITION BY p.month ORDER BY p.day) AS weekdays,
        SUM(CASE WHEN p.is_weekday THEN 0 ELSE 1 END) OVER (PARTITION BY p.month ORDER BY p.day) AS weekends,
        SUM(CASE WHEN p.is_complete THEN 1 ELSE 0 END) OVER (PARTITION BY p.month ORDER BY p.day) AS complete_days
    FROM ai_usage_analytics.vw_spend_pace AS p
    WHERE p.platform IS NULL
),
ends AS (
    SELECT
        s.*,
        c.month_end AS month_end,
        c.month_end = s.day AS is_whole,
        b.month AS base_from,
        b.day AS base_to
    FROM sums AS s
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day = s.day
    -- The last day compared with: the same day of the month before, its last one where that is shorter.
    JOIN ai_usage_analytics.dim_calendar AS b
        ON b.month = CAST(DATE_ADD(c.month, INTERVAL (-1) MONTH) AS DATE)
        AND EXTRACT(DAY FROM b.day)
            = CASE WHEN c.month_end = s.day THEN b.days_in_month ELSE LEAST(EXTRACT(DAY FROM s.day), b.days_in_month) END
    WHERE s.is_complete
)
SELECT
    e.month AS month,
    e.month_end AS month_end,
    e.day AS through_day,
    e.first_day AS first_day,
    e.is_whole AS is_whole,
    CAST(e.cost_usd AS {{numeric}}) AS now_usd,
    e.base_from AS base_from,
    e.base_to AS base_to,
    CASE WHEN b.complete_days = EXTRACT(DAY FROM b.day) THEN CAST(b.cost_usd AS {{numeric}}) END AS base_usd,
    CASE
        WHEN b.complete_days <> EXTRACT(DAY FROM b.day) THEN NULL
        WHEN e.is_whole THEN CAST(b.cost_usd AS {{numeric}})
        -- To the cent: an estimate, and the same on every engine.
        ELSE CAST(
            ROUND(
                CAST(
                    COALESCE(SAFE_DIVIDE(b.weekday_usd * e.weekdays, b.weekdays), 0)
                        + COALESCE(SAFE_DIVIDE((b.cost_usd - b.weekday_usd) * e.weekends, b.weekends), 0)
                    AS {{numeric}}
                ),
                2
            ) AS {{numeric}}
        )
    END AS like_usd
FROM ends AS e
LEFT JOIN sums AS b ON b.day = e.base_to;
