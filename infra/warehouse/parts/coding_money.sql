-- Coding money by month.
money AS (
    SELECT
        s.month AS month,
        SUM(CASE WHEN s.platform = 'claude_code' THEN s.cost_usd END) AS code_usd,
        SUM(CASE WHEN s.platform = 'cursor' THEN s.cost_usd END) AS cursor_usd,
        SUM(CASE WHEN s.is_coding THEN s.cost_usd END) AS coding_usd,
        SUM(CASE WHEN s.is_coding AND s.platform = 'claude_ai' THEN s.cost_usd END) AS covering_usd
    FROM {{spend}} AS s
    CROSS JOIN last AS l
    WHERE s.month >= l.first_month AND s.month <= l.month AND s.spend_date <= l.through_day
    GROUP BY s.month
)
