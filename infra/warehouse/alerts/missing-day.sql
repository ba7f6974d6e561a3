/*
title = "A day that is missing"
question = "Has a feed a hole in its days?"
definition = "A day between the first and the newest day of an automatic feed, ended at least so many days ago, that no reading covers and that was not noted as lost at the vendor; or a weekday of which every reading was empty (for anthropic/cost: without money), though the feed brought something on a later day and on at least the given part of the weekdays of the 28 days before, and the other feeds had at least half of their usual records. One incident per feed and organisation, that of the first such day of the last week. Daily snapshots (cursor/spend) have no days to miss. It gives way to ingestion-failure while the newest run is a failed one; days after the newest one belong to stale, empty ones after the last record to frozen-feed, and emptied ones to vanished."
unit = "count"
kind = "ingestion"
severity = "warning"
schedule = "daily"
sentence = "{subject} has nothing of {period}. {note}"
remedy = "aispend run --from DAY --to DAY reads it. If it stays empty, ask the vendor. Day by day figures of that day are too low until then."
changed = "2026-11-22"
[limits]
days = { default = "2", unit = "count", text = "how many days after its end a day must have been read" }
percent = { default = "90", unit = "percent", text = "the part of the weekdays of the 28 days before that must have brought something, for an empty one to be missing" }
*/
WITH readings AS (
    SELECT l.feed AS feed, l.org_id AS org_id, l.slice_day AS day, LOGICAL_OR(l.outcome = 'retired') AS is_retired
    FROM ai_usage_analytics.slice_loads AS l
    WHERE l.slice_day < {{as_of}} AND CAST(l.observed_at AS DATE) <= {{as_of}}
        AND NOT STARTS_WITH(l.feed, 'sheets/') AND l.feed <> 'cursor/spend'
    GROUP BY l.feed, l.org_id, l.slice_day
),
feeds AS (
    SELECT r.feed AS feed, r.org_id AS org_id, MIN(r.day) AS first_day, MAX(r.day) AS last_day
    FROM readings AS r
    GROUP BY r.feed, r.org_id
    HAVING NOT LOGICAL_OR(r.is_retired)
),
unread AS (
    SELECT f.feed AS feed, f.org_id AS org_id, c.day AS day, 'unread' AS kind
    FROM feeds AS f
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day > f.first_day AND c.day < f.last_day
    LEFT JOIN readings AS r ON r.feed = f.feed AND r.org_id = f.org_id AND r.day = c.day
    WHERE r.day IS NULL AND c.day >= {{quiet_from}}
        AND UNIX_DATE(c.day) >= UNIX_DATE({{as_of}}) - 7 AND UNIX_DATE(c.day) < UNIX_DATE({{as_of}}) - {{limit:days}}
),
weekdays AS (
    SELECT
        l.feed AS feed,
        l.org_id AS org_id,
        l.slice_day AS day,
        UNIX_DATE(l.slice_day) AS day_number,
        LOGICAL_OR(CASE WHEN l.feed = 'anthropic/cost' THEN l.money_loaded_usd <> 0 ELSE l.rows_loaded > 0 END) AS has_some,
        LOGICAL_OR(
            l.outcome = 'complete' AND l.observed_at >= CAST(DATE_ADD(l.slice_day, INTERVAL 1 DAY) AS TIMESTAMP)
        ) AS is_whole,
        MAX(l.rows_loaded) AS row_count
    FROM ai_usage_analytics.slice_loads AS l
    JOIN feeds AS f ON f.feed = l.feed AND f.org_id = l.org_id
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day = l.slice_day AND c.is_weekday
    WHERE l.slice_day < {{as_of}} AND UNIX_DATE(l.slice_day) >= UNIX_DATE({{as_of}}) - 40
        AND CAST(l.observed_at AS DATE) <= {{as_of}} AND l.state <> 'unavailable'
        AND l.feed IN ('anthropic/cost', 'anthropic/claude-code', 'anthropic/claude-ai', 'cursor/daily-usage', 'cursor/usage-events')
    GROUP BY l.feed, l.org_id, l.slice_day
),
without AS (
    SELECT
        e.feed AS feed,
        e.org_id AS org_id,
        e.day AS day,
        e.day_number AS day_number,
        LOGICAL_OR(o.day_number > e.day_number AND o.has_some) AS goes_on,
        SUM(CASE WHEN o.day_number < e.day_number THEN 1 ELSE 0 END) AS weekdays,
        SUM(CASE WHEN o.day_number < e.day_number AND o.has_some THEN 1 ELSE 0 END) AS weekdays_with_some
    FROM weekdays AS e
    JOIN weekdays AS o ON o.feed = e.feed AND o.org_id = e.org_id AND o.day_number >= e.day_number - 28
    WHERE NOT e.has_some AND e.is_whole AND e.day >= {{quiet_from}}
        AND e.day_number >= UNIX_DATE({{as_of}}) - 7 AND e.day_number < UNIX_DATE({{as_of}}) - {{limit:days}}
    GROUP BY e.feed, e.org_id, e.day, e.day_number
),
-- On a holiday nobody's feed has much.
others AS (
    SELECT
        w.feed AS feed,
        w.org_id AS org_id,
        w.day AS day,
        SUM(CASE WHEN o.day_number = w.day_number THEN o.row_count ELSE 0 END) AS records,
        SUM(CASE WHEN o.day_number < w.day_number THEN o.row_count ELSE 0 END) AS records_before
    FROM without AS w
    JOIN weekdays AS o ON (o.feed <> w.feed OR o.org_id <> w.org_id)
        AND o.day_number >= w.day_number - 28 AND o.day_number <= w.day_number
    GROUP BY w.feed, w.org_id, w.day
),
missing AS (
    SELECT u.feed AS feed, u.org_id AS org_id, u.day AS day, u.kind AS kind FROM unread AS u
    UNION ALL
    SELECT w.feed AS feed, w.org_id AS org_id, w.day AS day, 'empty' AS kind
    FROM without AS w
    JOIN others AS o ON o.feed = w.feed AND o.org_id = w.org_id AND o.day = w.day
    WHERE w.goes_on AND w.weekdays >= 10 AND w.weekdays_with_some * 100 >= w.weekdays * {{limit:percent}}
        AND o.records * w.weekdays * 2 >= o.records_before
),
holes AS (
    SELECT
        m.feed AS feed,
        m.org_id AS org_id,
        MIN(m.day) AS first_hole,
        COUNT(*) AS holes,
        SUM(CASE WHEN m.kind = 'empty' THEN 1 ELSE 0 END) AS empty_days
    FROM missing AS m
    GROUP BY m.feed, m.org_id
),
newest_run AS (
    SELECT MAX(CASE WHEN n.place = 1 THEN n.state END) AS state
    FROM (
        SELECT r.state, ROW_NUMBER() OVER (ORDER BY r.started_at DESC, r.run_id DESC) AS place
        FROM ai_usage_analytics.runs AS r
        WHERE r.trigger IN ('daily', 'command', 'backfill') AND r.state <> 'running' AND CAST(r.started_at AS DATE) <= {{as_of}}
    ) AS n
)
SELECT
    h.feed || ' ' || h.org_id AS subject,
    CAST(h.first_hole AS STRING) AS period,
    CAST(h.holes AS {{numeric}}) AS measured,
    CAST(0 AS {{numeric}}) AS limit_value,
    CAST(NULL AS {{numeric}}) AS amount,
    CAST(NULL AS {{numeric}}) AS baseline,
    CASE
        WHEN h.feed = 'anthropic/claude-code' THEN 'claude_code'
        WHEN h.feed = 'anthropic/claude-ai' THEN 'claude_ai'
        WHEN STARTS_WITH(h.feed, 'cursor/') THEN 'cursor'
    END AS platform,
    CAST(NULL AS STRING) AS team,
    CAST(NULL AS DATE) AS now_from,
    CAST(NULL AS DATE) AS now_to,
    CAST(NULL AS DATE) AS base_from,
    CAST(NULL AS DATE) AS base_to,
    h.first_hole AS since,
    'executive?range=' || CAST(h.first_hole AS STRING) || '~' || CAST(h.first_hole AS STRING) || '#definitions' AS link,
    'Days of the last week without a reading: ' || CAST(h.holes - h.empty_days AS STRING)
        || ', read and empty: ' || CAST(h.empty_days AS STRING) || '.' AS note
FROM holes AS h
CROSS JOIN newest_run AS n
WHERE COALESCE(n.state, 'succeeded') = 'succeeded'
