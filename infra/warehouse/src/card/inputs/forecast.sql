/*
text = "What is spent already, and for each remaining day the mean of its weekday over the last 28 days, seats at the rate of the last day. Where fewer than 14 days are known, the mean of the month so far stands for the weekdays."
column = "vw_forecast.forecast_usd"
amount = "amount_usd"
*/
WITH {{of:vw_forecast}},
-- The view's own parts, of the running month.
ahead AS (
    SELECT
        m.*,
        m.seat_rate_usd * m.days_left AS seats_ahead_usd
    FROM measured AS m
    JOIN {{period}} AS p ON p.through_day = m.as_of
    WHERE m.days_gone >= 5 AND m.days_known >= 5 AND {{by:team m.team}}
),
weekday_parts AS (
    SELECT
        w.weekday AS weekday,
        MAX(w.days_known) AS days_known,
        SUM(d.cost_usd - d.seat_usd) AS known_usd,
        MAX(w.days_left) AS days_left,
        SUM(CAST((d.cost_usd - d.seat_usd) * w.days_left / w.days_known AS {{numeric}})) AS amount_usd
    FROM moments AS m
    JOIN {{period}} AS p ON p.through_day = m.as_of
    JOIN days AS d
        ON UNIX_DATE(d.spend_date) > UNIX_DATE(m.as_of) - 28 AND d.spend_date <= m.as_of AND d.spend_date >= m.known_from
    JOIN weekdays AS w ON w.as_of = m.as_of AND w.weekday = MOD(UNIX_DATE(d.spend_date), 7)
    WHERE UNIX_DATE(m.as_of) - UNIX_DATE(m.known_from) >= 13
        AND UNIX_DATE(m.as_of) - UNIX_DATE(m.month) >= 4
        AND {{by:team d.team}}
    GROUP BY w.weekday
),
inputs AS (
    SELECT
        1 AS place,
        'Spent already' AS input,
        CAST(NULL AS INT64) AS days_known,
        CAST(NULL AS {{numeric}}) AS known_usd,
        CAST(NULL AS {{numeric}}) AS mean_usd,
        CAST(NULL AS INT64) AS days_left,
        CAST(SUM(s.cost_usd) AS {{numeric}}) AS amount_usd
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.spend_date BETWEEN p.first_day AND p.through_day
    UNION ALL
    SELECT
        2 AS place,
        'Seats' AS input,
        CAST(1 AS INT64) AS days_known,
        CAST(SUM(a.seat_rate_usd) AS {{numeric}}) AS known_usd,
        CAST(SUM(a.seat_rate_usd) AS {{numeric}}) AS mean_usd,
        CAST(MAX(a.days_left) AS INT64) AS days_left,
        CAST(SUM(a.seats_ahead_usd) AS {{numeric}}) AS amount_usd
    FROM ahead AS a
    UNION ALL
    -- Monday first; day 0 was a Thursday.
    SELECT
        3 + MOD(w.weekday + 3, 7) AS place,
        CASE w.weekday
            WHEN 0 THEN 'Thursdays' WHEN 1 THEN 'Fridays' WHEN 2 THEN 'Saturdays' WHEN 3 THEN 'Sundays'
            WHEN 4 THEN 'Mondays' WHEN 5 THEN 'Tuesdays' ELSE 'Wednesdays'
        END AS input,
        CAST(w.days_known AS INT64) AS days_known,
        CAST(w.known_usd AS {{numeric}}) AS known_usd,
        CAST(SAFE_DIVIDE(w.known_usd, w.days_known) AS {{numeric}}) AS mean_usd,
        CAST(w.days_left AS INT64) AS days_left,
        CAST(w.amount_usd AS {{numeric}}) AS amount_usd
    FROM weekday_parts AS w
    UNION ALL
    SELECT
        10 AS place,
        'The month so far' AS input,
        CAST(MAX(LEAST(a.days_gone, a.days_known)) AS INT64) AS days_known,
        CAST(SUM(a.metered_usd) AS {{numeric}}) AS known_usd,
        CAST(SAFE_DIVIDE(SUM(a.metered_usd), MAX(LEAST(a.days_gone, a.days_known))) AS {{numeric}}) AS mean_usd,
        CAST(MAX(a.days_left) AS INT64) AS days_left,
        CAST(
            SUM(
                CAST(a.actual_usd + a.seats_ahead_usd + a.metered_usd * a.days_left / LEAST(a.days_gone, a.days_known) AS {{numeric}})
                - a.actual_usd - a.seats_ahead_usd
            ) AS {{numeric}}
        ) AS amount_usd
    FROM ahead AS a
    WHERE a.days_known < 14
)
SELECT
    i.input AS input,
    i.days_known AS days_known,
    i.known_usd AS known_usd,
    i.mean_usd AS mean_usd,
    i.days_left AS days_left,
    i.amount_usd AS amount_usd
FROM inputs AS i
WHERE i.amount_usd IS NOT NULL
ORDER BY i.place
