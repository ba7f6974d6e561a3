-- Days whose API money two tables tell differently, whose usage came from two sources, and on which Cursor counted a person twice.
api_days AS (
    SELECT a.org_id AS org_id, a.day AS day, SUM(a.cost_usd) AS difference_usd
    FROM (
        SELECT e.org_id AS org_id, e.expense_date AS day, e.cost_usd AS cost_usd
        FROM ai_usage_analytics.claude_expenses AS e
        WHERE e.platform = 'claude_api'
        UNION ALL
        SELECT e.org_id AS org_id, e.expense_date AS day, -e.cost_usd AS cost_usd
        FROM ai_usage_analytics.api_usage_expenses AS e
        WHERE e.is_billed
    ) AS a
    GROUP BY a.org_id, a.day
    HAVING SUM(a.cost_usd) <> 0
),
source_days AS (
    SELECT e.org_id AS org_id, e.expense_date AS day, COUNT(DISTINCT e.source) AS sources
    FROM ai_usage_analytics.claude_expenses AS e
    WHERE e.cost_class = 'usage'
    GROUP BY e.org_id, e.expense_date
    HAVING COUNT(DISTINCT e.source) > 1
),
person_days AS (
    SELECT s.org_id AS org_id, s.activity_date AS day, COUNT(*) - 1 AS beyond
    FROM ai_usage_analytics.cursor_usage_stats AS s
    GROUP BY s.org_id, s.activity_date, s.user_email
    HAVING COUNT(*) > 1
)
