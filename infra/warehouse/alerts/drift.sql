/*
title = "Something new in a vendor's answer"
question = "Does a vendor or a sheet say something that we do not know yet?"
definition = "An unknown field, or an unknown value of a known one (a product, a kind, a model), in a reading of the last seven days, that no earlier reading of that feed had. What the first readings of a feed brought is not new. Records with it are loaded and flagged. One incident per feed and finding; the check drift of data-quality counts them all."
unit = "count"
kind = "quality"
severity = "warning"
schedule = "daily"
sentence = "{subject} is new since {since}; {measured} slices have it."
remedy = "Nothing is lost: the archive has the answer. If it says what money was for, teach the feed to read it and run aispend reprocess."
changed = "2026-11-22"
[limits]
slices = { default = "1", unit = "count", text = "how many slices must have it" }
*/
WITH findings AS (
    SELECT
        l.feed AS feed,
        l.findings AS findings,
        MIN(CAST(l.observed_at AS DATE)) AS since,
        COUNT(DISTINCT l.slice_key) AS slices
    FROM ai_usage_analytics.slice_loads AS l
    WHERE CAST(l.observed_at AS DATE) <= {{as_of}}
        AND (STRPOS(l.findings, '"unknown_field: ') > 0 OR STRPOS(l.findings, '"unknown_value: ') > 0)
    GROUP BY l.feed, l.findings
),
-- A finding begins where its check is named and ends where the next one begins.
cut AS (
    SELECT
        f.feed AS feed,
        f.since AS since,
        f.slices AS slices,
        SUBSTR(f.findings, n.place + 1) || '","' AS tail
    FROM findings AS f
    JOIN (
        SELECT ROW_NUMBER() OVER (ORDER BY c.day) AS place
        FROM ai_usage_analytics.dim_calendar AS c
    ) AS n ON SUBSTR(f.findings, n.place, 16) IN ('"unknown_field: ', '"unknown_value: ')
),
named AS (
    SELECT
        c.feed AS feed,
        CASE
            WHEN STRPOS(c.tail, '"]') > 0 AND STRPOS(c.tail, '"]') < STRPOS(c.tail, '","')
                THEN SUBSTR(c.tail, 1, STRPOS(c.tail, '"]') - 1)
            ELSE SUBSTR(c.tail, 1, STRPOS(c.tail, '","') - 1)
        END AS finding,
        c.since AS since,
        c.slices AS slices
    FROM cut AS c
),
known AS (
    SELECT n.feed AS feed, n.finding AS finding, MIN(n.since) AS since, SUM(n.slices) AS slices
    FROM named AS n
    GROUP BY n.feed, n.finding
),
feeds AS (
    SELECT l.feed AS feed, MIN(CAST(l.observed_at AS DATE)) AS first_read
    FROM ai_usage_analytics.slice_loads AS l
    GROUP BY l.feed
)
SELECT
    k.feed || ' ' || k.finding AS subject,
    CAST(k.since AS STRING) AS period,
    CAST(k.slices AS {{numeric}}) AS measured,
    CAST({{limit:slices}} AS {{numeric}}) AS limit_value,
    CAST(NULL AS {{numeric}}) AS amount,
    CAST(NULL AS {{numeric}}) AS baseline,
    CASE
        WHEN k.feed = 'anthropic/claude-code' THEN 'claude_code'
        WHEN k.feed = 'anthropic/claude-ai' THEN 'claude_ai'
        WHEN STARTS_WITH(k.feed, 'cursor/') THEN 'cursor'
    END AS platform,
    CAST(NULL AS STRING) AS team,
    CAST(NULL AS DATE) AS now_from,
    CAST(NULL AS DATE) AS now_to,
    CAST(NULL AS DATE) AS base_from,
    CAST(NULL AS DATE) AS base_to,
    k.since AS since,
    'executive#definitions' AS link,
    CAST(NULL AS STRING) AS note
FROM known AS k
JOIN feeds AS f ON f.feed = k.feed
WHERE k.since > f.first_read AND k.slices >= {{limit:slices}} AND k.since >= {{quiet_from}}
    AND UNIX_DATE(k.since) >= UNIX_DATE({{as_of}}) - 7
