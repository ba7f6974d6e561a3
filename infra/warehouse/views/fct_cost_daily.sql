-- All billed money, once: claude_expenses and cursor_expenses, a row for each of theirs. api_usage_expenses is a part of
-- claude_expenses and is never added. The person is who the vendor named, else who the mapping sheet named on that day,
-- else who created the key; money without a person stays visible as unknown@unattributed.com.
CREATE OR REPLACE VIEW ai_usage_analytics.fct_cost_daily AS
WITH billed AS (
    SELECT
        e.expense_date AS cost_date,
        CASE e.platform WHEN 'claude.ai' THEN 'claude_web' ELSE e.platform END AS platform,
        e.platform_rule AS platform_rule,
        e.user_email AS reported_email,
        e.api_key_id AS api_key_id,
        e.model AS model,
        e.workspace_id AS workspace_id,
        e.cost_usd AS cost_usd,
        e.cost_type AS cost_type,
        e.cost_class AS cost_class,
        e.token_type AS token_type,
        e.token_class AS token_class,
        e.service_tier AS service_tier,
        e.product AS product,
        e.allocation AS allocation,
        e.subscription_plan AS subscription_plan,
        CAST(NULL AS INT64) AS volume_units,
        CAST(NULL AS STRING) AS unit_type,
        'claude_expenses' AS source_table,
        e.source AS source,
        e.org_id AS org_id,
        e.slice_key AS slice_key,
        e.run_id AS run_id,
        e.fetched_at AS fetched_at,
        e.document_sha256 AS document_sha256
    FROM ai_usage_analytics.claude_expenses AS e
    UNION ALL
    SELECT
        e.expense_date AS cost_date,
        'cursor' AS platform,
        'vendor' AS platform_rule,
        e.user_email AS reported_email,
        CAST(NULL AS STRING) AS api_key_id,
        e.model AS model,
        CAST(NULL AS STRING) AS workspace_id,
        e.estimated_cost_usd AS cost_usd,
        e.cost_type AS cost_type,
        e.cost_class AS cost_class,
        CAST(NULL AS STRING) AS token_type,
        CAST(NULL AS STRING) AS token_class,
        CAST(NULL AS STRING) AS service_tier,
        CAST(NULL AS STRING) AS product,
        'reported' AS allocation,
        e.subscription_plan AS subscription_plan,
        CASE e.cost_type
            WHEN 'usage_based' THEN e.usage_based_reqs
            WHEN 'included_usage' THEN e.subscription_included_reqs
            WHEN 'not_charged' THEN e.not_charged_reqs
        END AS volume_units,
        CASE WHEN e.cost_type IN ('usage_based', 'included_usage', 'not_charged') THEN 'requests' END AS unit_type,
        'cursor_expenses' AS source_table,
        e.source AS source,
        e.org_id AS org_id,
        e.slice_key AS slice_key,
        e.run_id AS run_id,
        e.fetched_at AS fetched_at,
        e.document_sha256 AS document_sha256
    FROM ai_usage_analytics.cursor_expenses AS e
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
    FROM billed AS b
    LEFT JOIN ai_usage_analytics.vw_person_periods AS d
        ON d.user_email = b.reported_email AND d.from_day <= b.cost_date AND d.until_day > b.cost_date
    LEFT JOIN ai_usage_analytics.vw_key_periods AS m
        ON m.api_key_id = b.api_key_id AND m.from_day <= b.cost_date AND m.until_day > b.cost_date
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
    r.cost_date AS cost_date,
    r.platform AS platform,
    r.platform_rule AS platform_rule,
    r.user_email AS user_email,
    r.reported_email AS reported_email,
    r.attribution AS attribution,
    -- A key that the sheet gives to a team and to nobody is the team's, whoever created it.
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
    r.cost_usd AS cost_usd,
    r.cost_type AS cost_type,
    r.cost_class AS cost_class,
    r.token_type AS token_type,
    r.token_class AS token_class,
    r.service_tier AS service_tier,
    r.product AS product,
    r.allocation AS allocation,
    r.subscription_plan AS subscription_plan,
    r.volume_units AS volume_units,
    r.unit_type AS unit_type,
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
    ON p.user_email = r.user_email AND p.from_day <= r.cost_date AND p.until_day > r.cost_date
LEFT JOIN ai_usage_analytics.dim_users AS u ON u.user_email = r.user_email;
