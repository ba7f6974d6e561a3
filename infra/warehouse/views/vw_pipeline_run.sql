-- Runs by feed and organisation: what each loaded. missing: the newest run of an automatic feed ended over 48 hours ago, so
-- the next one did not come.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_pipeline_run AS
WITH loads AS (
    SELECT
        l.feed AS feed,
        l.org_id AS org_id,
        l.run_id AS run_id,
        MIN(l.observed_at) AS started_at,
        MAX(l.loaded_at) AS finished_at,
        COUNT(*) AS slices,
        SUM(CASE WHEN l.outcome = 'unavailable' THEN 1 ELSE 0 END) AS unavailable_slices,
        SUM(l.rows_loaded) AS row_count,
        SUM(l.rows_rejected) AS rows_rejected,
        MAX(CASE WHEN l.outcome = 'unavailable' THEN l.outcome_reason END) AS error
    FROM ai_usage_analytics.slice_loads AS l
    GROUP BY l.feed, l.org_id, l.run_id
),
placed AS (
    SELECT
        l.*,
        ROW_NUMBER() OVER (PARTITION BY l.feed, l.org_id ORDER BY l.finished_at DESC, l.run_id DESC) AS place
    FROM loads AS l
)
SELECT
    p.feed AS source,
    p.org_id AS org_id,
    p.run_id AS run_id,
    p.started_at AS started_at,
    p.finished_at AS finished_at,
    CASE
        WHEN p.slices = p.unavailable_slices THEN 'failed'
        WHEN p.place = 1 AND NOT STARTS_WITH(p.feed, 'sheets/')
            AND UNIX_MICROS({{now}}) - UNIX_MICROS(p.finished_at) > CAST(48 AS INT64) * 3600000000 THEN 'missing'
        ELSE 'ok'
    END AS state,
    COALESCE(r.state, 'running') AS run_state,
    p.slices AS slices,
    p.row_count AS row_count,
    p.rows_rejected AS rows_rejected,
    p.error AS error
FROM placed AS p
LEFT JOIN ai_usage_analytics.runs AS r ON r.run_id = p.run_id;
