/*
title = "Cost by person, in detail"
question = "What does each person cost, and what comes of it?"
definition = "Spend of the range by person with its parts and ratios. Cost per line counts what pays for lines: Claude Code, Cursor, and the Claude.ai seat of somebody who writes code under it. Sessions of Cursor are active days."
display = "table"
tab = "People"
place = [0, 13, 24, 10]
unit = "USD"
empty = "No spend in this range."
notes = ["\"Cost Only\": money without use in this range.", "Use counts sessions a month; a range that is no month counts as one of 30 days."]
keys = ["user_email"]
changed = "2026-11-22"
[[columns]]
name = "display_name"
label = "Person"
type = "person"
link = "prod?user={user_email}"
[[columns]]
name = "user_email"
label = "E-mail"
type = "text"
[[columns]]
name = "team"
label = "Team"
type = "team"
[[columns]]
name = "cost_usd"
label = "Spend"
type = "usd"
rows = "cost_usd"
[[columns]]
name = "share_pct"
label = "Share"
type = "percent"
from = ["cost_usd"]
[[columns]]
name = "seat_usd"
label = "Seats"
type = "usd"
rows = "cost_usd class=seat"
[[columns]]
name = "usage_usd"
label = "Usage"
type = "usd"
rows = "cost_usd class=usage"
[[columns]]
name = "mom_change_pct"
label = "Change"
type = "percent"
rows = "of cost_usd / cost_usd before"
[[columns]]
name = "growth_category"
label = "Growth"
type = "level"
from = ["mom_change_pct"]
[[columns]]
name = "sessions"
label = "Sessions"
type = "integer"
rows = "sessions"
work = true
[[columns]]
name = "lines_accepted"
label = "Lines accepted"
type = "integer"
rows = "lines_accepted"
work = true
[[columns]]
name = "cost_per_line_accepted"
label = "Cost per line"
type = "usd_unit"
rows = "of cost_usd coding=yes / lines_accepted covered=no / lines_accepted covered=yes"
work = true
[[columns]]
name = "efficiency_tier"
label = "Efficiency"
type = "level"
from = ["cost_per_line_accepted"]
work = true
link = "roi?user={user_email}"
[[columns]]
name = "cost_per_session"
label = "Cost per session"
type = "usd"
rows = "cost_usd / sessions"
work = true
[[columns]]
name = "cost_per_1k_tokens"
label = "Cost per 1k tokens"
type = "usd_unit"
rows = "of cost_usd type=tokens platform=claude_code platform=claude_api / tokens covered=no platform=claude_code platform=claude_api"
work = true
[[columns]]
name = "user_category"
label = "Use"
type = "level"
from = ["sessions"]
work = true
[[columns]]
name = "platform_preference"
label = "Preference"
type = "level"
rows = "of cost_usd platform=cursor / cost_usd"
work = true
[[columns]]
name = "attribution_mix"
label = "Attribution"
type = "text"
from = ["cost_usd"]
*/
WITH {{with:period_before}},
by_team AS (
    SELECT
        s.user_email AS user_email,
        s.display_name AS display_name,
        s.team AS team,
        MAX(s.spend_date) AS last_day,
        SUM(CASE WHEN s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd END) AS cost_usd,
        SUM(CASE WHEN p.has_previous AND s.spend_date BETWEEN p.prev_first AND p.prev_through THEN s.cost_usd END) AS before_usd,
        SUM(CASE WHEN s.cost_class = 'seat' AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd ELSE 0 END) AS seat_usd,
        SUM(CASE WHEN s.cost_class = 'usage' AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd ELSE 0 END) AS usage_usd,
        SUM(CASE WHEN s.is_coding AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd ELSE 0 END) AS coding_usd,
        SUM(CASE WHEN s.is_coding AND s.platform = 'claude_ai' AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd ELSE 0 END) AS covering_usd,
        SUM(CASE WHEN s.platform IN ('claude_code', 'claude_api') AND s.cost_type = 'tokens' AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd ELSE 0 END)
            AS token_usd,
        SUM(CASE WHEN s.platform = 'cursor' AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd ELSE 0 END) AS cursor_usd,
        SUM(CASE WHEN s.attribution = 'direct' AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd ELSE 0 END) AS direct_usd,
        SUM(CASE WHEN s.attribution = 'mapping' AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd ELSE 0 END) AS mapping_usd,
        SUM(CASE WHEN s.attribution = 'creator' AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd ELSE 0 END) AS creator_usd
    FROM {{spend}} AS s
    CROSS JOIN span AS p
    WHERE s.spend_date >= p.prev_first AND s.spend_date <= p.through_day
    GROUP BY s.user_email, s.display_name, s.team
),
-- Which team was the last one is asked of a row for each, and not of every row of money.
money AS (
    SELECT
        b.user_email AS user_email,
        MAX(b.display_name) AS display_name,
        CASE WHEN b.user_email = 'unknown@unattributed.com' THEN 'Unattributed' ELSE SUBSTR(MAX(CAST(b.last_day AS STRING) || b.team), 11) END AS team,
        SUM(b.cost_usd) AS cost_usd,
        SUM(b.before_usd) AS before_usd,
        SUM(b.seat_usd) AS seat_usd,
        SUM(b.usage_usd) AS usage_usd,
        SUM(b.coding_usd) AS coding_usd,
        SUM(b.covering_usd) AS covering_usd,
        SUM(b.token_usd) AS token_usd,
        SUM(b.cursor_usd) AS cursor_usd,
        SUM(b.direct_usd) AS direct_usd,
        SUM(b.mapping_usd) AS mapping_usd,
        SUM(b.creator_usd) AS creator_usd
    FROM by_team AS b
    GROUP BY b.user_email
),
output AS (
    SELECT
        u.user_email AS user_email,
        SUM(u.sessions) AS sessions,
        SUM(u.lines_accepted) AS lines_accepted,
        SUM(CASE WHEN NOT u.covered_by_seat THEN u.lines_accepted END) AS billed_lines,
        SUM(
            CASE
                WHEN u.platform IN ('claude_code', 'claude_api') AND NOT u.covered_by_seat
                    THEN COALESCE(u.input_tokens, 0) + COALESCE(u.output_tokens, 0)
            END
        ) AS tokens
    FROM {{usage}} AS u
    CROSS JOIN {{period}} AS p
    WHERE u.usage_date BETWEEN p.first_day AND p.through_day
    GROUP BY u.user_email
),
joined AS (
    SELECT
        m.*,
        o.sessions AS sessions,
        o.lines_accepted AS lines_accepted,
        CAST(SAFE_DIVIDE(m.cost_usd, SUM(m.cost_usd) OVER ()) AS {{numeric}}) AS share_pct,
        CAST(SAFE_DIVIDE(m.cost_usd - m.before_usd, m.before_usd) AS {{numeric}}) AS mom_change_pct,
        CAST(SAFE_DIVIDE(m.coding_usd, CASE WHEN m.covering_usd > 0 THEN o.lines_accepted ELSE o.billed_lines END) AS {{numeric}})
            AS cost_per_line_accepted,
        CAST(SAFE_DIVIDE(m.cost_usd, o.sessions) AS {{numeric}}) AS cost_per_session,
        CAST(SAFE_DIVIDE(m.token_usd * 1000, o.tokens) AS {{numeric}}) AS cost_per_1k_tokens,
        CAST(SAFE_DIVIDE(m.cursor_usd, m.cost_usd) AS {{numeric}}) AS cursor_share,
        -- A range that is no month counts as one of 30 days.
        CASE
            WHEN p.is_month THEN CAST(o.sessions AS {{numeric}})
            ELSE CAST(o.sessions * 30 / (UNIX_DATE(p.through_day) - UNIX_DATE(p.first_day) + 1) AS {{numeric}})
        END AS person_sessions
    FROM money AS m
    CROSS JOIN {{period}} AS p
    LEFT JOIN output AS o ON o.user_email = m.user_email
    WHERE m.cost_usd IS NOT NULL
)
SELECT
    j.display_name AS display_name,
    j.user_email AS user_email,
    j.team AS team,
    j.cost_usd AS cost_usd,
    j.share_pct AS share_pct,
    j.seat_usd AS seat_usd,
    j.usage_usd AS usage_usd,
    j.mom_change_pct AS mom_change_pct,
    CASE
        WHEN j.mom_change_pct IS NULL THEN NULL
        WHEN j.mom_change_pct > 0.20 THEN 'High Growth'
        WHEN j.mom_change_pct > 0.05 THEN 'Moderate Growth'
        WHEN j.mom_change_pct >= -0.05 THEN 'Stable'
        WHEN j.mom_change_pct >= -0.20 THEN 'Moderate Decline'
        ELSE 'Significant Decline'
    END AS growth_category,
    j.sessions AS sessions,
    j.lines_accepted AS lines_accepted,
    j.cost_per_line_accepted AS cost_per_line_accepted,
    CASE
        WHEN j.cost_per_line_accepted IS NULL THEN 'No output data'
        WHEN j.cost_per_line_accepted <= 0.10 THEN 'High'
        WHEN j.cost_per_line_accepted <= 0.25 THEN 'Good'
        WHEN j.cost_per_line_accepted <= 0.50 THEN 'Average'
        ELSE 'Low'
    END AS efficiency_tier,
    j.cost_per_session AS cost_per_session,
    j.cost_per_1k_tokens AS cost_per_1k_tokens,
    CASE
        WHEN j.user_email = 'unknown@unattributed.com' THEN NULL
        WHEN j.person_sessions >= 50 THEN 'Power'
        WHEN j.person_sessions >= 20 THEN 'Regular'
        WHEN j.person_sessions >= 5 THEN 'Occasional'
        WHEN j.person_sessions > 0 THEN 'Light'
        ELSE 'Cost Only'
    END AS user_category,
    CASE
        WHEN j.user_email = 'unknown@unattributed.com' OR j.cursor_share IS NULL THEN NULL
        WHEN j.cursor_share > 0.70 THEN 'Cursor Heavy'
        WHEN j.cursor_share < 0.30 THEN 'Anthropic Heavy'
        ELSE 'Balanced'
    END AS platform_preference,
    CASE
        WHEN j.user_email = 'unknown@unattributed.com' THEN 'none'
        ELSE SUBSTR(
            COALESCE(CASE WHEN j.direct_usd > 0 THEN ', direct ' || {{thousands:SAFE_DIVIDE(j.direct_usd, j.cost_usd) * 100}} || ' %' END, '')
            || COALESCE(CASE WHEN j.mapping_usd > 0 THEN ', mapping ' || {{thousands:SAFE_DIVIDE(j.mapping_usd, j.cost_usd) * 100}} || ' %' END, '')
            || COALESCE(CASE WHEN j.creator_usd > 0 THEN ', creator ' || {{thousands:SAFE_DIVIDE(j.creator_usd, j.cost_usd) * 100}} || ' %' END, ''),
            3
        )
    END AS attribution_mix
FROM joined AS j
ORDER BY CASE WHEN j.user_email = 'unknown@unattributed.com' THEN 1 ELSE 0 END, cost_usd DESC, user_email
