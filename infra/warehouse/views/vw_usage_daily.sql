-- Use by day, person, platform and model. Counters that no vendor reports by model (sessions, lines, commits, requests)
-- stand on rows without a model, so a choice of models leaves them NULL, "not reported by model"; main_model says which
-- model such a day was mostly spent with. covered_by_seat: Claude Code under a Claude.ai seat, not billed by use.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_usage_daily AS
WITH parts AS (
    SELECT 'record' AS part
    UNION ALL
    SELECT 'model' AS part
),
named AS (
    SELECT
        f.usage_date AS usage_date,
        c.month AS month,
        c.week AS week,
        c.is_weekday AS is_weekday,
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
        CASE WHEN p.part = 'model' OR f.platform NOT IN ('claude_code', 'cursor') THEN f.model END AS model,
        CASE WHEN p.part = 'record' AND f.platform IN ('claude_code', 'cursor') THEN f.model END AS main_model,
        f.api_key_id AS api_key_id,
        COALESCE(f.customer_type = 'subscription', FALSE) AS covered_by_seat,
        p.part = 'record' AS is_record,
        p.part = 'model' OR f.platform <> 'claude_code' AS has_tokens,
        f.is_active AS is_active,
        f.sessions AS sessions,
        f.sessions_estimated AS sessions_estimated,
        f.lines_of_code_added AS lines_suggested,
        f.lines_of_code_accepted AS lines_accepted,
        f.total_accepts AS suggestions_accepted,
        f.total_rejects AS suggestions_rejected,
        f.commits AS commits,
        f.pull_requests AS pull_requests,
        f.composer_requests AS composer_requests,
        f.chat_requests AS chat_requests,
        f.agent_requests AS agent_requests,
        f.cmdk_usages AS cmdk_usages,
        f.subscription_requests AS included_requests,
        f.usage_based_requests AS usage_based_requests,
        f.messages AS messages,
        f.input_tokens AS input_tokens,
        f.output_tokens AS output_tokens,
        f.cache_read_tokens AS cache_read_tokens,
        f.cached_input_tokens AS cache_write_tokens
    FROM ai_usage_analytics.fct_usage_daily AS f
    CROSS JOIN parts AS p
    LEFT JOIN ai_usage_analytics.dim_calendar AS c ON c.day = f.usage_date
    LEFT JOIN ai_usage_analytics.dim_users AS u ON u.user_email = f.user_email
    WHERE p.part = 'record' OR f.platform = 'claude_code'
)
SELECT
    n.usage_date AS usage_date,
    n.month AS month,
    n.week AS week,
    n.is_weekday AS is_weekday,
    n.platform AS platform,
    n.user_email AS user_email,
    n.display_name AS display_name,
    n.team AS team,
    n.model AS model,
    n.main_model AS main_model,
    n.api_key_id AS api_key_id,
    n.covered_by_seat AS covered_by_seat,
    n.sessions_estimated AS sessions_estimated,
    -- Of a model: it was used.
    LOGICAL_OR(
        CASE WHEN n.is_record THEN n.is_active ELSE COALESCE(n.input_tokens, 0) + COALESCE(n.output_tokens, 0) > 0 END
    ) AS is_active,
    SUM(CASE WHEN n.is_record THEN n.sessions END) AS sessions,
    SUM(CASE WHEN n.is_record THEN n.lines_suggested END) AS lines_suggested,
    SUM(CASE WHEN n.is_record THEN n.lines_accepted END) AS lines_accepted,
    SUM(CASE WHEN n.is_record THEN n.suggestions_accepted END) AS suggestions_accepted,
    SUM(CASE WHEN n.is_record THEN n.suggestions_rejected END) AS suggestions_rejected,
    SUM(CASE WHEN n.is_record THEN n.commits END) AS commits,
    SUM(CASE WHEN n.is_record THEN n.pull_requests END) AS pull_requests,
    SUM(CASE WHEN n.is_record THEN n.composer_requests END) AS composer_requests,
    SUM(CASE WHEN n.is_record THEN n.chat_requests END) AS chat_requests,
    SUM(CASE WHEN n.is_record THEN n.agent_requests END) AS agent_requests,
    SUM(CASE WHEN n.is_record THEN n.cmdk_usages END) AS cmdk_usages,
    SUM(CASE WHEN n.is_record THEN n.included_requests END) AS included_requests,
    SUM(CASE WHEN n.is_record THEN n.usage_based_requests END) AS usage_based_requests,
    SUM(CASE WHEN n.is_record THEN n.messages END) AS messages,
    SUM(CASE WHEN n.has_tokens THEN n.input_tokens END) AS input_tokens,
    SUM(CASE WHEN n.has_tokens THEN n.output_tokens END) AS output_tokens,
    SUM(CASE WHEN n.has_tokens THEN n.cache_read_tokens END) AS cache_read_tokens,
    SUM(CASE WHEN n.has_tokens THEN n.cache_write_tokens END) AS cache_write_tokens
FROM named AS n
GROUP BY
    n.usage_date, n.month, n.week, n.is_weekday, n.platform, n.user_email, n.display_name, n.team, n.model, n.main_model,
    n.api_key_id, n.covered_by_seat, n.sessions_estimated;
