-- Where the running month will end, by platform and team, and what the same method said last month on the same day
-- (final_usd is what it came to). Metered money: for each remaining day the mean of its weekday over the last 28 days, the
-- mean of the month so far where fewer than 14 days are known. Seats: the last day's rate. NULL before the fifth day.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_forecast AS
WITH moments AS (
    SELECT c.month AS month, c.month_end AS month_end, c.day AS as_of, r.first_day AS known_from
    FROM ai_usage_analytics.vw_loaded_range AS r
    JOIN ai_usage_analytics.dim_calendar AS c
        ON c.day = r.through_day OR c.day = CAST(DATE_ADD(r.through_day, INTERVAL (-1) MONTH) AS DATE)
),
-- How often a weekday still comes, and how often it was in the last 28 days.
weekdays AS (
    SELECT
        m.as_of AS as_of,
        MOD(UNIX_DATE(c.day), 7) AS weekday,
        SUM(CASE WHEN c.month = m.month AND c.day > m.as_of THEN 1 ELSE 0 END) AS days_left,
        SUM(CASE WHEN c.day <= m.as_of AND c.day >= m.known_from THEN 1 ELSE 0 END) AS days_known
    FROM moments AS m
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day <= m.month_end
    WHERE UNIX_DATE(c.day) > UNIX_DATE(m.as_of) - 28
    GROUP BY m.as_of, MOD(UNIX_DATE(c.day), 7)
),
days AS (
    SELECT
        s.spend_date AS spend_date,
        s.month AS month,
        s.platform AS platform,
        s.team AS team,
        SUM(s.cost_usd) AS cost_usd,
        SUM(CASE WHEN s.cost_class = 'seat' THEN s.cost_usd ELSE 0 END) AS seat_usd
    FROM ai_usage_analytics.vw_spend_daily AS s
    GROUP BY s.spend_date, s.month, s.platform, s.team
),
parts AS (
    SELECT
        m.month AS month,
        m.month_end AS month_end,
        m.as_of AS as_of,
        m.known_from AS known_from,
        d.platform AS platform,
        d.team AS team,
        SUM(CASE WHEN d.month = m.month AND d.spend_date <= m.as_of THEN d.cost_usd ELSE 0 END) AS actual_usd,
        SUM(CASE WHEN d.month = m.month THEN d.cost_usd ELSE 0 END) AS final_usd,
        SUM(CASE WHEN d.month = m.month AND d.spend_date <= m.as_of THEN d.cost_usd - d.seat_usd ELSE 0 END) AS metered_usd,
        SUM(CASE WHEN d.spend_date = m.as_of THEN d.seat_usd ELSE 0 END) AS seat_rate_usd,
        SUM(
            CASE
                WHEN UNIX_DATE(d.spend_date) > UNIX_DATE(m.as_of) - 28
                    AND d.spend_date <= m.as_of
                    AND d.spend_date >= m.known_from
                    THEN CAST((d.cost_usd - d.seat_usd) * w.days_left / w.days_known AS {{numeric}})
            END
        ) AS ahead_usd
    FROM moments AS m
    CROSS JOIN days AS d
    LEFT JOIN weekdays AS w ON w.as_of = m.as_of AND w.weekday = MOD(UNIX_DATE(d.spend_date), 7)
    WHERE UNIX_DATE(d.spend_date) > UNIX_DATE(m.as_of) - 31 AND d.spend_date <= m.month_end
    GROUP BY m.month, m.month_end, m.as_of, m.known_from, d.platform, d.team
),
measured AS (
    SELECT
        p.*,
        UNIX_DATE(p.as_of) - UNIX_DATE(p.month) + 1 AS days_gone,
        UNIX_DATE(p.month_end) - UNIX_DATE(p.as_of) AS days_left,
        UNIX_DATE(p.as_of) - UNIX_DATE(p.known_from) + 1 AS days_known
    FROM parts AS p
)
SELECT
    m.month AS month,
    m.as_of AS as_of,
    m.platform AS platform,
    m.team AS team,
    m.actual_usd AS actual_usd,
    CASE
        WHEN m.days_gone < 5 OR m.days_known < 5 THEN NULL
        WHEN m.days_known >= 14
            THEN CAST(m.actual_usd + m.seat_rate_usd * m.days_left + COALESCE(m.ahead_usd, 0) AS {{numeric}})
        ELSE CAST(
            m.actual_usd + m.seat_rate_usd * m.days_left + m.metered_usd * m.days_left / LEAST(m.days_gone, m.days_known)
            AS {{numeric}}
        )
    END AS forecast_usd,
    CASE WHEN m.days_known < 14 THEN 'straight line' ELSE 'weekday means' END AS method,
    CASE WHEN l.through_day >= m.month_end THEN m.final_usd END AS final_usd
FROM measured AS m
CROSS JOIN ai_usage_analytics.vw_loaded_range AS l;
