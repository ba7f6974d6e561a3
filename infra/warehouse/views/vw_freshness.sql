-- How current each feed is, by organisation. complete_through is the newest day that was read after it had ended;
-- missing_days are days between the first and the last that nobody read, nor noted as lost.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_freshness AS
WITH readings AS (
    SELECT
        l.feed,
        l.org_id,
        l.slice_day,
        l.outcome,
        l.observed_at,
        l.loaded_at,
        ROW_NUMBER() OVER (
            PARTITION BY l.slice_key
            ORDER BY
                CASE WHEN l.state = 'unavailable' THEN 1 ELSE 0 END,
                l.generation DESC,
                l.revision DESC,
                l.reader_version DESC
        ) AS place
    FROM ai_usage_analytics.slice_loads AS l
),
feeds AS (
    SELECT
        r.feed AS feed,
        r.org_id AS org_id,
        CASE WHEN STARTS_WITH(r.feed, 'sheets/') THEN 'manual' ELSE 'automatic' END AS mode,
        MIN(r.slice_day) AS first_day,
        MAX(r.slice_day) AS last_day,
        MAX(
            CASE
                WHEN r.outcome = 'complete'
                    AND r.observed_at >= CAST(DATE_ADD(r.slice_day, INTERVAL 1 DAY) AS TIMESTAMP) THEN r.slice_day
            END
        ) AS complete_through,
        COUNT(*) AS slices,
        COUNT(DISTINCT r.slice_day) AS known_days,
        SUM(CASE WHEN r.outcome = 'unavailable' THEN 1 ELSE 0 END) AS unavailable_slices,
        MAX(CASE WHEN r.outcome <> 'unavailable' THEN r.observed_at END) AS observed_at,
        MAX(r.loaded_at) AS loaded_at
    FROM readings AS r
    WHERE r.place = 1
    GROUP BY r.feed, r.org_id
),
aged AS (
    SELECT
        f.*,
        COALESCE(UNIX_DATE(f.last_day) - UNIX_DATE(f.first_day) + 1 - f.known_days, 0) AS missing_days,
        DIV((UNIX_MICROS({{now}}) - UNIX_MICROS(f.observed_at)), 3600000000) AS hours_old
    FROM feeds AS f
)
SELECT
    a.feed AS feed,
    a.org_id AS org_id,
    a.mode AS mode,
    a.first_day AS first_day,
    a.last_day AS last_day,
    a.complete_through AS complete_through,
    a.slices AS slices,
    a.missing_days AS missing_days,
    a.unavailable_slices AS unavailable_slices,
    a.observed_at AS observed_at,
    a.loaded_at AS loaded_at,
    a.hours_old AS hours_old,
    CASE
        WHEN a.observed_at IS NULL THEN 'never read'
        WHEN a.mode = 'automatic' AND a.hours_old > 48 THEN 'stale'
        WHEN a.missing_days > 0 THEN 'gaps'
        ELSE 'fresh'
    END AS status
FROM aged AS a;
