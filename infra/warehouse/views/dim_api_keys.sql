-- API keys: exactly one row per key, of the directory and the mapping sheet together. user_email is today's owner; whose
-- the key was on another day is in vw_key_periods.
CREATE OR REPLACE VIEW ai_usage_analytics.dim_api_keys AS
WITH directory AS (
    SELECT
        k.*,
        ROW_NUMBER() OVER (
            PARTITION BY k.api_key_id
            ORDER BY CASE WHEN k.is_active THEN 0 ELSE 1 END, k.last_seen DESC, k.slice_key
        ) AS place
    FROM ai_usage_analytics.key_sources AS k
),
people AS (
    SELECT
        u.user_id,
        u.user_email,
        ROW_NUMBER() OVER (
            PARTITION BY u.user_id
            ORDER BY CASE WHEN u.is_active THEN 0 ELSE 1 END, u.last_seen DESC, u.slice_key, u.user_email
        ) AS place
    FROM ai_usage_analytics.user_sources AS u
    WHERE u.user_id IS NOT NULL AND u.user_email IS NOT NULL AND STARTS_WITH(u.slice_key, 'anthropic/directory|')
),
mapping AS (
    SELECT
        p.*,
        ROW_NUMBER() OVER (
            PARTITION BY p.api_key_id
            ORDER BY
                CASE
                    WHEN p.from_day <= CAST({{now}} AS DATE) AND p.until_day > CAST({{now}} AS DATE) THEN 0 ELSE 1
                END,
                p.from_day DESC
        ) AS place
    FROM ai_usage_analytics.vw_key_periods AS p
),
known AS (
    SELECT d.api_key_id FROM directory AS d
    UNION DISTINCT
    SELECT m.api_key_id FROM mapping AS m
)
SELECT
    a.api_key_id AS api_key_id,
    d.api_key_name AS api_key_name,
    COALESCE(m.user_email, c.user_email) AS user_email,
    u.user_id AS user_id,
    m.team AS team,
    m.platform AS platform,
    d.workspace_id AS workspace_id,
    m.purpose AS purpose,
    COALESCE(m.status, d.status) AS status,
    COALESCE(d.is_active, TRUE) AND COALESCE(d.status, 'active') = 'active' AS is_active,
    c.user_email AS creator_email,
    CASE WHEN m.user_email IS NOT NULL THEN 'mapping' WHEN c.user_email IS NOT NULL THEN 'creator' ELSE 'none' END
        AS attribution,
    d.org_id AS org_id,
    CAST(d.created_at AS DATE) AS created_date,
    CAST(d.expires_at AS DATE) AS expires_date,
    CAST(NULL AS STRING) AS notes,
    CAST(d.last_seen AS DATE) AS updated_date,
    d.last_seen AS updated_timestamp,
    CASE WHEN m.api_key_id IS NOT NULL THEN 'google_sheets_import' ELSE 'directory' END AS created_by,
    CASE WHEN m.api_key_id IS NOT NULL THEN 'google_sheets_import' ELSE 'directory' END AS updated_by
FROM known AS a
LEFT JOIN directory AS d ON d.api_key_id = a.api_key_id AND d.place = 1
LEFT JOIN people AS c ON c.user_id = d.created_by_id AND c.place = 1
LEFT JOIN mapping AS m ON m.api_key_id = a.api_key_id AND m.place = 1
LEFT JOIN ai_usage_analytics.dim_users AS u ON u.user_email = COALESCE(m.user_email, c.user_email);
