/*
title = "Spend without an owner"
question = "Does a person answer for enough of this month's spend?"
definition = "Billed records of the month with a person, in percent of all of them, below the limit, with at least so many US dollars unattributed. The month is that of yesterday, once it has enough days to be judged by. unmapped-key and the attribution checks of data-quality give way to it."
unit = "percent"
kind = "money"
severity = "warning"
schedule = "weekly"
sentence = "Only {measured} of the billed records of {period} have a person (limit {limit}); {amount} has none."
remedy = "Open the link, enter the keys in the sheet api-key-mapping and the accounts in the sheet people. The whole month is repaired by it."
changed = "2026-11-22"
[limits]
percent = { default = "85", unit = "percent", text = "the least percentage of a month's billed records that must have a person" }
usd = { default = "20", unit = "usd", text = "how many dollars without a person are worth a message" }
days = { default = "14", unit = "count", text = "how many days a month must have had to be judged" }
*/
WITH billed AS (
    SELECT
        c.month AS month,
        MAX(f.cost_date) AS through_day,
        COUNT(*) AS records,
        SUM(CASE WHEN f.attribution <> 'none' THEN 1 ELSE 0 END) AS attributed,
        SUM(f.cost_usd) AS cost_usd,
        SUM(CASE WHEN f.attribution = 'none' THEN f.cost_usd ELSE 0 END) AS unattributed_usd
    FROM ai_usage_analytics.fct_cost_daily AS f
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day = f.cost_date
    WHERE f.cost_date < {{as_of}}
        AND c.month = (
            SELECT y.month
            FROM ai_usage_analytics.dim_calendar AS y
            WHERE UNIX_DATE(y.day) = UNIX_DATE({{as_of}}) - 1 AND y.month_end >= {{quiet_from}}
        )
    GROUP BY c.month
)
SELECT
    'total' AS subject,
    SUBSTR(CAST(b.month AS STRING), 1, 7) AS period,
    CAST(SAFE_DIVIDE(b.attributed * 100, b.records) AS {{numeric}}) AS measured,
    CAST({{limit:percent}} AS {{numeric}}) AS limit_value,
    CAST(b.unattributed_usd AS {{numeric}}) AS amount,
    CAST(b.cost_usd AS {{numeric}}) AS baseline,
    CAST(NULL AS STRING) AS platform,
    CAST(NULL AS STRING) AS team,
    CAST(NULL AS DATE) AS now_from,
    CAST(NULL AS DATE) AS now_to,
    CAST(NULL AS DATE) AS base_from,
    CAST(NULL AS DATE) AS base_to,
    b.month AS since,
    'allocation?range=' || CAST(b.month AS STRING) || '~' || CAST(b.through_day AS STRING) || '&team=Unattributed' AS link,
    CAST(NULL AS STRING) AS note
FROM billed AS b
WHERE b.attributed * 100 < b.records * {{limit:percent}} AND b.unattributed_usd >= {{limit:usd}}
    AND UNIX_DATE({{as_of}}) - UNIX_DATE(b.month) >= {{limit:days}}
