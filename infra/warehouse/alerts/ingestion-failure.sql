/*
title = "A run failed or did not come"
question = "Was everything read when it was due?"
definition = "The newest run that asked vendors ended with slices that failed, or with a feed that could not be read; or none began within the hours of the limit. Slices that were parked are told as parked-messages. Runs that repeat what is there (reprocess, replay) do not count. One incident from the first failed run to the next one that succeeds. stale and missing-day give way to it, and so does the check pipeline_success of data-quality."
unit = "count"
kind = "ingestion"
severity = "critical"
schedule = "hourly"
sentence = "{note} Since {since}."
remedy = "aispend doctor shows which key is refused and which vendor does not answer. The next run reads again what is due. If none came, look at the scheduler."
changed = "2026-11-23"
[limits]
hours = { default = "26", unit = "hours", text = "how long after the start of the newest run the next one must begin" }
*/
WITH asked AS (
    SELECT
        r.run_id AS run_id,
        r.started_at AS started_at,
        -- What is parked has an incident of its own.
        CASE WHEN r.state = 'incomplete' AND r.failed = 0 AND r.parked > 0 THEN 'succeeded' ELSE r.state END AS state,
        r.failed AS failed,
        r.planned AS planned,
        r.notes AS notes,
        ROW_NUMBER() OVER (ORDER BY r.started_at DESC, r.run_id DESC) AS place
    FROM ai_usage_analytics.runs AS r
    WHERE r.trigger IN ('daily', 'command', 'backfill') AND CAST(r.started_at AS DATE) <= {{as_of}}
),
-- The moment of looking: the newest that the warehouse knows of, not before the day began.
moments AS (
    SELECT GREATEST(
        UNIX_MICROS(CAST({{as_of}} AS TIMESTAMP)),
        COALESCE(MAX(UNIX_MICROS(l.observed_at)), 0)
    ) AS micros
    FROM ai_usage_analytics.slice_loads AS l
    WHERE CAST(l.observed_at AS DATE) <= {{as_of}} AND NOT STARTS_WITH(l.feed, 'sheets/')
),
ended AS (
    SELECT a.*, ROW_NUMBER() OVER (ORDER BY a.place) AS rank_of_ended
    FROM asked AS a
    WHERE a.state <> 'running'
),
last_good AS (
    SELECT MAX(e.started_at) AS started_at
    FROM ended AS e
    WHERE e.state = 'succeeded'
),
first_bad AS (
    SELECT MIN(e.started_at) AS started_at
    FROM ended AS e
    CROSS JOIN last_good AS g
    WHERE e.state <> 'succeeded' AND (g.started_at IS NULL OR e.started_at > g.started_at)
),
faults AS (
    SELECT
        'no run' AS subject,
        CAST(a.started_at AS DATE) AS since,
        DIV((m.micros - UNIX_MICROS(a.started_at)), 3600000000) AS measured,
        CAST({{limit:hours}} AS {{numeric}}) AS limit_value,
        'No run has begun for so many hours: ' || CAST(DIV((m.micros - UNIX_MICROS(a.started_at)), 3600000000) AS STRING) || '.' AS note
    FROM asked AS a
    CROSS JOIN moments AS m
    WHERE a.place = 1 AND m.micros - UNIX_MICROS(a.started_at) > {{limit:hours}} * 3600000000
    UNION ALL
    SELECT
        'failed run' AS subject,
        CAST(b.started_at AS DATE) AS since,
        e.failed AS measured,
        CAST(0 AS {{numeric}}) AS limit_value,
        'The newest run could not read everything: ' || CAST(e.failed AS STRING) || ' of ' || CAST(e.planned AS STRING)
            || ' slices failed (run ' || e.run_id || ').'
            || CASE WHEN e.notes = '' THEN '' ELSE ' ' || RTRIM(SUBSTR(e.notes, 1, 300), '.') || '.' END AS note
    FROM ended AS e
    CROSS JOIN first_bad AS b
    JOIN asked AS newest ON newest.place = 1
    CROSS JOIN moments AS m
    WHERE e.rank_of_ended = 1 AND e.state <> 'succeeded'
        AND m.micros - UNIX_MICROS(newest.started_at) <= {{limit:hours}} * 3600000000
)
SELECT
    f.subject AS subject,
    CAST(f.since AS STRING) AS period,
    CAST(f.measured AS {{numeric}}) AS measured,
    f.limit_value AS limit_value,
    CAST(NULL AS {{numeric}}) AS amount,
    CAST(NULL AS {{numeric}}) AS baseline,
    CAST(NULL AS STRING) AS platform,
    CAST(NULL AS STRING) AS team,
    CAST(NULL AS DATE) AS now_from,
    CAST(NULL AS DATE) AS now_to,
    CAST(NULL AS DATE) AS base_from,
    CAST(NULL AS DATE) AS base_to,
    f.since AS since,
    'executive#definitions' AS link,
    f.note AS note
FROM faults AS f
