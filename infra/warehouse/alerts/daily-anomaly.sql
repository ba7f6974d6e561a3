/*
title = "A day far above the week before"
question = "Did a day cost much more than the days before it?"
definition = "A complete day of billed money above the limit in percent of the mean of the seven complete days before it, and of the mean of the days of its kind among them (weekdays, or days of a weekend: where nobody works at weekends an ordinary Thursday is far above its week); and at least so many US dollars above the former. A mean below one dollar counts as one dollar. The total comes first: platforms are named only on a day whose total is within the limit. Days in a row are one incident, that of the first. usage-spike, monthly-increase and the forecast of budget give way to it."
unit = "percent"
kind = "money"
severity = "warning"
schedule = "daily"
sentence = "Spend of {subject} on {period} was {amount}: {measured} of the mean of the seven days before, {baseline}."
remedy = "Open the link: the people, keys and models of that day, highest first. Ask whose key or seat it was; if it was not meant, revoke the key or set a limit at the vendor."
changed = "2026-11-22"
explains_change = true
[limits]
percent = { default = "150", unit = "percent", text = "how far a day may be above the mean of the seven days before it, in percent of that mean" }
usd = { default = "50", unit = "usd", text = "how many dollars more than the mean are worth a message" }
*/
WITH days AS (
    SELECT
        p.day,
        p.platform,
        p.cost_usd,
        p.mean_usd,
        CASE
            WHEN {{with:high_day}} THEN 1
            ELSE 0
        END AS high
    FROM ai_usage_analytics.vw_spend_pace AS p
    WHERE p.day < {{as_of}} AND UNIX_DATE(p.day) >= UNIX_DATE({{as_of}}) - 8
),
begun AS (
    SELECT
        d.*,
        MAX(d.high) OVER (PARTITION BY d.platform ORDER BY d.day ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) AS high_before,
        MAX(CASE WHEN d.platform IS NULL THEN d.high END) OVER (PARTITION BY d.day) AS high_total
    FROM days AS d
)
SELECT
    COALESCE(b.platform, 'total') AS subject,
    CAST(b.day AS STRING) AS period,
    CAST(b.cost_usd * 100 / GREATEST(b.mean_usd, 1) AS {{numeric}}) AS measured,
    CAST({{limit:percent}} AS {{numeric}}) AS limit_value,
    CAST(b.cost_usd AS {{numeric}}) AS amount,
    CAST(b.mean_usd AS {{numeric}}) AS baseline,
    b.platform AS platform,
    CAST(NULL AS STRING) AS team,
    b.day AS now_from,
    b.day AS now_to,
    CAST(DATE_ADD(b.day, INTERVAL (-7) DAY) AS DATE) AS base_from,
    CAST(DATE_ADD(b.day, INTERVAL (-1) DAY) AS DATE) AS base_to,
    b.day AS since,
    'allocation?range=' || CAST(b.day AS STRING) || '~' || CAST(b.day AS STRING) || COALESCE('&platform=' || b.platform, '')
        AS link,
    CAST(NULL AS STRING) AS note
FROM begun AS b
WHERE b.high = 1 AND COALESCE(b.high_before, 0) = 0 AND (b.platform IS NULL OR b.high_total = 0)
    AND b.day >= {{quiet_from}} AND UNIX_DATE(b.day) >= UNIX_DATE({{as_of}}) - 7
