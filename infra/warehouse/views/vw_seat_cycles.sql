-- What a seat's price pays for and when it is due: one row per row of dim_seats and billing cycle, up to the last day that
-- seats were accrued. A month runs from cycle_day to the day before the next one (a short month uses its last day), a year
-- from 1 January; a year is due on the anniversary of valid_from. is_whole: every day of the cycle was paid and accrued.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_seat_cycles AS
WITH accrued AS (
    SELECT a.vendor AS vendor, MIN(a.day) AS first_day, MAX(a.day) AS last_day
    FROM (
        SELECT 'anthropic' AS vendor, e.expense_date AS day
        FROM ai_usage_analytics.claude_expenses AS e
        WHERE e.cost_type = 'subscription'
        UNION ALL
        SELECT 'cursor' AS vendor, e.expense_date AS day
        FROM ai_usage_analytics.cursor_expenses AS e
        WHERE e.cost_type = 'subscription'
    ) AS a
    GROUP BY a.vendor
),
seats AS (
    SELECT
        CASE s.vendor WHEN 'cursor' THEN 'cursor' ELSE 'anthropic' END AS vendor,
        s.plan AS plan,
        s.user_email AS user_email,
        s.price_usd AS price_usd,
        s.billing AS billing,
        s.cycle_day AS cycle_day,
        s.valid_from AS valid_from,
        COALESCE(s.valid_from, a.first_day) AS from_day,
        COALESCE(s.valid_to, DATE '9999-12-31') AS to_day,
        a.last_day AS last_day
    FROM ai_usage_analytics.dim_seats AS s
    JOIN accrued AS a ON a.vendor = CASE s.vendor WHEN 'cursor' THEN 'cursor' ELSE 'anthropic' END
),
monthly AS (
    SELECT
        x.cycle_day AS cycle_day,
        c.day AS start_day,
        LEAD(c.day) OVER (PARTITION BY x.cycle_day ORDER BY c.day) AS next_day
    FROM (SELECT DISTINCT s.cycle_day AS cycle_day FROM seats AS s WHERE s.billing = 'monthly') AS x
    JOIN ai_usage_analytics.dim_calendar AS c ON EXTRACT(DAY FROM c.day) = LEAST(x.cycle_day, c.days_in_month)
),
cycles AS (
    SELECT
        s.*,
        m.start_day AS start_day,
        m.next_day AS next_day,
        -- A seat that begins within a cycle is due on its first day, for the rest of the cycle.
        CASE WHEN s.from_day <= m.start_day THEN m.start_day WHEN s.valid_from IS NOT NULL THEN s.from_day END AS due_on,
        CASE
            WHEN s.from_day <= m.start_day THEN s.price_usd
            ELSE CAST(
                s.price_usd * (UNIX_DATE(m.next_day) - UNIX_DATE(s.from_day)) / (UNIX_DATE(m.next_day) - UNIX_DATE(m.start_day))
                AS {{numeric}}
            )
        END AS due_usd
    FROM seats AS s
    JOIN monthly AS m ON m.cycle_day = s.cycle_day AND m.next_day > s.from_day AND m.start_day <= s.to_day AND m.start_day <= s.last_day
    WHERE s.billing = 'monthly'
    UNION ALL
    SELECT
        s.*,
        y.start_day AS start_day,
        CAST(DATE_ADD(y.end_day, INTERVAL 1 DAY) AS DATE) AS next_day,
        d.day AS due_on,
        s.price_usd AS due_usd
    FROM seats AS s
    JOIN (
        SELECT c.year AS year, MIN(c.day) AS start_day, MAX(c.day) AS end_day
        FROM ai_usage_analytics.dim_calendar AS c
        GROUP BY c.year
    ) AS y ON y.end_day >= s.from_day AND y.start_day <= s.to_day AND y.start_day <= s.last_day
    LEFT JOIN ai_usage_analytics.dim_calendar AS d
        ON d.year = y.year
        AND EXTRACT(MONTH FROM d.day) = EXTRACT(MONTH FROM COALESCE(s.valid_from, y.start_day))
        AND EXTRACT(DAY FROM d.day) = LEAST(EXTRACT(DAY FROM COALESCE(s.valid_from, y.start_day)), d.days_in_month)
    WHERE s.billing = 'annual'
)
SELECT
    c.vendor AS vendor,
    c.plan AS plan,
    c.user_email AS user_email,
    c.billing AS billing,
    c.price_usd AS price_usd,
    c.start_day AS start_day,
    c.next_day AS next_day,
    CASE WHEN c.due_on >= c.from_day AND c.due_on <= c.to_day AND c.due_on <= c.last_day THEN c.due_on END AS due_on,
    c.due_usd AS due_usd,
    c.from_day <= c.start_day AND UNIX_DATE(c.to_day) >= UNIX_DATE(c.next_day) - 1
        AND UNIX_DATE(c.last_day) >= UNIX_DATE(c.next_day) - 1 AS is_whole
FROM cycles AS c;
