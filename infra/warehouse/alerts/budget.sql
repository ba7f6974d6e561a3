/*
title = "Over budget"
question = "Is a budget spent, or will it be?"
definition = "Billed money of a month above a budget that finance set for exactly that (the company, a platform, a team, a platform of a team); or, from the day in the limits on, a forecast of the running month above the limit in percent of the budget. The forecast is what was spent, the seats of the remaining days, and for each of them the mean of its weekday over the last 28 days (under 14 known days: the mean of the month so far). Days that daily-anomaly reports count as the mean of the others until a week has passed. The widest budget is named alone: that of the company, else those of platforms, else of teams, else of a platform of a team. Forecasts, and all budgets but the company's, give way to monthly-increase; monthly-increase gives way to a company budget that is spent."
unit = "percent"
kind = "money"
severity = "critical"
schedule = "daily"
sentence = "{subject}: {amount} of a budget of {baseline} in {period}, {measured}. {note}"
remedy = "Read what explains the change below, then open the link to see who spends it. Agree on a new budget, or on what to stop."
changed = "2026-11-23"
explains_change = true
[limits]
percent = { default = "110", unit = "percent", text = "how far a forecast may be, in percent of the budget" }
from_day = { default = "5", unit = "count", text = "the day of the month from which a forecast is made" }
*/
WITH {{with:months_so_far}},
high_days AS (
    SELECT DISTINCT h.day AS day
    FROM high AS h
),
-- As finance set them: the sum of finer budgets is no budget of what has none.
set_budgets AS (
    SELECT b.month AS month, COALESCE(p.view_name, b.platform) AS platform, b.team AS team, SUM(b.budget_usd) AS budget_usd
    FROM ai_usage_analytics.dim_budget AS b
    LEFT JOIN ai_usage_analytics.dim_platform AS p ON p.platform = b.platform
    GROUP BY b.month, COALESCE(p.view_name, b.platform), b.team
),
spend AS (
    SELECT
        s.spend_date AS day,
        s.platform AS platform,
        s.team AS team,
        SUM(s.cost_usd) AS cost_usd,
        SUM(CASE WHEN s.cost_class = 'seat' THEN s.cost_usd ELSE 0 END) AS seat_usd
    FROM ai_usage_analytics.vw_spend_daily AS s
    WHERE s.spend_date < {{as_of}} AND UNIX_DATE(s.spend_date) >= UNIX_DATE({{as_of}}) - 70
    GROUP BY s.spend_date, s.platform, s.team
),
budgets AS (
    SELECT
        b.month AS month,
        b.platform AS platform,
        b.team AS team,
        b.budget_usd AS budget_usd,
        m.through_day AS through_day,
        m.first_day AS first_day,
        UNIX_DATE(m.through_day) AS through_number,
        UNIX_DATE(m.month_end) AS end_number,
        -- The company's month is reported by monthly-increase.
        COALESCE(
            m.base_usd > 0 AND (m.is_whole OR EXTRACT(DAY FROM m.through_day) >= {{limit:monthly-increase.from_day}})
                AND (m.now_usd - COALESCE(e.excess_usd, 0)) * 100 > m.base_usd * (100 + {{limit:monthly-increase.percent}})
                AND (m.now_usd - COALESCE(e.excess_usd, 0)) * 100 > m.like_usd * (100 + {{limit:monthly-increase.percent}}),
            FALSE
        ) AS is_increased,
        m.now_usd - COALESCE(e.excess_usd, 0) AS even_month_usd,
        MAX(CASE WHEN b.platform IS NULL AND b.team IS NULL THEN b.budget_usd END) OVER (PARTITION BY b.month) AS company_usd
    FROM set_budgets AS b
    JOIN months AS m ON m.month = b.month
    LEFT JOIN excess AS e ON e.month = b.month
    WHERE b.budget_usd > 0
),
-- Every day that a forecast looks at, of every budget: a day without spend is one too.
days AS (
    SELECT
        b.month AS month,
        b.platform AS platform,
        b.team AS team,
        b.budget_usd AS budget_usd,
        b.through_day AS through_day,
        b.through_number AS through_number,
        b.end_number AS end_number,
        b.through_number - UNIX_DATE(b.first_day) + 1 AS days_known,
        b.is_increased AND (b.company_usd IS NULL OR b.even_month_usd <= b.company_usd) AS is_reported,
        c.day AS day,
        MOD(UNIX_DATE(c.day), 7) AS weekday,
        c.month = b.month AS is_this_month,
        CASE WHEN UNIX_DATE(c.day) > b.through_number - 28 AND h.day IS NULL THEN 1 ELSE 0 END AS plain,
        h.day IS NOT NULL AND UNIX_DATE(c.day) >= UNIX_DATE({{as_of}}) - 7 AS is_new_high,
        h.day IS NULL AS is_plain,
        COALESCE(SUM(s.cost_usd), 0) AS cost_usd,
        COALESCE(SUM(s.seat_usd), 0) AS seat_usd
    FROM budgets AS b
    JOIN ai_usage_analytics.dim_calendar AS c
        ON c.day <= b.through_day AND c.day >= b.first_day AND (c.month = b.month OR UNIX_DATE(c.day) > b.through_number - 28)
    LEFT JOIN high_days AS h ON h.day = c.day
    LEFT JOIN spend AS s
        ON s.day = c.day AND s.platform = COALESCE(b.platform, s.platform) AND s.team = COALESCE(b.team, s.team)
    GROUP BY
        b.month, b.platform, b.team, b.budget_usd, b.through_day, b.through_number, b.end_number, b.first_day, b.is_increased,
        b.company_usd, b.even_month_usd, c.day, c.month, h.day
),
weighed AS (
    SELECT
        d.*,
        -- How often the weekday still comes, and how often it was.
        DIV((d.end_number - d.weekday), 7) - DIV((d.through_number - d.weekday), 7) AS weekdays_left,
        SUM(d.plain) OVER (PARTITION BY d.month, d.platform, d.team, d.weekday) AS weekdays_known,
        SAFE_DIVIDE(
            SUM(CASE WHEN d.plain = 1 THEN d.cost_usd ELSE 0 END) OVER (PARTITION BY d.month, d.platform, d.team),
            SUM(d.plain) OVER (PARTITION BY d.month, d.platform, d.team)
        ) AS mean_usd
    FROM days AS d
),
sums AS (
    SELECT
        w.month AS month,
        w.platform AS platform,
        w.team AS team,
        w.budget_usd AS budget_usd,
        w.through_day AS through_day,
        w.through_number AS through_number,
        w.end_number AS end_number,
        w.days_known AS days_known,
        w.is_reported AS is_reported,
        SUM(CASE WHEN w.is_this_month THEN w.cost_usd ELSE 0 END) AS actual_usd,
        SUM(
            CASE
                WHEN NOT w.is_this_month THEN CAST(0 AS {{numeric}})
                WHEN w.is_new_high THEN CAST(COALESCE(w.mean_usd, 0) AS {{numeric}})
                ELSE w.cost_usd
            END
        ) AS even_usd,
        SUM(CASE WHEN w.day = w.through_day THEN w.seat_usd ELSE 0 END) AS seat_rate_usd,
        SUM(
            CASE
                WHEN w.plain = 1
                    THEN CAST((w.cost_usd - w.seat_usd) * w.weekdays_left / w.weekdays_known AS {{numeric}})
                ELSE CAST(0 AS {{numeric}})
            END
        ) AS ahead_usd,
        SAFE_DIVIDE(
            SUM(CASE WHEN w.is_this_month AND w.is_plain THEN w.cost_usd - w.seat_usd ELSE 0 END),
            SUM(CASE WHEN w.is_this_month AND w.is_plain THEN 1 ELSE 0 END)
        ) AS metered_mean_usd
    FROM weighed AS w
    GROUP BY
        w.month, w.platform, w.team, w.budget_usd, w.through_day, w.through_number, w.end_number, w.days_known, w.is_reported
),
judged AS (
    SELECT
        s.*,
        s.actual_usd > s.budget_usd AND s.even_usd > s.budget_usd AS is_spent,
        CASE
            WHEN EXTRACT(DAY FROM s.through_day) < {{limit:from_day}} OR s.days_known < {{limit:from_day}} THEN NULL
            -- To the cent: an estimate, and the same on every engine.
            ELSE CAST(
                ROUND(
                    CAST(
                        s.even_usd + s.seat_rate_usd * (s.end_number - s.through_number)
                            + CASE
                                WHEN s.days_known >= 14 THEN s.ahead_usd
                                ELSE COALESCE(s.metered_mean_usd, 0) * (s.end_number - s.through_number)
                            END
                        AS {{numeric}}
                    ),
                    2
                ) AS {{numeric}}
            )
        END AS forecast_usd
    FROM sums AS s
),
exceeded AS (
    SELECT
        j.*,
        -- The widest budget speaks for the finer ones.
        MIN(
            CASE
                WHEN j.platform IS NULL AND j.team IS NULL THEN 1
                WHEN j.team IS NULL THEN 2
                WHEN j.platform IS NULL THEN 3
                ELSE 4
            END
        ) OVER (PARTITION BY j.month) AS widest
    FROM judged AS j
    WHERE (j.is_spent OR COALESCE(j.forecast_usd * 100 > j.budget_usd * {{limit:percent}}, FALSE))
        AND (NOT j.is_reported OR (j.is_spent AND j.platform IS NULL AND j.team IS NULL))
)
SELECT
    CASE
        WHEN o.platform IS NULL AND o.team IS NULL THEN 'total'
        WHEN o.team IS NULL THEN o.platform
        WHEN o.platform IS NULL THEN o.team
        ELSE o.team || ' ' || o.platform
    END AS subject,
    SUBSTR(CAST(o.month AS STRING), 1, 7) AS period,
    CAST(CASE WHEN o.is_spent THEN o.actual_usd ELSE o.forecast_usd END * 100 / o.budget_usd AS {{numeric}}) AS measured,
    CAST(CASE WHEN o.is_spent THEN 100 ELSE {{limit:percent}} END AS {{numeric}}) AS limit_value,
    CAST(CASE WHEN o.is_spent THEN o.actual_usd ELSE o.forecast_usd END AS {{numeric}}) AS amount,
    CAST(o.budget_usd AS {{numeric}}) AS baseline,
    o.platform AS platform,
    o.team AS team,
    -- What made it cost so much: the same days of the month before, where they are all known.
    CASE WHEN m.base_usd IS NOT NULL THEN m.month END AS now_from,
    CASE WHEN m.base_usd IS NOT NULL THEN m.through_day END AS now_to,
    CASE WHEN m.base_usd IS NOT NULL THEN m.base_from END AS base_from,
    CASE WHEN m.base_usd IS NOT NULL THEN m.base_to END AS base_to,
    o.month AS since,
    'executive?range=' || CAST(o.month AS STRING) || '~' || CAST(o.through_day AS STRING)
        || COALESCE('&platform=' || o.platform, '') AS link,
    CASE WHEN o.is_spent THEN 'The budget is spent.' ELSE 'This is a forecast; the budget is not spent yet.' END AS note
FROM exceeded AS o
JOIN months AS m ON m.month = o.month
WHERE o.widest = CASE
    WHEN o.platform IS NULL AND o.team IS NULL THEN 1
    WHEN o.team IS NULL THEN 2
    WHEN o.platform IS NULL THEN 3
    ELSE 4
END
