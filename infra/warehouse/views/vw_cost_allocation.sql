-- Who pays: a month of a person on a platform. Claude Code's lines, sessions and accepts are those billed by use; what was
-- written under a Claude.ai seat stands in covered_lines. Money without an owner keeps its row, without categories.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_cost_allocation AS
WITH spend AS (
    SELECT
        s.month AS month,
        s.user_email AS user_email,
        s.display_name AS display_name,
        s.team AS team,
        s.platform AS platform,
        s.cost_usd AS cost_usd,
        CASE WHEN s.cost_class = 'seat' THEN s.cost_usd ELSE 0 END AS seat_usd,
        CASE WHEN s.cost_class = 'usage' THEN s.cost_usd ELSE 0 END AS usage_usd,
        CASE WHEN s.cost_type = 'tokens' THEN s.cost_usd END AS token_usd,
        CASE s.attribution WHEN 'direct' THEN 1 WHEN 'mapping' THEN 2 WHEN 'creator' THEN 3 ELSE 4 END AS attribution_rank,
        CAST(NULL AS INT64) AS sessions,
        CAST(NULL AS INT64) AS all_sessions,
        CAST(NULL AS INT64) AS lines_accepted,
        CAST(NULL AS INT64) AS covered_lines,
        CAST(NULL AS INT64) AS suggestions_accepted,
        CAST(NULL AS INT64) AS tokens
    FROM ai_usage_analytics.vw_spend_daily AS s
    UNION ALL
    SELECT
        u.month AS month,
        u.user_email AS user_email,
        u.display_name AS display_name,
        u.team AS team,
        u.platform AS platform,
        CAST(NULL AS {{numeric}}) AS cost_usd,
        CAST(NULL AS {{numeric}}) AS seat_usd,
        CAST(NULL AS {{numeric}}) AS usage_usd,
        CAST(NULL AS {{numeric}}) AS token_usd,
        CAST(NULL AS INT64) AS attribution_rank,
        CASE WHEN NOT u.covered_by_seat THEN u.sessions END AS sessions,
        u.sessions AS all_sessions,
        CASE WHEN NOT u.covered_by_seat THEN u.lines_accepted END AS lines_accepted,
        CASE WHEN u.covered_by_seat THEN u.lines_accepted END AS covered_lines,
        CASE WHEN NOT u.covered_by_seat THEN u.suggestions_accepted END AS suggestions_accepted,
        CASE WHEN NOT u.covered_by_seat THEN COALESCE(u.input_tokens, 0) + COALESCE(u.output_tokens, 0) END AS tokens
    FROM ai_usage_analytics.vw_usage_daily AS u
),
added AS (
    SELECT
        s.month AS month,
        s.user_email AS user_email,
        MAX(s.display_name) AS display_name,
        s.team AS team,
        s.platform AS platform,
        COALESCE(SUM(s.cost_usd), 0) AS cost_usd,
        COALESCE(SUM(s.seat_usd), 0) AS seat_usd,
        COALESCE(SUM(s.usage_usd), 0) AS usage_usd,
        SUM(s.token_usd) AS token_usd,
        MAX(s.attribution_rank) AS attribution_rank,
        SUM(s.sessions) AS sessions,
        SUM(s.all_sessions) AS all_sessions,
        SUM(s.lines_accepted) AS lines_accepted,
        SUM(s.covered_lines) AS covered_lines,
        SUM(s.suggestions_accepted) AS suggestions_accepted,
        CASE WHEN s.platform IN ('claude_code', 'claude_api') THEN SUM(s.tokens) END AS tokens
    FROM spend AS s
    GROUP BY s.month, s.user_email, s.team, s.platform
),
whole AS (
    SELECT
        a.*,
        CAST(SAFE_DIVIDE(a.cost_usd, a.lines_accepted) AS {{numeric}}) AS cost_per_line_accepted,
        SUM(a.all_sessions) OVER (PARTITION BY a.month, a.user_email) AS person_sessions,
        CAST(SAFE_DIVIDE(
            SUM(CASE WHEN a.platform = 'cursor' THEN a.cost_usd ELSE 0 END) OVER (PARTITION BY a.month, a.user_email),
            SUM(a.cost_usd) OVER (PARTITION BY a.month, a.user_email)
        ) AS {{numeric}}) AS cursor_share
    FROM added AS a
)
SELECT
    w.month AS month,
    w.user_email AS user_email,
    w.display_name AS display_name,
    w.team AS team,
    w.platform AS platform,
    w.cost_usd AS cost_usd,
    w.seat_usd AS seat_usd,
    w.usage_usd AS usage_usd,
    w.sessions AS sessions,
    w.lines_accepted AS lines_accepted,
    w.covered_lines AS covered_lines,
    w.suggestions_accepted AS suggestions_accepted,
    w.tokens AS tokens,
    w.cost_per_line_accepted AS cost_per_line_accepted,
    CAST(SAFE_DIVIDE(w.cost_usd, w.sessions) AS {{numeric}}) AS cost_per_session,
    CASE WHEN w.platform IN ('claude_code', 'claude_api') THEN CAST(SAFE_DIVIDE(w.token_usd * 1000, w.tokens) AS {{numeric}}) END
        AS cost_per_1k_tokens,
    CASE
        WHEN w.cost_per_line_accepted IS NULL THEN 'No output data'
        WHEN w.cost_per_line_accepted <= 0.10 THEN 'High'
        WHEN w.cost_per_line_accepted <= 0.25 THEN 'Good'
        WHEN w.cost_per_line_accepted <= 0.50 THEN 'Average'
        ELSE 'Low'
    END AS efficiency_tier,
    CASE
        WHEN w.user_email = 'unknown@unattributed.com' THEN NULL
        WHEN w.person_sessions >= 50 THEN 'Power'
        WHEN w.person_sessions >= 20 THEN 'Regular'
        WHEN w.person_sessions >= 5 THEN 'Occasional'
        WHEN w.person_sessions > 0 THEN 'Light'
        ELSE 'Cost Only'
    END AS user_category,
    CASE
        WHEN w.user_email = 'unknown@unattributed.com' OR w.cursor_share IS NULL THEN NULL
        WHEN w.cursor_share > 0.70 THEN 'Cursor Heavy'
        WHEN w.cursor_share < 0.30 THEN 'Anthropic Heavy'
        ELSE 'Balanced'
    END AS platform_preference,
    CASE w.attribution_rank WHEN 1 THEN 'direct' WHEN 2 THEN 'mapping' WHEN 3 THEN 'creator' WHEN 4 THEN 'none' END
        AS attribution
FROM whole AS w;
