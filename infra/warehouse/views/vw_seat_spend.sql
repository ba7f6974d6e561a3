-- What seats cost, seen twice: accrual_usd spreads a price over the days that it pays for, as the expense tables do;
-- cash_usd is the price on the day it is due. Over whole cycles both come to the same. By vendor, plan, person and month;
-- user_email NULL: a seat that nobody holds.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_seat_spend AS
SELECT
    p.vendor AS vendor,
    p.plan AS plan,
    p.user_email AS user_email,
    c.month AS month,
    CAST(SUM(p.accrual_usd) AS {{numeric}}) AS accrual_usd,
    CAST(SUM(p.cash_usd) AS {{numeric}}) AS cash_usd
FROM (
    SELECT
        'anthropic' AS vendor,
        e.subscription_plan AS plan,
        e.user_email AS user_email,
        e.expense_date AS day,
        e.cost_usd AS accrual_usd,
        CAST(0 AS {{numeric}}) AS cash_usd
    FROM ai_usage_analytics.claude_expenses AS e
    WHERE e.cost_type = 'subscription'
    UNION ALL
    SELECT
        'cursor' AS vendor,
        e.subscription_plan AS plan,
        e.user_email AS user_email,
        e.expense_date AS day,
        e.estimated_cost_usd AS accrual_usd,
        CAST(0 AS {{numeric}}) AS cash_usd
    FROM ai_usage_analytics.cursor_expenses AS e
    WHERE e.cost_type = 'subscription'
    UNION ALL
    SELECT
        d.vendor AS vendor,
        d.plan AS plan,
        d.user_email AS user_email,
        d.due_on AS day,
        CAST(0 AS {{numeric}}) AS accrual_usd,
        d.due_usd AS cash_usd
    FROM ai_usage_analytics.vw_seat_cycles AS d
    WHERE d.due_on IS NOT NULL
) AS p
JOIN ai_usage_analytics.dim_calendar AS c ON c.day = p.day
GROUP BY p.vendor, p.plan, p.user_email, c.month;
