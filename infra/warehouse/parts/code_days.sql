-- Claude Code's own money and tokens beside what is billed and reported for it, by day. Needs newest_readings.
code_days AS (
    SELECT
        d.org_id AS org_id,
        d.day AS day,
        SUM(d.billed_usd) AS billed_usd,
        SUM(d.estimated_usd) AS estimated_usd
    FROM (
        SELECT e.org_id AS org_id, e.expense_date AS day, e.cost_usd AS billed_usd, CAST(0 AS {{numeric}}) AS estimated_usd
        FROM ai_usage_analytics.claude_expenses AS e
        WHERE e.platform = 'claude_code' AND e.cost_class = 'usage'
        UNION ALL
        SELECT
            s.org_id AS org_id,
            s.activity_date AS day,
            CAST(0 AS {{numeric}}) AS billed_usd,
            s.estimated_cost_usd AS estimated_usd
        FROM ai_usage_analytics.claude_code_usage_stats AS s
        WHERE s.customer_type = 'api' AND s.estimated_cost_usd IS NOT NULL
    ) AS d
    GROUP BY d.org_id, d.day
),
-- Both are of the organisation of an admin key, and of days on which Claude Code was asked as well: what is billed to a key
-- is in the usage report by the key, and in Claude Code's own by the person.
-- Both are of the organisation of an admin key, and of days on which Claude Code was asked as well: what is billed to a key
-- is in the usage report by the key, and in Claude Code's own by the person.
code_token_days AS (
    SELECT d.org_id AS org_id, d.day AS day, SUM(d.reported) AS reported, SUM(d.own) AS own
    FROM (
        SELECT n.org_id AS org_id, n.slice_day AS day, CAST(n.claude_code_tokens AS {{numeric}}) AS reported, CAST(0 AS {{numeric}}) AS own
        FROM newest AS n
        JOIN newest AS c
            ON c.feed = 'anthropic/claude-code' AND c.org_id = n.org_id AND c.slice_day = n.slice_day
        WHERE n.feed = 'anthropic/cost' AND n.claude_code_tokens IS NOT NULL
        UNION ALL
        SELECT
            s.org_id AS org_id,
            s.activity_date AS day,
            CAST(0 AS {{numeric}}) AS reported,
            CAST(COALESCE(s.input_tokens, 0) + COALESCE(s.output_tokens, 0) + COALESCE(s.cache_tokens, 0) AS {{numeric}}) AS own
        FROM ai_usage_analytics.claude_code_usage_stats AS s
        JOIN newest AS n
            ON n.feed = 'anthropic/cost' AND n.org_id = s.org_id AND n.slice_day = s.activity_date
        WHERE s.customer_type = 'api' AND n.claude_code_tokens IS NOT NULL
    ) AS d
    GROUP BY d.org_id, d.day
)
