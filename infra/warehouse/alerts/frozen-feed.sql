/*
title = "A feed that answers with nothing"
question = "Does a feed that is read still bring anything?"
definition = "An automatic feed of an organisation whose newest weekdays were all read after their end and brought no record, at least so many more of them than is usual, though at least the given part of the weekdays of the 28 days before brought some. Usual is how many weekdays a record of the 28 days before needed to appear, on average, counted for days that were read within three days. It gives way to stale (a feed that is not read) and to vanished (a feed that took back what it had said)."
unit = "count"
kind = "ingestion"
severity = "warning"
schedule = "daily"
sentence = "{subject} is read, but brought nothing for {measured} weekdays; the last records are of the day before {since}."
remedy = "See whether people really did not use it (a holiday); if they did, ask the vendor, and look at what the key may see."
changed = "2026-11-22"
[limits]
weekdays = { default = "3", unit = "count", text = "how many weekdays in a row without a record, beyond what is usual" }
percent = { default = "50", unit = "percent", text = "the part of the weekdays of the 28 days before that must have had records" }
*/
WITH readings AS (
    SELECT
        l.feed AS feed,
        l.org_id AS org_id,
        l.slice_day AS day,
        l.rows_loaded AS row_count,
        l.observed_at AS observed_at,
        l.outcome AS outcome,
        ROW_NUMBER() OVER (PARTITION BY l.slice_key ORDER BY l.generation DESC, l.revision DESC, l.reader_version DESC) AS place
    FROM ai_usage_analytics.slice_loads AS l
    WHERE l.slice_day < {{as_of}} AND UNIX_DATE(l.slice_day) >= UNIX_DATE({{as_of}}) - 50
        AND CAST(l.observed_at AS DATE) <= {{as_of}} AND l.state <> 'unavailable'
        AND l.feed IN ('anthropic/cost', 'anthropic/claude-code', 'anthropic/claude-ai', 'cursor/daily-usage', 'cursor/usage-events')
),
days AS (
    SELECT
        r.feed AS feed,
        r.org_id AS org_id,
        r.day AS day,
        MAX(CASE WHEN r.place = 1 THEN r.row_count END) AS row_count,
        LOGICAL_OR(
            r.outcome = 'complete' AND r.observed_at >= CAST(DATE_ADD(r.day, INTERVAL 1 DAY) AS TIMESTAMP)
        ) AS is_whole,
        LOGICAL_OR(r.outcome = 'retired') AS is_retired,
        MIN(r.observed_at) AS first_read_at,
        MIN(CASE WHEN r.row_count > 0 THEN r.observed_at END) AS first_rows_at
    FROM readings AS r
    GROUP BY r.feed, r.org_id, r.day
),
last_rows AS (
    SELECT d.feed AS feed, d.org_id AS org_id, MAX(CASE WHEN d.row_count > 0 THEN d.day END) AS last_day, MAX(d.day) AS read_day
    FROM days AS d
    GROUP BY d.feed, d.org_id
    HAVING NOT LOGICAL_OR(d.is_retired)
),
empty_days AS (
    SELECT
        l.feed AS feed,
        l.org_id AS org_id,
        l.last_day AS last_day,
        MIN(c.day) AS since,
        SUM(CASE WHEN c.is_weekday THEN 1 ELSE 0 END) AS weekdays
    FROM last_rows AS l
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day > l.last_day AND c.day <= l.read_day
    LEFT JOIN days AS d ON d.feed = l.feed AND d.org_id = l.org_id AND d.day = c.day
    GROUP BY l.feed, l.org_id, l.last_day
    HAVING LOGICAL_AND(COALESCE(d.is_whole, FALSE))
),
usual AS (
    SELECT
        l.feed AS feed,
        l.org_id AS org_id,
        COUNT(*) AS weekdays,
        SUM(CASE WHEN d.row_count > 0 THEN 1 ELSE 0 END) AS weekdays_with_rows,
        -- Read late as a whole, as a first load does, says nothing about how late records appear.
        CAST(COALESCE(FLOOR(SAFE_DIVIDE(
            SUM(
                CASE
                    WHEN UNIX_DATE(CAST(d.first_read_at AS DATE)) <= UNIX_DATE(d.day) + 3
                        THEN UNIX_DATE(CAST(d.first_rows_at AS DATE)) - UNIX_DATE(CAST(d.first_read_at AS DATE))
                END
            ),
            SUM(
                CASE WHEN UNIX_DATE(CAST(d.first_read_at AS DATE)) <= UNIX_DATE(d.day) + 3 AND d.first_rows_at IS NOT NULL THEN 1 END
            )
        )), 0) AS INT64) AS lag
    FROM last_rows AS l
    JOIN ai_usage_analytics.dim_calendar AS c
        ON c.day <= l.last_day AND UNIX_DATE(c.day) > UNIX_DATE(l.last_day) - 28 AND c.is_weekday
    LEFT JOIN days AS d ON d.feed = l.feed AND d.org_id = l.org_id AND d.day = c.day
    GROUP BY l.feed, l.org_id
),
taken_back AS (
    SELECT DISTINCT v.feed AS feed, v.org_id AS org_id
    FROM ai_usage_analytics.slice_loads AS v
    WHERE CAST(v.observed_at AS DATE) <= {{as_of}} AND UNIX_DATE(CAST(v.observed_at AS DATE)) >= UNIX_DATE({{as_of}}) - 14
        AND v.state = 'loaded' AND v.outcome = 'complete' AND v.superseded_money_usd > 0
        AND v.money_loaded_usd * 2 < v.superseded_money_usd
)
SELECT
    e.feed || ' ' || e.org_id AS subject,
    CAST(e.since AS STRING) AS period,
    CAST(e.weekdays AS {{numeric}}) AS measured,
    CAST({{limit:weekdays}} + u.lag AS {{numeric}}) AS limit_value,
    CAST(NULL AS {{numeric}}) AS amount,
    CAST(NULL AS {{numeric}}) AS baseline,
    CASE
        WHEN e.feed = 'anthropic/claude-code' THEN 'claude_code'
        WHEN e.feed = 'anthropic/claude-ai' THEN 'claude_ai'
        WHEN STARTS_WITH(e.feed, 'cursor/') THEN 'cursor'
    END AS platform,
    CAST(NULL AS STRING) AS team,
    CAST(NULL AS DATE) AS now_from,
    CAST(NULL AS DATE) AS now_to,
    CAST(NULL AS DATE) AS base_from,
    CAST(NULL AS DATE) AS base_to,
    e.since AS since,
    'executive#definitions' AS link,
    CAST(NULL AS STRING) AS note
FROM empty_days AS e
JOIN usual AS u ON u.feed = e.feed AND u.org_id = e.org_id
LEFT JOIN taken_back AS t ON t.feed = e.feed AND t.org_id = e.org_id
WHERE t.feed IS NULL AND e.weekdays >= {{limit:weekdays}} + u.lag
    AND u.weekdays_with_rows * 100 >= u.weekdays * {{limit:percent}}
    AND e.since >= {{quiet_from}}
    AND UNIX_DATE(e.since) >= UNIX_DATE({{as_of}}) - 14
