/*
title = "Seats changed within a month"
question = "Do we pay for other seats than at the beginning of the month?"
definition = "Seats of a vendor that began or ended on a day of the last seven, all plans together, the first of a month left out, where the difference in what the rest of that month costs is at least the limit. A seat that ends and is followed by one of the same price the day after is no change. Prices are spread over days as in the expense tables (a month's price over that month's days)."
unit = "usd"
kind = "money"
severity = "warning"
schedule = "daily"
sentence = "{subject} changed on {period}: the month costs {amount} more (less, if negative). {note}"
remedy = "If it was not meant, correct the sheet seats or cancel the seat at the vendor before its next billing day."
changed = "2026-11-22"
[limits]
usd = { default = "10", unit = "usd", text = "how many dollars a month must change by" }
*/
WITH seats AS (
    SELECT
        CASE s.vendor WHEN 'cursor' THEN 'cursor' ELSE 'anthropic' END AS vendor,
        COALESCE(s.plan, 'seat') AS plan,
        s.price_usd AS price_usd,
        s.billing AS billing,
        s.valid_from AS valid_from,
        CAST(DATE_ADD(s.valid_to, INTERVAL 1 DAY) AS DATE) AS gone_on
    FROM ai_usage_analytics.dim_seats AS s
    WHERE s.valid_to IS NULL OR s.valid_to < DATE '9999-12-31'
),
changes AS (
    SELECT s.vendor, s.plan, s.billing, s.valid_from AS day, 1 AS seats, s.price_usd AS price_usd
    FROM seats AS s
    WHERE s.valid_from IS NOT NULL
    UNION ALL
    SELECT s.vendor, s.plan, s.billing, s.gone_on AS day, -1 AS seats, -s.price_usd AS price_usd
    FROM seats AS s
    WHERE s.gone_on IS NOT NULL
),
years AS (
    SELECT c.year AS year, COUNT(*) AS days
    FROM ai_usage_analytics.dim_calendar AS c
    GROUP BY c.year
),
differences AS (
    SELECT
        h.vendor AS vendor,
        MIN(h.plan) AS plan,
        COUNT(DISTINCT h.plan) AS plans,
        h.day AS day,
        SUM(CASE WHEN h.seats > 0 THEN h.seats ELSE 0 END) AS begun,
        SUM(CASE WHEN h.seats < 0 THEN -h.seats ELSE 0 END) AS ended,
        SUM(
            CAST(
                h.price_usd * (UNIX_DATE(c.month_end) - UNIX_DATE(h.day) + 1)
                / CASE h.billing WHEN 'annual' THEN y.days ELSE c.days_in_month END AS {{numeric}}
            )
        ) AS month_usd
    FROM changes AS h
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day = h.day
    JOIN years AS y ON y.year = c.year
    WHERE h.day < {{as_of}} AND h.day >= {{quiet_from}} AND h.day > c.month
        AND UNIX_DATE(h.day) >= UNIX_DATE({{as_of}}) - 7
    GROUP BY h.vendor, h.day
)
SELECT
    d.vendor || ' seats' AS subject,
    CAST(d.day AS STRING) AS period,
    CAST(ABS(d.month_usd) AS {{numeric}}) AS measured,
    CAST({{limit:usd}} AS {{numeric}}) AS limit_value,
    CAST(d.month_usd AS {{numeric}}) AS amount,
    CAST(NULL AS {{numeric}}) AS baseline,
    CASE WHEN d.vendor = 'cursor' THEN 'cursor' ELSE 'claude_ai' END AS platform,
    CAST(NULL AS STRING) AS team,
    CAST(NULL AS DATE) AS now_from,
    CAST(NULL AS DATE) AS now_to,
    CAST(NULL AS DATE) AS base_from,
    CAST(NULL AS DATE) AS base_to,
    d.day AS since,
    'allocation?range=' || CAST(c.month AS STRING) || '~' || CAST(c.month_end AS STRING) || '&platform='
        || CASE WHEN d.vendor = 'cursor' THEN 'cursor' ELSE 'claude_ai' END AS link,
    'Begun: ' || CAST(d.begun AS STRING) || ', ended: ' || CAST(d.ended AS STRING)
        || CASE WHEN d.plans = 1 THEN ', plan ' || d.plan ELSE ', of several plans' END || '.' AS note
FROM differences AS d
JOIN ai_usage_analytics.dim_calendar AS c ON c.day = d.day
WHERE ABS(d.month_usd) >= {{limit:usd}}
