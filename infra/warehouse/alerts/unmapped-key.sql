/*
title = "An API key that belongs to nobody"
question = "Which keys spend money that no person answers for?"
definition = "An API key whose billed money of the last seven days has no person and is at least the limit. The month is that of yesterday. It gives way to attribution: a month that is reported there names no keys here."
unit = "usd"
kind = "money"
severity = "warning"
schedule = "weekly"
sentence = "Key {subject} spent {amount} in the last seven days, and nobody is named for it."
remedy = "Find out whose key it is and enter it in the sheet api-key-mapping, with valid_from; or revoke it."
changed = "2026-11-22"
[limits]
usd = { default = "20", unit = "usd", text = "how many dollars of a key in seven days are worth a message" }
*/
WITH this_month AS (
    SELECT c.month AS month
    FROM ai_usage_analytics.dim_calendar AS c
    WHERE UNIX_DATE(c.day) = UNIX_DATE({{as_of}}) - 1 AND c.month_end >= {{quiet_from}}
),
billed AS (
    SELECT f.cost_date AS cost_date, f.platform AS platform, f.api_key_id AS api_key_id, f.attribution AS attribution, f.cost_usd AS cost_usd
    FROM ai_usage_analytics.fct_cost_daily AS f
    WHERE f.cost_date < {{as_of}} AND UNIX_DATE(f.cost_date) >= UNIX_DATE({{as_of}}) - 31
),
reported AS (
    SELECT m.month AS month
    FROM billed AS b
    CROSS JOIN this_month AS m
    WHERE b.cost_date >= m.month
    GROUP BY m.month
    HAVING SUM(CASE WHEN b.attribution <> 'none' THEN 1 ELSE 0 END) * 100 < COUNT(*) * {{limit:attribution.percent}}
        AND SUM(CASE WHEN b.attribution = 'none' THEN b.cost_usd ELSE 0 END) >= {{limit:attribution.usd}}
        AND UNIX_DATE({{as_of}}) - UNIX_DATE(m.month) >= {{limit:attribution.days}}
),
bare_keys AS (
    SELECT
        b.api_key_id AS api_key_id,
        MIN(b.platform) AS platform,
        COUNT(DISTINCT b.platform) AS platforms,
        MIN(b.cost_date) AS since,
        SUM(b.cost_usd) AS cost_usd
    FROM billed AS b
    WHERE b.attribution = 'none' AND b.api_key_id IS NOT NULL AND UNIX_DATE(b.cost_date) >= UNIX_DATE({{as_of}}) - 7
    GROUP BY b.api_key_id
)
SELECT
    k.api_key_id AS subject,
    SUBSTR(CAST(m.month AS STRING), 1, 7) AS period,
    CAST(k.cost_usd AS {{numeric}}) AS measured,
    CAST({{limit:usd}} AS {{numeric}}) AS limit_value,
    CAST(k.cost_usd AS {{numeric}}) AS amount,
    CAST(NULL AS {{numeric}}) AS baseline,
    CASE WHEN k.platforms = 1 THEN k.platform END AS platform,
    CAST(NULL AS STRING) AS team,
    CAST(NULL AS DATE) AS now_from,
    CAST(NULL AS DATE) AS now_to,
    CAST(NULL AS DATE) AS base_from,
    CAST(NULL AS DATE) AS base_to,
    k.since AS since,
    'allocation?range=' || CAST(k.since AS STRING) || '~' || CAST(CAST(DATE_ADD({{as_of}}, INTERVAL (-1) DAY) AS DATE) AS STRING)
        || '&team=Unattributed' AS link,
    CASE WHEN d.api_key_name IS NOT NULL THEN 'Its name at the vendor is ' || d.api_key_name || '.' END AS note
FROM bare_keys AS k
CROSS JOIN this_month AS m
LEFT JOIN reported AS r ON r.month = m.month
LEFT JOIN ai_usage_analytics.dim_api_keys AS d ON d.api_key_id = k.api_key_id
WHERE r.month IS NULL AND k.cost_usd >= {{limit:usd}}
