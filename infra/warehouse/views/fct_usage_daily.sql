-- Use of every platform: a row for each of cursor_usage_stats, claude_code_usage_stats, claude_usage_stats and (tokens of
-- the Claude API) api_usage_expenses. NULL is what a platform does not report. Cursor reports no sessions: a day on which
-- a person was active counts as one, marked by sessions_estimated.
CREATE OR REPLACE VIEW ai_usage_analytics.fct_usage_daily AS
WITH named_keys AS (
    SELECT k.org_id, k.api_key_name, MIN(k.api_key_id) AS api_key_id
    FROM ai_usage_analytics.key_sources AS k
    WHERE k.api_key_name IS NOT NULL
    GROUP BY k.org_id, k.api_key_name
    HAVING COUNT(DISTINCT k.api_key_id) = 1
),
used AS (
    SELECT
        s.activity_date AS usage_date,
        'cursor' AS platform,
        s.user_email AS reported_email,
        CAST(NULL AS STRING) AS api_key_id,
        s.most_used_model AS model,
        CAST(NULL AS STRING) AS workspace_id,
        CAST(NULL AS INT64) AS input_tokens,
        CAST(NULL AS INT64) AS output_tokens,
        CAST(NULL AS INT64) AS cached_input_tokens,
        CAST(NULL AS INT64) AS cache_read_tokens,
        CASE WHEN s.is_active THEN 1 END AS sessions,
        TRUE AS sessions_estimated,
        s.is_active AS is_active,
        s.total_lines_added AS lines_of_code_added,
        s.accepted_lines_added AS lines_of_code_accepted,
        s.total_accepts AS total_accepts,
        s.total_rejects AS total_rejects,
        s.subscription_included_reqs AS subscription_requests,
        s.usage_based_reqs AS usage_based_requests,
        s.composer_requests AS composer_requests,
        s.chat_requests AS chat_requests,
        s.agent_requests AS agent_requests,
        s.cmdk_usages AS cmdk_usages,
        CAST(NULL AS INT64) AS commits,
        CAST(NULL AS INT64) AS pull_requests,
        CAST(NULL AS INT64) AS messages,
        CAST(NULL AS STRING) AS customer_type,
        'cursor_usage_stats' AS source_table,
        s.source AS source,
        s.org_id AS org_id,
        s.slice_key AS slice_key,
        s.run_id AS run_id,
        s.fetched_at AS fetched_at,
        s.document_sha256 AS document_sha256
    FROM ai_usage_analytics.cursor_usage_stats AS s
    UNION ALL
    SELECT
        s.activity_date AS usage_date,
        'claude_code' AS platform,
        s.user_email AS reported_email,
        n.api_key_id AS api_key_id,
        s.model AS model,
        CAST(NULL AS STRING) AS workspace_id,
        s.input_tokens AS input_tokens,
        s.output_tokens AS output_tokens,
        s.cache_creation_tokens AS cached_input_tokens,
        s.cache_read_tokens AS cache_read_tokens,
        s.num_sessions AS sessions,
        FALSE AS sessions_estimated,
        COALESCE(s.num_sessions, 0) + COALESCE(s.edit_tool_accepted, 0) + COALESCE(s.edit_tool_rejected, 0) > 0
            AS is_active,
        CAST(NULL AS INT64) AS lines_of_code_added,
        s.lines_added AS lines_of_code_accepted,
        s.edit_tool_accepted AS total_accepts,
        s.edit_tool_rejected AS total_rejects,
        CAST(NULL AS INT64) AS subscription_requests,
        CAST(NULL AS INT64) AS usage_based_requests,
        CAST(NULL AS INT64) AS composer_requests,
        CAST(NULL AS INT64) AS chat_requests,
        CAST(NULL AS INT64) AS agent_requests,
        CAST(NULL AS INT64) AS cmdk_usages,
        s.commits_by_claude_code AS commits,
        s.pull_requests_by_claude_code AS pull_requests,
        CAST(NULL AS INT64) AS messages,
        s.customer_type AS customer_type,
        'claude_code_usage_stats' AS source_table,
        s.source AS source,
        s.org_id AS org_id,
        s.slice_key AS slice_key,
        s.run_id AS run_id,
        s.fetched_at AS fetched_at,
        s.document_sha256 AS document_sha256
    FROM ai_usage_analytics.claude_code_usage_stats AS s
    LEFT JOIN named_keys AS n ON n.org_id = s.org_id AND n.api_key_name = s.actor_key_name
    UNION ALL
    SELECT
        s.activity_date AS usage_date,
        'claude_web' AS platform,
        s.user_email AS reported_email,
        CAST(NULL AS STRING) AS api_key_id,
        CAST(NULL AS STRING) AS model,
        CAST(NULL AS STRING) AS workspace_id,
        CAST(NULL AS INT64) AS input_tokens,
        CAST(NULL AS INT64) AS output_tokens,
        CAST(NULL AS INT64) AS cached_input_tokens,
        CAST(NULL AS INT64) AS cache_read_tokens,
        s.conversation_count AS sessions,
        FALSE AS sessions_estimated,
        s.message_count > 0 AS is_active,
        CAST(NULL AS INT64) AS lines_of_code_added,
        CAST(NULL AS INT64) AS lines_of_code_accepted,
        CAST(NULL AS INT64) AS total_accepts,
        CAST(NULL AS INT64) AS total_rejects,
        CAST(NULL AS INT64) AS subscription_requests,
        CAST(NULL AS INT64) AS usage_based_requests,
        CAST(NULL AS INT64) AS composer_requests,
        CAST(NULL AS INT64) AS chat_requests,
        CAST(NULL AS INT64) AS agent_requests,
        CAST(NULL AS INT64) AS cmdk_usages,
        CAST(NULL AS INT64) AS commits,
        CAST(NULL AS INT64) AS pull_requests,
        s.message_count AS messages,
        CAST(NULL AS STRING) AS customer_type,
        'claude_usage_stats' AS source_table,
        s.source AS source,
        s.org_id AS org_id,
        s.slice_key AS slice_key,
        s.run_id AS run_id,
        s.fetched_at AS fetched_at,
        s.document_sha256 AS document_sha256
    FROM ai_usage_analytics.claude_usage_stats AS s
    UNION ALL
    SELECT
        s.expense_date AS usage_date,
        'claude_api' AS platform,
        s.user_email AS reported_email,
        s.api_key_id AS api_key_id,
        s.model AS model,
        s.workspace_id AS workspace_id,
        s.input_tokens AS input_tokens,
        s.output_tokens AS output_tokens,
        s.cache_write_5m_tokens + s.cache_write_1h_tokens AS cached_input_tokens,
        s.cache_read_tokens AS cache_read_tokens,
        CAST(NULL AS INT64) AS sessions,
        FALSE AS sessions_estimated,
        s.cost_usd > 0 AS is_active,
        CAST(NULL AS INT64) AS lines_of_code_added,
        CAST(NULL AS INT64) AS lines_of_code_accepted,
        CAST(NULL AS INT64) AS total_accepts,
        CAST(NULL AS INT64) AS total_rejects,
        CAST(NULL AS INT64) AS subscription_requests,
        CAST(NULL AS INT64) AS usage_based_requests,
        CAST(NULL AS INT64) AS composer_requests,
        CAST(NULL AS INT64) AS chat_requests,
        CAST(NULL AS INT64) AS agent_requests,
        CAST(NULL AS INT64) AS cmdk_usages,
        CAST(NULL AS INT64) AS commits,
        CAST(NULL AS INT64) AS pull_requests,
        CAST(NULL AS INT64) AS messages,
        CAST(NULL AS STRING) AS customer_type,
        'api_usage_expenses' AS source_table,
        s.source AS source,
        s.org_id AS org_id,
        s.slice_key AS slice_key,
        s.run_id AS run_id,
        s.fetched_at AS fetched_at,
        s.document_sha256 AS document_sha256
    FROM ai_usage_analytics.api_usage_expenses AS s
),
attributed AS (
    SELECT
        b.*,
        CASE
            WHEN STARTS_WITH(b.reported_email, 'sa:') OR STARTS_WITH(b.reported_email, 'cursor:') THEN d.user_email
            ELSE b.reported_email
        END AS direct_email,
        m.user_email AS mapping_email,
        m.team AS mapping_team,
        k.creator_email AS creator_email
    FROM used AS b
    LEFT JOIN ai_usage_analytics.vw_person_periods AS d
        ON d.user_email = b.reported_email AND d.from_day <= b.usage_date AND d.until_day > b.usage_date
    LEFT JOIN ai_usage_analytics.vw_key_periods AS m
        ON m.api_key_id = b.api_key_id AND m.from_day <= b.usage_date AND m.until_day > b.usage_date
    LEFT JOIN ai_usage_analytics.dim_api_keys AS k ON k.api_key_id = b.api_key_id
),
resolved AS (
    SELECT
        a.*,
        COALESCE(a.direct_email, a.mapping_email, a.creator_email, 'unknown@unattributed.com') AS user_email,
        CASE
            WHEN a.direct_email IS NOT NULL THEN 'direct'
            WHEN a.mapping_email IS NOT NULL THEN 'mapping'
            WHEN a.creator_email IS NOT NULL THEN 'creator'
            ELSE 'none'
        END AS attribution
    FROM attributed AS a
)
SELECT
    r.usage_date AS usage_date,
    r.platform AS platform,
    r.user_email AS user_email,
    r.reported_email AS reported_email,
    r.attribution AS attribution,
    CASE
        WHEN r.direct_email IS NULL AND r.mapping_email IS NULL AND r.mapping_team IS NOT NULL THEN r.mapping_team
        WHEN r.direct_email IS NULL THEN COALESCE(p.team, r.mapping_team)
        ELSE p.team
    END AS team,
    p.department AS department,
    u.user_id AS user_id,
    r.api_key_id AS api_key_id,
    r.model AS model,
    r.workspace_id AS workspace_id,
    r.input_tokens AS input_tokens,
    r.output_tokens AS output_tokens,
    r.cached_input_tokens AS cached_input_tokens,
    r.cache_read_tokens AS cache_read_tokens,
    r.sessions AS sessions,
    r.sessions_estimated AS sessions_estimated,
    r.is_active AS is_active,
    r.lines_of_code_added AS lines_of_code_added,
    r.lines_of_code_accepted AS lines_of_code_accepted,
    SAFE_DIVIDE(r.lines_of_code_accepted, r.lines_of_code_added) AS acceptance_rate,
    r.total_accepts AS total_accepts,
    r.total_rejects AS total_rejects,
    r.subscription_requests AS subscription_requests,
    r.usage_based_requests AS usage_based_requests,
    r.composer_requests AS composer_requests,
    r.chat_requests AS chat_requests,
    r.agent_requests AS agent_requests,
    r.cmdk_usages AS cmdk_usages,
    r.commits AS commits,
    r.pull_requests AS pull_requests,
    r.messages AS messages,
    r.customer_type AS customer_type,
    r.source_table AS source_table,
    r.source AS source,
    r.org_id AS org_id,
    r.slice_key AS slice_key,
    CAST(r.fetched_at AS DATE) AS ingest_date,
    r.fetched_at AS created_timestamp,
    r.run_id AS request_id,
    r.document_sha256 AS raw_response
FROM resolved AS r
LEFT JOIN ai_usage_analytics.vw_person_periods AS p
    ON p.user_email = r.user_email AND p.from_day <= r.usage_date AND p.until_day > r.usage_date
LEFT JOIN ai_usage_analytics.dim_users AS u ON u.user_email = r.user_email;
