-- Whose API key was whose when, by the mapping sheet: at most one row per key and day, also where the sheet's periods
-- overlap (the one that began last wins). from_day is included, until_day is not.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_key_periods AS
WITH claims AS (
    SELECT
        m.api_key_id,
        m.user_email,
        m.team,
        m.platform,
        m.purpose,
        m.status,
        COALESCE(m.valid_from, DATE '0001-01-01') AS from_day,
        CASE
            WHEN m.valid_to IS NULL OR m.valid_to >= DATE '9999-12-30' THEN DATE '9999-12-31'
            ELSE CAST(DATE_ADD(m.valid_to, INTERVAL 1 DAY) AS DATE)
        END AS until_day
    FROM ai_usage_analytics.dim_api_key_mapping AS m
),
edges AS (
    SELECT c.api_key_id, c.from_day AS edge FROM claims AS c WHERE c.from_day < c.until_day
    UNION DISTINCT
    SELECT c.api_key_id, c.until_day AS edge FROM claims AS c WHERE c.from_day < c.until_day
),
spans AS (
    SELECT
        e.api_key_id,
        e.edge AS from_day,
        LEAD(e.edge) OVER (PARTITION BY e.api_key_id ORDER BY e.edge) AS until_day
    FROM edges AS e
),
ranked AS (
    SELECT
        s.api_key_id,
        s.from_day,
        s.until_day,
        c.user_email,
        c.team,
        c.platform,
        c.purpose,
        c.status,
        ROW_NUMBER() OVER (
            PARTITION BY s.api_key_id, s.from_day
            ORDER BY c.from_day DESC, c.until_day, c.user_email, c.team, c.platform, c.purpose, c.status
        ) AS place
    FROM spans AS s
    JOIN claims AS c
        ON c.api_key_id = s.api_key_id AND c.from_day <= s.from_day AND c.until_day >= s.until_day
)
SELECT
    r.api_key_id,
    r.from_day,
    r.until_day,
    r.user_email,
    r.team,
    r.platform,
    r.purpose,
    r.status
FROM ranked AS r
WHERE r.place = 1;
