-- Slices whose rows in the tables are not as many as the ledger says. Needs newest_readings.
slice_rows AS (
    SELECT r.slice_key AS slice_key, SUM(r.row_count) AS row_count
    FROM (
        SELECT t.slice_key, COUNT(*) AS row_count FROM ai_usage_analytics.claude_expenses AS t GROUP BY t.slice_key
        UNION ALL
        SELECT t.slice_key, COUNT(*) AS row_count FROM ai_usage_analytics.api_usage_expenses AS t GROUP BY t.slice_key
        UNION ALL
        SELECT t.slice_key, COUNT(*) AS row_count
        FROM ai_usage_analytics.claude_code_usage_stats AS t
        GROUP BY t.slice_key
        UNION ALL
        SELECT t.slice_key, COUNT(*) AS row_count FROM ai_usage_analytics.claude_usage_stats AS t GROUP BY t.slice_key
        UNION ALL
        SELECT t.slice_key, COUNT(*) AS row_count FROM ai_usage_analytics.cursor_usage_stats AS t GROUP BY t.slice_key
        UNION ALL
        SELECT t.slice_key, COUNT(*) AS row_count FROM ai_usage_analytics.cursor_expenses AS t GROUP BY t.slice_key
        UNION ALL
        SELECT t.slice_key, COUNT(*) AS row_count FROM ai_usage_analytics.cursor_usage_events AS t GROUP BY t.slice_key
    ) AS r
    GROUP BY r.slice_key
),
slice_differences AS (
    SELECT n.slice_key AS slice_key, n.rows_loaded AS rows_loaded, COALESCE(r.row_count, 0) AS row_count
    FROM newest AS n
    LEFT JOIN slice_rows AS r ON r.slice_key = n.slice_key
    WHERE n.feed IN (
        'anthropic/cost', 'anthropic/claude-code', 'anthropic/claude-ai', 'cursor/daily-usage', 'cursor/usage-events',
        'sheets/claude-ai-usage', 'sheets/claude-ai-spend'
    ) AND n.rows_loaded <> COALESCE(r.row_count, 0)
)
