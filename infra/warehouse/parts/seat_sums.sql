-- Whole billing cycles of the seats that a person has of one plan: what was due, and what their days add up to.
-- Cycles that overlap others of theirs cannot be told apart.
seat_cycles AS (
    SELECT
        c.vendor AS vendor,
        COALESCE(c.plan, '') AS plan,
        COALESCE(c.user_email, '') AS user_email,
        c.start_day AS start_day,
        c.next_day AS next_day,
        -- As vw_seat_spend counts it: what is due within the cycle.
        SUM(CASE WHEN c.due_on >= c.start_day AND c.due_on < c.next_day THEN c.due_usd ELSE 0 END) AS cash_usd
    FROM ai_usage_analytics.vw_seat_cycles AS c
    GROUP BY c.vendor, COALESCE(c.plan, ''), COALESCE(c.user_email, ''), c.start_day, c.next_day
    HAVING LOGICAL_AND(c.is_whole)
),
all_cycles AS (
    SELECT
        c.vendor AS vendor,
        COALESCE(c.plan, '') AS plan,
        COALESCE(c.user_email, '') AS user_email,
        c.start_day AS start_day,
        c.next_day AS next_day
    FROM ai_usage_analytics.vw_seat_cycles AS c
    GROUP BY c.vendor, COALESCE(c.plan, ''), COALESCE(c.user_email, ''), c.start_day, c.next_day
),
plain_cycles AS (
    SELECT
        s.vendor AS vendor,
        s.plan AS plan,
        s.user_email AS user_email,
        s.start_day AS start_day,
        s.next_day AS next_day,
        MAX(s.cash_usd) AS cash_usd
    FROM seat_cycles AS s
    JOIN all_cycles AS o
        ON o.vendor = s.vendor AND o.plan = s.plan AND o.user_email = s.user_email
        AND o.start_day < s.next_day AND o.next_day > s.start_day
    GROUP BY s.vendor, s.plan, s.user_email, s.start_day, s.next_day
    HAVING COUNT(*) = 1
),
seat_days AS (
    SELECT
        'anthropic' AS vendor,
        COALESCE(e.subscription_plan, '') AS plan,
        COALESCE(e.user_email, '') AS user_email,
        e.expense_date AS day,
        SUM(e.cost_usd) AS cost_usd
    FROM ai_usage_analytics.claude_expenses AS e
    WHERE e.cost_type = 'subscription'
    GROUP BY COALESCE(e.subscription_plan, ''), COALESCE(e.user_email, ''), e.expense_date
    UNION ALL
    SELECT
        'cursor' AS vendor,
        COALESCE(e.subscription_plan, '') AS plan,
        COALESCE(e.user_email, '') AS user_email,
        e.expense_date AS day,
        SUM(e.estimated_cost_usd) AS cost_usd
    FROM ai_usage_analytics.cursor_expenses AS e
    WHERE e.cost_type = 'subscription'
    GROUP BY COALESCE(e.subscription_plan, ''), COALESCE(e.user_email, ''), e.expense_date
),
seat_sums AS (
    SELECT p.vendor AS vendor, p.plan AS plan, p.start_day AS start_day, p.cash_usd AS cash_usd, COALESCE(SUM(d.cost_usd), 0) AS cost_usd
    FROM plain_cycles AS p
    LEFT JOIN seat_days AS d
        ON d.vendor = p.vendor AND d.plan = p.plan AND d.user_email = p.user_email
        AND d.day >= p.start_day AND d.day < p.next_day
    GROUP BY p.vendor, p.plan, p.user_email, p.start_day, p.next_day, p.cash_usd
)
