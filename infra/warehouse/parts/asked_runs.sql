-- Runs that asked vendors (the others repeat what is there), and how long those that failed were broken.
asked AS (
    SELECT
        r.run_id AS run_id,
        r.started_at AS started_at,
        r.finished_at AS finished_at,
        r.state = 'succeeded' AS is_clean,
        r.parked AS parked,
        ROW_NUMBER() OVER (ORDER BY r.started_at DESC, r.run_id DESC) AS place
    FROM ai_usage_analytics.runs AS r
    WHERE r.trigger IN ('daily', 'command', 'backfill') AND r.state <> 'running'
),
-- From the first run that failed to the end of the next one that did not.
broken AS (
    SELECT a.run_id AS run_id, a.started_at AS started_at, MIN(b.finished_at) AS recovered_at
    FROM asked AS a
    LEFT JOIN asked AS before ON before.place = a.place + 1
    JOIN asked AS b ON b.started_at > a.started_at AND b.is_clean
    WHERE NOT a.is_clean AND COALESCE(before.is_clean, TRUE)
    GROUP BY a.run_id, a.started_at
)
