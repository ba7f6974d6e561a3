-- Claude Code, Cursor, and both together, by month.
parts AS (
    SELECT m.month AS month, 1 AS place, 'claude_code' AS platform, m.code_usd AS cost_usd, o.code_count AS counted
    FROM money AS m
    JOIN output AS o ON o.month = m.month
    UNION ALL
    SELECT m.month AS month, 2 AS place, 'cursor' AS platform, m.cursor_usd AS cost_usd, o.cursor_count AS counted
    FROM money AS m
    JOIN output AS o ON o.month = m.month
    UNION ALL
    SELECT m.month AS month, 3 AS place, 'total' AS platform, m.coding_usd AS cost_usd,
        CASE WHEN m.covering_usd > 0 THEN o.all_count ELSE o.billed_count END AS counted
    FROM money AS m
    JOIN output AS o ON o.month = m.month
)
