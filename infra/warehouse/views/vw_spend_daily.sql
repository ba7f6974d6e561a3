-- Billed money by day, person, platform, model, key and kind: fct_cost_daily, added up, nothing lost. records counts the
-- billed records behind a row. is_coding marks the money that pays for written lines: Claude Code, Cursor, and a Claude.ai
-- seat in a month in which its holder wrote code under it.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_spend_daily AS
WITH covered AS (
    SELECT DISTINCT c.month AS month, s.user_email AS user_email
    FROM ai_usage_analytics.claude_code_usage_stats AS s
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day = s.activity_date
    WHERE s.customer_type = 'subscription' AND s.lines_added > 0
),
named AS (
    SELECT
        f.cost_date AS spend_date,
        c.month AS month,
        c.week AS week,
        CASE f.platform WHEN 'claude_web' THEN 'claude_ai' ELSE f.platform END AS platform,
        f.user_email AS user_email,
        CASE
            WHEN f.user_email = 'unknown@unattributed.com' THEN 'Unattributed'
            ELSE COALESCE(u.display_name, f.user_email)
        END AS display_name,
        CASE
            WHEN f.team IS NOT NULL THEN f.team
            WHEN f.user_email = 'unknown@unattributed.com' THEN 'Unattributed'
            ELSE 'No team'
        END AS team,
        f.model AS model,
        f.api_key_id AS api_key_id,
        f.workspace_id AS workspace_id,
        f.cost_class AS cost_class,
        f.cost_type AS cost_type,
        f.token_class AS token_class,
        f.token_type AS token_type,
        f.service_tier AS service_tier,
        f.product AS product,
        f.allocation AS allocation,
        f.attribution AS attribution,
        f.platform IN ('claude_code', 'cursor')
            OR (f.platform = 'claude_web' AND f.cost_class = 'seat' AND v.user_email IS NOT NULL) AS is_coding,
        f.source_table AS source_table,
        f.cost_usd AS cost_usd
    FROM ai_usage_analytics.fct_cost_daily AS f
    LEFT JOIN ai_usage_analytics.dim_calendar AS c ON c.day = f.cost_date
    LEFT JOIN ai_usage_analytics.dim_users AS u ON u.user_email = f.user_email
    LEFT JOIN covered AS v ON v.month = c.month AND v.user_email = f.user_email
)
SELECT
    n.spend_date AS spend_date,
    n.month AS month,
    n.week AS week,
    n.platform AS platform,
    n.user_email AS user_email,
    n.display_name AS display_name,
    n.team AS team,
    n.model AS model,
    n.api_key_id AS api_key_id,
    n.workspace_id AS workspace_id,
    n.cost_class AS cost_class,
    n.cost_type AS cost_type,
    n.token_class AS token_class,
    n.token_type AS token_type,
    n.service_tier AS service_tier,
    n.product AS product,
    n.allocation AS allocation,
    n.attribution AS attribution,
    n.is_coding AS is_coding,
    n.source_table AS source_table,
    SUM(n.cost_usd) AS cost_usd,
    COUNT(*) AS records
FROM named AS n
GROUP BY
    n.spend_date, n.month, n.week, n.platform, n.user_email, n.display_name, n.team, n.model, n.api_key_id,
    n.workspace_id, n.cost_class, n.cost_type, n.token_class, n.token_type, n.service_tier, n.product, n.allocation,
    n.attribution, n.is_coding, n.source_table;
