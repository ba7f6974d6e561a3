/*
title = "Month above the month before"
question = "Does this month cost much more than the one before?"
definition = "Billed money of a whole month against the whole month before; of the running month, from the day in the limits on, against the same days of the month before. The running month must be above the limit also against as many weekdays and weekend days as it has had. Every day compared with must be complete. What days that daily-anomaly reports cost above their mean is not counted, and a month that is above the budget of the company is reported by budget. Forecasts, and the budgets of platforms and teams, give way to it."
unit = "percent"
kind = "money"
severity = "warning"
schedule = "daily"
sentence = "Spend of {period} is {amount}: {measured} above {baseline} in the same days of the month before."
remedy = "Read what explains the change below, then open the link and ask the teams that grew most."
changed = "2026-11-22"
explains_change = true
[limits]
percent = { default = "20", unit = "percent", text = "how far a month may be above the month before" }
from_day = { default = "7", unit = "count", text = "the day of the month from which a running month is compared" }
*/
WITH {{with:months_so_far}},
compared AS (
    SELECT m.*, m.now_usd - COALESCE(e.excess_usd, 0) AS even_usd
    FROM months AS m
    LEFT JOIN excess AS e ON e.month = m.month
    WHERE m.is_whole OR EXTRACT(DAY FROM m.through_day) >= {{limit:from_day}}
)
SELECT
    'total' AS subject,
    SUBSTR(CAST(c.month AS STRING), 1, 7) AS period,
    CAST((c.now_usd - c.base_usd) * 100 / c.base_usd AS {{numeric}}) AS measured,
    CAST({{limit:percent}} AS {{numeric}}) AS limit_value,
    c.now_usd AS amount,
    c.base_usd AS baseline,
    CAST(NULL AS STRING) AS platform,
    CAST(NULL AS STRING) AS team,
    c.month AS now_from,
    c.through_day AS now_to,
    c.base_from AS base_from,
    c.base_to AS base_to,
    c.month AS since,
    'executive?range=' || CAST(c.month AS STRING) || '~' || CAST(c.through_day AS STRING) AS link,
    CASE WHEN c.is_whole THEN 'The whole month.' ELSE 'The running month, through ' || CAST(c.through_day AS STRING) || '.' END
        AS note
FROM compared AS c
LEFT JOIN (
    SELECT d.month AS month, SUM(d.budget_usd) AS budget_usd
    FROM ai_usage_analytics.dim_budget AS d
    WHERE d.platform IS NULL AND d.team IS NULL
    GROUP BY d.month
) AS b ON b.month = c.month
WHERE c.base_usd > 0
    AND c.even_usd * 100 > c.base_usd * (100 + {{limit:percent}})
    AND c.even_usd * 100 > c.like_usd * (100 + {{limit:percent}})
    AND (b.budget_usd IS NULL OR c.even_usd <= b.budget_usd)
