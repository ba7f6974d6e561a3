/*
title = "People"
question = "Who gets the most out of it, who needs help?"
definition = "One row for each person and platform of the range. The percentile is the rank of the acceptance rate (lines on Cursor, edits on Claude Code) among all people of the platform with at least 100 suggested lines or 20 decided edits, if there are at least 4. Engagement counts the days loaded so far."
display = "table"
tab = "People"
place = [0, 0, 24, 11]
unit = "text"
empty = "No use in this range."
notes = ["Sessions of Cursor are estimated: an active day counts as one.", "Somebody who works every weekday reaches at most 74 % of the days of a month, so \"Highly Active\" takes weekends; the rate on weekdays stands beside it."]
keys = ["user_email", "platform"]
changed = "2026-11-22"
[[columns]]
name = "display_name"
label = "Person"
type = "person"
link = "alloc?user={user_email}"
[[columns]]
name = "team"
label = "Team"
type = "team"
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
[[columns]]
name = "lines_accepted"
label = "Lines accepted"
type = "integer"
rows = "lines_accepted"
[[columns]]
name = "line_acceptance_rate"
label = "Line acceptance"
type = "percent"
rows = "lines_accepted / lines_suggested"
[[columns]]
name = "suggestion_acceptance_rate"
label = "Suggestion acceptance"
type = "percent"
rows = "suggestions_accepted / suggestions_decided"
[[columns]]
name = "acceptance_percentile"
label = "Percentile"
type = "percent"
from = ["line_acceptance_rate", "suggestion_acceptance_rate"]
[[columns]]
name = "performance_tier"
label = "Performance"
type = "level"
from = ["acceptance_percentile"]
[[columns]]
name = "sessions"
label = "Sessions"
type = "integer"
rows = "sessions"
[[columns]]
name = "lines_per_session"
label = "Lines per session"
type = "number"
rows = "lines_accepted / sessions"
[[columns]]
name = "tokens_per_session"
label = "Tokens per session"
type = "number"
rows = "tokens / sessions"
[[columns]]
name = "efficiency_ratio"
label = "Lines per token"
type = "number"
rows = "lines_accepted / tokens"
[[columns]]
name = "mom_productivity_change_pct"
label = "Change"
type = "percent"
rows = "of lines_accepted / sessions / lines_accepted before / sessions before"
[[columns]]
name = "active_days"
label = "Active days"
type = "integer"
rows = "active_days"
[[columns]]
name = "engagement_rate"
label = "Engagement"
type = "percent"
from = ["active_days"]
[[columns]]
name = "weekday_rate"
label = "On weekdays"
type = "percent"
from = ["active_days"]
[[columns]]
name = "engagement_category"
label = "Engagement level"
type = "level"
from = ["engagement_rate"]
[[columns]]
name = "user_email"
label = "E-mail"
type = "text"
hidden = true
*/
WITH {{with:period_before}},
days AS (
    SELECT COUNT(*) AS days, SUM(CASE WHEN c.is_weekday THEN 1 ELSE 0 END) AS weekdays
    FROM {{period}} AS p
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day BETWEEN p.first_day AND p.through_day
),
-- Ranks stand among everybody, whatever is chosen.
rates AS (
    SELECT
        u.user_email AS user_email,
        u.platform AS platform,
        CASE
            WHEN u.platform = 'cursor' AND SUM(u.lines_suggested) >= 100 THEN SAFE_DIVIDE(SUM(u.lines_accepted), SUM(u.lines_suggested))
            WHEN u.platform = 'claude_code' AND SUM(u.suggestions_accepted + u.suggestions_rejected) >= 20
                THEN SAFE_DIVIDE(SUM(u.suggestions_accepted), SUM(u.suggestions_accepted + u.suggestions_rejected))
        END AS ranked_rate
    FROM ai_usage_analytics.vw_usage_daily AS u
    CROSS JOIN {{period}} AS p
    WHERE u.user_email <> 'unknown@unattributed.com' AND u.usage_date BETWEEN p.first_day AND p.through_day
    GROUP BY u.user_email, u.platform
),
ranks AS (
    SELECT
        r.user_email AS user_email,
        r.platform AS platform,
        CASE
            WHEN COUNT(*) OVER (PARTITION BY r.platform) >= 4
                THEN CAST(PERCENT_RANK() OVER (PARTITION BY r.platform ORDER BY r.ranked_rate) AS {{numeric}})
        END AS acceptance_percentile
    FROM rates AS r
    WHERE r.ranked_rate IS NOT NULL
),
people AS (
    SELECT
        u.user_email AS user_email,
        MAX(u.display_name) AS display_name,
        CASE WHEN u.user_email = 'unknown@unattributed.com' THEN 'Unattributed' ELSE SUBSTR(MAX(CAST(u.usage_date AS STRING) || u.team), 11) END AS team,
        u.platform AS platform,
        SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.sessions END) AS sessions,
        SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.lines_suggested END) AS lines_suggested,
        SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.lines_accepted END) AS lines_accepted,
        SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.suggestions_accepted END) AS suggestions_accepted,
        SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.suggestions_accepted + u.suggestions_rejected END) AS suggestions_decided,
        SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.input_tokens + u.output_tokens END) AS tokens,
        SUM(CASE WHEN p.has_previous AND u.usage_date BETWEEN p.prev_first AND p.prev_through THEN u.sessions END) AS sessions_before,
        SUM(CASE WHEN p.has_previous AND u.usage_date BETWEEN p.prev_first AND p.prev_through THEN u.lines_accepted END) AS lines_before,
        MAX(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN 1 ELSE 0 END) AS now_rows
    FROM {{usage}} AS u
    CROSS JOIN span AS p
    WHERE u.usage_date >= p.prev_first AND u.usage_date <= p.through_day
    GROUP BY u.user_email, u.platform
),
-- A bit for each active day, 60 days at a time: many times faster than days that are told apart. The sums above need no days.
active AS (
    SELECT
        a.user_email AS user_email,
        a.platform AS platform,
        SUM(BIT_COUNT(a.days)) AS active_days,
        SUM(BIT_COUNT(a.weekdays)) AS active_weekdays
    FROM (
        SELECT
            d.user_email AS user_email,
            d.platform AS platform,
            BIT_OR(1 << d.place) AS days,
            BIT_OR(CASE WHEN d.is_weekday THEN 1 << d.place END) AS weekdays
        FROM (
            SELECT
                u.user_email AS user_email,
                u.platform AS platform,
                u.is_weekday AS is_weekday,
                DIV(UNIX_DATE(u.usage_date), 60) AS sixty,
                MOD(UNIX_DATE(u.usage_date), 60) AS place
            FROM {{usage}} AS u
            CROSS JOIN {{period}} AS p
            WHERE u.is_active AND u.usage_date BETWEEN p.first_day AND p.through_day
        ) AS d
        GROUP BY d.user_email, d.platform, d.sixty
    ) AS a
    GROUP BY a.user_email, a.platform
),
measured AS (
    SELECT
        a.*,
        COALESCE(v.active_days, 0) AS active_days,
        CAST(SAFE_DIVIDE(COALESCE(v.active_days, 0), d.days) AS {{numeric}}) AS engagement_rate,
        CAST(SAFE_DIVIDE(COALESCE(v.active_weekdays, 0), d.weekdays) AS {{numeric}}) AS weekday_rate,
        CAST(SAFE_DIVIDE(a.lines_accepted, a.sessions) AS {{numeric}}) AS lines_per_session,
        CAST(SAFE_DIVIDE(a.lines_before, a.sessions_before) AS {{numeric}}) AS lines_per_session_before,
        k.acceptance_percentile AS acceptance_percentile
    FROM people AS a
    CROSS JOIN days AS d
    LEFT JOIN active AS v ON v.user_email = a.user_email AND v.platform = a.platform
    LEFT JOIN ranks AS k ON k.user_email = a.user_email AND k.platform = a.platform
    WHERE a.now_rows > 0
)
SELECT
    m.display_name AS display_name,
    m.team AS team,
    {{platform:m.platform}} AS platform,
    m.lines_accepted AS lines_accepted,
    CASE WHEN m.platform = 'cursor' THEN CAST(SAFE_DIVIDE(m.lines_accepted, m.lines_suggested) AS {{numeric}}) END AS line_acceptance_rate,
    CAST(SAFE_DIVIDE(m.suggestions_accepted, m.suggestions_decided) AS {{numeric}}) AS suggestion_acceptance_rate,
    m.acceptance_percentile AS acceptance_percentile,
    CASE
        WHEN m.acceptance_percentile IS NULL THEN 'Too little data'
        WHEN m.acceptance_percentile >= 0.75 THEN 'Top Performer'
        WHEN m.acceptance_percentile >= 0.50 THEN 'Above Average'
        WHEN m.acceptance_percentile >= 0.25 THEN 'Below Average'
        ELSE 'Needs Support'
    END AS performance_tier,
    m.sessions AS sessions,
    m.lines_per_session AS lines_per_session,
    CAST(SAFE_DIVIDE(m.tokens, m.sessions) AS {{numeric}}) AS tokens_per_session,
    CAST(SAFE_DIVIDE(m.lines_accepted, m.tokens) AS {{numeric}}) AS efficiency_ratio,
    CAST(SAFE_DIVIDE(m.lines_per_session - m.lines_per_session_before, m.lines_per_session_before) AS {{numeric}})
        AS mom_productivity_change_pct,
    m.active_days AS active_days,
    m.engagement_rate AS engagement_rate,
    m.weekday_rate AS weekday_rate,
    CASE
        WHEN m.engagement_rate IS NULL THEN NULL
        WHEN m.engagement_rate >= 0.80 THEN 'Highly Active'
        WHEN m.engagement_rate >= 0.50 THEN 'Moderately Active'
        WHEN m.engagement_rate >= 0.20 THEN 'Occasional'
        ELSE 'Low Activity'
    END AS engagement_category,
    m.user_email AS user_email
FROM measured AS m
LEFT JOIN ai_usage_analytics.dim_platform AS d ON d.view_name = m.platform
ORDER BY CASE WHEN m.user_email = 'unknown@unattributed.com' THEN 1 ELSE 0 END, CASE WHEN m.lines_per_session IS NULL THEN 1 ELSE 0 END,
    lines_per_session DESC, user_email, COALESCE(d.sort_order, 99), m.platform
