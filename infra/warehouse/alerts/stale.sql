/*
title = "A feed that nobody read"
question = "Is every automatic feed current?"
definition = "Hours since an automatic feed of an organisation was last read, at or above the limit; sheets and retired feeds do not count. It gives way to ingestion-failure: a feed is named here only if a run that succeeded has begun since it was last read, so that nothing else says that it is missing. The freshness checks of data-quality and the days behind its last one (missing-day, frozen-feed) give way to it."
unit = "hours"
kind = "ingestion"
severity = "critical"
schedule = "daily"
sentence = "{subject} was last read {measured} hours ago, on {since} (limit {limit})."
remedy = "aispend doctor says whether its key still works and whether the feed is planned; then aispend run."
changed = "2026-11-22"
[limits]
hours = { default = "48", unit = "hours", text = "how old the newest reading of an automatic feed may be" }
*/
WITH readings AS (
    SELECT
        l.feed AS feed,
        l.org_id AS org_id,
        MAX(CASE WHEN l.outcome = 'complete' THEN UNIX_MICROS(l.observed_at) END) AS read_micros,
        MAX(CASE WHEN l.outcome = 'complete' THEN l.observed_at END) AS read_at,
        MAX(CASE WHEN l.outcome = 'retired' THEN l.observed_at END) AS retired_at
    FROM ai_usage_analytics.slice_loads AS l
    WHERE NOT STARTS_WITH(l.feed, 'sheets/') AND CAST(l.observed_at AS DATE) <= {{as_of}}
    GROUP BY l.feed, l.org_id
),
-- The moment of looking: the newest that the warehouse knows of, not before the day began.
moments AS (
    SELECT GREATEST(UNIX_MICROS(CAST({{as_of}} AS TIMESTAMP)), MAX(r.read_micros)) AS micros
    FROM readings AS r
),
runs AS (
    SELECT
        MAX(CASE WHEN r.state = 'succeeded' AND r.trigger IN ('daily', 'command', 'backfill') THEN r.started_at END) AS clean_at,
        COUNT(*) AS runs
    FROM ai_usage_analytics.runs AS r
    WHERE CAST(r.started_at AS DATE) <= {{as_of}}
)
SELECT
    r.feed || ' ' || r.org_id AS subject,
    CAST(CAST(r.read_at AS DATE) AS STRING) AS period,
    CAST(DIV((m.micros - r.read_micros), 3600000000) AS {{numeric}}) AS measured,
    CAST({{limit:hours}} AS {{numeric}}) AS limit_value,
    CAST(NULL AS {{numeric}}) AS amount,
    CAST(NULL AS {{numeric}}) AS baseline,
    CASE
        WHEN r.feed = 'anthropic/claude-code' THEN 'claude_code'
        WHEN r.feed = 'anthropic/claude-ai' THEN 'claude_ai'
        WHEN STARTS_WITH(r.feed, 'cursor/') THEN 'cursor'
    END AS platform,
    CAST(NULL AS STRING) AS team,
    CAST(NULL AS DATE) AS now_from,
    CAST(NULL AS DATE) AS now_to,
    CAST(NULL AS DATE) AS base_from,
    CAST(NULL AS DATE) AS base_to,
    CAST(r.read_at AS DATE) AS since,
    'executive#definitions' AS link,
    CAST(NULL AS STRING) AS note
FROM readings AS r
CROSS JOIN moments AS m
CROSS JOIN runs AS u
WHERE r.read_at IS NOT NULL AND (r.retired_at IS NULL OR r.retired_at < r.read_at)
    AND m.micros - r.read_micros >= {{limit:hours}} * 3600000000
    AND (u.clean_at > r.read_at OR u.runs = 0)
    AND {{as_of}} >= {{quiet_from}}
