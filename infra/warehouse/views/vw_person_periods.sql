-- Who was in which team when, by the people sheet: at most one row per e-mail and day, also where the sheet's periods
-- overlap (the one that began last wins). from_day is included, until_day is not.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_person_periods AS
WITH claims AS (
    SELECT
        u.user_email,
        u.user_key,
        u.name,
        u.department,
        u.team,
        u.manager_email,
        COALESCE(u.valid_from, DATE '0001-01-01') AS from_day,
        CASE
            WHEN u.valid_to IS NULL OR u.valid_to >= DATE '9999-12-30' THEN DATE '9999-12-31'
            ELSE CAST(DATE_ADD(u.valid_to, INTERVAL 1 DAY) AS DATE)
        END AS until_day
    FROM ai_usage_analytics.user_sources AS u
    WHERE u.user_email IS NOT NULL AND u.is_active AND STARTS_WITH(u.slice_key, 'sheets/people|')
),
edges AS (
    SELECT c.user_email, c.from_day AS edge FROM claims AS c WHERE c.from_day < c.until_day
    UNION DISTINCT
    SELECT c.user_email, c.until_day AS edge FROM claims AS c WHERE c.from_day < c.until_day
),
spans AS (
    SELECT
        e.user_email,
        e.edge AS from_day,
        LEAD(e.edge) OVER (PARTITION BY e.user_email ORDER BY e.edge) AS until_day
    FROM edges AS e
),
ranked AS (
    SELECT
        s.user_email,
        s.from_day,
        s.until_day,
        c.name,
        c.department,
        c.team,
        c.manager_email,
        ROW_NUMBER() OVER (
            PARTITION BY s.user_email, s.from_day
            ORDER BY c.from_day DESC, c.until_day, c.user_key DESC, c.team, c.department, c.name, c.manager_email
        ) AS place
    FROM spans AS s
    JOIN claims AS c
        ON c.user_email = s.user_email AND c.from_day <= s.from_day AND c.until_day >= s.until_day
)
SELECT
    r.user_email,
    r.from_day,
    r.until_day,
    r.name,
    r.department,
    r.team,
    r.manager_email
FROM ranked AS r
WHERE r.place = 1;
