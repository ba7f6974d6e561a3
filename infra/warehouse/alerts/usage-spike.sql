/*
title = "Use far above what is usual"
question = "Did people use a tool much more than usual?"
definition = "Sessions of a complete day above the limit in percent of the mean of the same weekday in the four weeks before, and at least so many sessions more. A session is a Claude Code session, a Claude.ai conversation, or a day on which a person was active in Cursor. The total comes first: platforms are named only on a day whose total is within the limit. Days in a row are one incident. It gives way to daily-anomaly: a day that also cost much more is reported there."
unit = "percent"
kind = "money"
severity = "warning"
schedule = "daily"
sentence = "Sessions of {subject} on {period} were {measured} of what is usual on that weekday. {note}"
remedy = "Open the link and see who used it. A new team or a new tool is expected; a script that runs as a person is not."
changed = "2026-11-22"
[limits]
percent = { default = "200", unit = "percent", text = "how far sessions may be above the mean of the same weekday, in percent of that mean" }
sessions = { default = "20", unit = "count", text = "how many sessions more than the mean are worth a message" }
*/
WITH used AS (
    SELECT s.activity_date AS day, 'claude_code' AS platform, SUM(COALESCE(s.num_sessions, 0)) AS sessions
    FROM ai_usage_analytics.claude_code_usage_stats AS s
    WHERE s.activity_date < {{as_of}} AND UNIX_DATE(s.activity_date) >= UNIX_DATE({{as_of}}) - 40
    GROUP BY s.activity_date
    UNION ALL
    SELECT s.activity_date AS day, 'claude_ai' AS platform, SUM(COALESCE(s.conversation_count, 0)) AS sessions
    FROM ai_usage_analytics.claude_usage_stats AS s
    WHERE s.activity_date < {{as_of}} AND UNIX_DATE(s.activity_date) >= UNIX_DATE({{as_of}}) - 40
    GROUP BY s.activity_date
    UNION ALL
    SELECT s.activity_date AS day, 'cursor' AS platform, SUM(CASE WHEN s.is_active THEN 1 ELSE 0 END) AS sessions
    FROM ai_usage_analytics.cursor_usage_stats AS s
    WHERE s.activity_date < {{as_of}} AND UNIX_DATE(s.activity_date) >= UNIX_DATE({{as_of}}) - 40
    GROUP BY s.activity_date
),
readings AS (
    SELECT
        CASE l.feed WHEN 'anthropic/claude-code' THEN 'claude_code' WHEN 'anthropic/claude-ai' THEN 'claude_ai' ELSE 'cursor' END
            AS platform,
        l.feed AS feed,
        l.org_id AS org_id,
        l.slice_day AS day,
        LOGICAL_OR(
            l.state <> 'unavailable' AND l.outcome = 'complete'
                AND l.observed_at >= CAST(DATE_ADD(l.slice_day, INTERVAL 1 DAY) AS TIMESTAMP)
        ) AS is_whole
    FROM ai_usage_analytics.slice_loads AS l
    WHERE l.feed IN ('anthropic/claude-code', 'anthropic/claude-ai', 'cursor/daily-usage') AND l.slice_day < {{as_of}}
    GROUP BY l.feed, l.org_id, l.slice_day
),
feeds AS (
    SELECT
        r.platform AS platform,
        r.feed AS feed,
        r.org_id AS org_id,
        MIN(r.day) AS first_day,
        MIN(MIN(r.day)) OVER (PARTITION BY r.platform) AS first_of_platform
    FROM readings AS r
    GROUP BY r.platform, r.feed, r.org_id
),
-- A platform that only a sheet reports has no feed to wait for.
platforms AS (
    SELECT DISTINCT u.platform AS platform FROM used AS u
    UNION DISTINCT
    SELECT f.platform AS platform FROM feeds AS f
),
by_platform AS (
    SELECT
        c.day AS day,
        UNIX_DATE(c.day) AS day_number,
        p.platform AS platform,
        LOGICAL_AND(
            CASE
                WHEN f.feed IS NULL THEN u.day IS NOT NULL
                WHEN c.day < f.first_of_platform THEN FALSE
                WHEN c.day < f.first_day THEN TRUE
                ELSE COALESCE(r.is_whole, FALSE)
            END
        ) AS is_complete,
        MAX(COALESCE(u.sessions, 0)) AS sessions
    FROM ai_usage_analytics.dim_calendar AS c
    CROSS JOIN platforms AS p
    LEFT JOIN feeds AS f ON f.platform = p.platform
    LEFT JOIN readings AS r ON r.feed = f.feed AND r.org_id = f.org_id AND r.day = c.day
    LEFT JOIN used AS u ON u.platform = p.platform AND u.day = c.day
    WHERE c.day < {{as_of}} AND UNIX_DATE(c.day) >= UNIX_DATE({{as_of}}) - 40
    GROUP BY c.day, p.platform
),
days AS (
    SELECT b.day, b.day_number, b.platform, b.is_complete, b.sessions
    FROM by_platform AS b
    UNION ALL
    SELECT b.day, b.day_number, 'total' AS platform, LOGICAL_AND(b.is_complete) AS is_complete, SUM(b.sessions) AS sessions
    FROM by_platform AS b
    GROUP BY b.day, b.day_number
),
compared AS (
    SELECT
        d.day AS day,
        d.day_number AS day_number,
        d.platform AS platform,
        d.is_complete AS is_complete,
        d.sessions AS sessions,
        SUM(CASE WHEN d.is_complete THEN 1 ELSE 0 END) OVER (
            PARTITION BY d.platform, MOD(d.day_number, 7) ORDER BY d.day_number ROWS BETWEEN 4 PRECEDING AND 1 PRECEDING
        ) AS weeks,
        SUM(d.sessions) OVER (
            PARTITION BY d.platform, MOD(d.day_number, 7) ORDER BY d.day_number ROWS BETWEEN 4 PRECEDING AND 1 PRECEDING
        ) AS four_sessions
    FROM days AS d
),
judged AS (
    SELECT
        c.*,
        CASE
            WHEN c.is_complete AND c.weeks = 4 AND c.sessions * 400 > c.four_sessions * {{limit:percent}}
                AND c.sessions * 4 - c.four_sessions >= 4 * {{limit:sessions}} THEN 1
            ELSE 0
        END AS high
    FROM compared AS c
),
begun AS (
    SELECT
        j.*,
        MAX(j.high) OVER (PARTITION BY j.platform ORDER BY j.day_number ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) AS high_before,
        MAX(CASE WHEN j.platform = 'total' THEN j.high END) OVER (PARTITION BY j.day) AS high_total
    FROM judged AS j
),
costly AS (
    SELECT DISTINCT p.day AS day
    FROM ai_usage_analytics.vw_spend_pace AS p
    WHERE {{with:high_day}}
)
SELECT
    b.platform AS subject,
    CAST(b.day AS STRING) AS period,
    CAST(b.sessions * 400 / GREATEST(b.four_sessions, 1) AS {{numeric}}) AS measured,
    CAST({{limit:percent}} AS {{numeric}}) AS limit_value,
    CAST(NULL AS {{numeric}}) AS amount,
    CAST(NULL AS {{numeric}}) AS baseline,
    CASE WHEN b.platform <> 'total' THEN b.platform END AS platform,
    CAST(NULL AS STRING) AS team,
    b.day AS now_from,
    b.day AS now_to,
    CAST(DATE_ADD(b.day, INTERVAL (-28) DAY) AS DATE) AS base_from,
    CAST(DATE_ADD(b.day, INTERVAL (-1) DAY) AS DATE) AS base_to,
    b.day AS since,
    'productivity?range=' || CAST(b.day AS STRING) || '~' || CAST(b.day AS STRING)
        || CASE WHEN b.platform = 'total' THEN '' ELSE '&platform=' || b.platform END AS link,
    'Sessions: ' || CAST(b.sessions AS STRING) || '; in the four weeks before together: ' || CAST(b.four_sessions AS STRING) || '.' AS note
FROM begun AS b
LEFT JOIN costly AS c ON c.day = b.day
WHERE c.day IS NULL AND b.high = 1 AND COALESCE(b.high_before, 0) = 0 AND (b.platform = 'total' OR b.high_total = 0)
    AND b.day >= {{quiet_from}} AND UNIX_DATE(b.day) >= UNIX_DATE({{as_of}}) - 7
