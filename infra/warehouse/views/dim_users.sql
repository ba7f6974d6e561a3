-- People: exactly one row per e-mail. The people sheet knows best, then the Anthropic directory, then the Cursor members;
-- a source that no longer has a person comes after all that do. What the best source leaves open, the next ones fill in.
CREATE OR REPLACE VIEW ai_usage_analytics.dim_users AS
WITH claims AS (
    SELECT
        u.user_email,
        u.user_id,
        u.name,
        u.role,
        u.department,
        u.team,
        u.manager_email,
        u.valid_from,
        u.last_seen,
        u.slice_key,
        u.user_key,
        CASE
            WHEN STARTS_WITH(u.slice_key, 'sheets/people|') THEN 1
            WHEN STARTS_WITH(u.slice_key, 'anthropic/directory|') THEN 2
            WHEN STARTS_WITH(u.slice_key, 'cursor/members|') THEN 3
            ELSE 4
        END AS authority,
        u.is_active AND NOT COALESCE(u.is_removed, FALSE) AS is_here,
        COALESCE(u.valid_from, DATE '0001-01-01') <= CAST({{now}} AS DATE)
            AND COALESCE(u.valid_to, DATE '9999-12-31') >= CAST({{now}} AS DATE) AS is_today
    FROM ai_usage_analytics.user_sources AS u
    WHERE u.user_email IS NOT NULL
),
ranked AS (
    SELECT
        c.user_email,
        c.user_id,
        c.name,
        c.role,
        c.department,
        c.team,
        c.manager_email,
        c.valid_from,
        c.last_seen,
        c.authority,
        c.is_here,
        c.is_today,
        ROW_NUMBER() OVER (
            PARTITION BY c.user_email
            ORDER BY
                CASE WHEN c.is_here THEN 0 ELSE 1 END,
                c.authority,
                CASE WHEN c.is_today THEN 0 ELSE 1 END,
                COALESCE(c.valid_from, DATE '0001-01-01') DESC,
                c.last_seen DESC,
                c.slice_key,
                c.user_key
        ) AS place
    FROM claims AS c
),
filled AS (
    SELECT
        r.user_email,
        MIN(CASE WHEN r.user_id IS NOT NULL THEN r.place END) AS user_id_place,
        MIN(CASE WHEN r.name IS NOT NULL THEN r.place END) AS name_place,
        MIN(CASE WHEN r.role IS NOT NULL THEN r.place END) AS role_place,
        MIN(r.valid_from) AS created_date,
        MAX(r.last_seen) AS last_seen
    FROM ranked AS r
    GROUP BY r.user_email
)
SELECT
    COALESCE(i.user_id, b.user_email) AS user_id,
    b.user_email AS email,
    b.user_email AS user_email,
    n.name AS display_name,
    CASE WHEN STRPOS(n.name, ' ') > 0 THEN SUBSTR(n.name, 1, STRPOS(n.name, ' ') - 1) ELSE n.name END AS first_name,
    CASE WHEN STRPOS(n.name, ' ') > 0 THEN SUBSTR(n.name, STRPOS(n.name, ' ') + 1) END AS last_name,
    o.role AS role,
    b.department AS department,
    b.team AS team,
    b.manager_email AS manager_email,
    b.is_here AND (b.authority <> 1 OR b.is_today) AS is_active,
    CASE b.authority WHEN 1 THEN 'people sheet' WHEN 2 THEN 'anthropic' WHEN 3 THEN 'cursor' ELSE 'other' END AS source,
    f.created_date AS created_date,
    CAST(f.last_seen AS DATE) AS updated_date,
    'system' AS created_by,
    'system' AS updated_by,
    f.last_seen AS updated_timestamp
FROM ranked AS b
JOIN filled AS f ON f.user_email = b.user_email
LEFT JOIN ranked AS i ON i.user_email = f.user_email AND i.place = f.user_id_place
LEFT JOIN ranked AS n ON n.user_email = f.user_email AND n.place = f.name_place
LEFT JOIN ranked AS o ON o.user_email = f.user_email AND o.place = f.role_place
WHERE b.place = 1;
