-- What the tools produced: a month of a person on a platform. Performance is a rank inside the platform by its acceptance
-- rate (of lines on Cursor, of edits on Claude Code), where at least 4 people have 100 suggested lines or 20 decided edits.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_productivity_metrics AS
WITH months AS (
    SELECT
        c.month AS month,
        MAX(c.days_in_month) AS days_in_month,
        SUM(CASE WHEN c.is_weekday THEN 1 ELSE 0 END) AS weekdays
    FROM ai_usage_analytics.dim_calendar AS c
    GROUP BY c.month
),
added AS (
    SELECT
        u.month AS month,
        u.user_email AS user_email,
        MAX(u.display_name) AS display_name,
        MAX(u.team) AS team,
        u.platform AS platform,
        COUNT(DISTINCT CASE WHEN u.is_active THEN u.usage_date END) AS active_days,
        COUNT(DISTINCT CASE WHEN u.is_active AND u.is_weekday THEN u.usage_date END) AS active_weekdays,
        SUM(u.sessions) AS sessions,
        SUM(u.lines_suggested) AS lines_suggested,
        SUM(u.lines_accepted) AS lines_accepted,
        SUM(u.suggestions_accepted) AS suggestions_accepted,
        SUM(u.suggestions_accepted + u.suggestions_rejected) AS suggestions_decided,
        SUM(u.input_tokens + u.output_tokens) AS tokens
    FROM ai_usage_analytics.vw_usage_daily AS u
    GROUP BY u.month, u.user_email, u.platform
),
measured AS (
    SELECT
        a.*,
        CAST(SAFE_DIVIDE(a.active_days, m.days_in_month) AS {{numeric}}) AS engagement_rate,
        CAST(SAFE_DIVIDE(a.active_weekdays, m.weekdays) AS {{numeric}}) AS weekday_rate,
        CASE WHEN a.platform = 'cursor' THEN CAST(SAFE_DIVIDE(a.lines_accepted, a.lines_suggested) AS {{numeric}}) END
            AS line_acceptance_rate,
        CAST(SAFE_DIVIDE(a.suggestions_accepted, a.suggestions_decided) AS {{numeric}}) AS suggestion_acceptance_rate,
        CAST(SAFE_DIVIDE(a.lines_accepted, a.sessions) AS {{numeric}}) AS lines_per_session,
        CASE
            WHEN a.user_email = 'unknown@unattributed.com' THEN NULL
            WHEN a.platform = 'cursor' AND a.lines_suggested >= 100 THEN SAFE_DIVIDE(a.lines_accepted, a.lines_suggested)
            WHEN a.platform = 'claude_code' AND a.suggestions_decided >= 20
                THEN SAFE_DIVIDE(a.suggestions_accepted, a.suggestions_decided)
        END AS ranked_rate
    FROM added AS a
    JOIN months AS m ON m.month = a.month
),
ranked AS (
    SELECT
        m.*,
        CASE
            WHEN m.ranked_rate IS NULL THEN NULL
            WHEN COUNT(m.ranked_rate) OVER (PARTITION BY m.month, m.platform) < 4 THEN NULL
            ELSE CAST(PERCENT_RANK() OVER (
                PARTITION BY m.month, m.platform, m.ranked_rate IS NULL ORDER BY m.ranked_rate
            ) AS {{numeric}})
        END AS acceptance_percentile
    FROM measured AS m
)
SELECT
    r.month AS month,
    r.user_email AS user_email,
    r.display_name AS display_name,
    r.team AS team,
    r.platform AS platform,
    r.active_days AS active_days,
    r.engagement_rate AS engagement_rate,
    r.weekday_rate AS weekday_rate,
    CASE
        WHEN r.engagement_rate IS NULL THEN NULL
        WHEN r.engagement_rate >= 0.80 THEN 'Highly Active'
        WHEN r.engagement_rate >= 0.50 THEN 'Moderately Active'
        WHEN r.engagement_rate >= 0.20 THEN 'Occasional'
        ELSE 'Low Activity'
    END AS engagement_category,
    r.line_acceptance_rate AS line_acceptance_rate,
    r.suggestion_acceptance_rate AS suggestion_acceptance_rate,
    r.acceptance_percentile AS acceptance_percentile,
    CASE
        WHEN r.acceptance_percentile IS NULL THEN 'Too little data'
        WHEN r.acceptance_percentile >= 0.75 THEN 'Top Performer'
        WHEN r.acceptance_percentile >= 0.50 THEN 'Above Average'
        WHEN r.acceptance_percentile >= 0.25 THEN 'Below Average'
        ELSE 'Needs Support'
    END AS performance_tier,
    r.sessions AS sessions,
    r.lines_accepted AS lines_accepted,
    r.lines_per_session AS lines_per_session,
    CAST(SAFE_DIVIDE(r.tokens, r.sessions) AS {{numeric}}) AS tokens_per_session,
    CAST(SAFE_DIVIDE(r.lines_accepted, r.tokens) AS {{numeric}}) AS efficiency_ratio,
    CAST(SAFE_DIVIDE(r.lines_per_session - b.lines_per_session, b.lines_per_session) AS {{numeric}}) AS mom_productivity_change_pct
FROM ranked AS r
LEFT JOIN measured AS b
    ON b.user_email = r.user_email AND b.platform = r.platform
    AND b.month = CAST(DATE_ADD(r.month, INTERVAL (-1) MONTH) AS DATE);
