/*
title = "What the tools produced"
question = "What do we get?"
definition = "Accepted lines, commits and pull requests of the range, the acceptance rates of both coding tools, and how many of the people who cost something used anything."
display = "table"
tab = "Teams"
place = [0, 0, 24, 3]
unit = "text"
changed = "2026-11-22"
[[columns]]
name = "headline"
label = "What the tools produced"
type = "headline"
members = { text = "The figures of the sentence before they are rounded. Each clause says some of them, and is left out where its own are not there.", of = "figures", show = ["lines_accepted", "lines_before", "change_pct", "commits", "pull_requests", "line_rate", "edit_rate", "active_users", "people", "idle_seats"], newest = "range_words", see = ["prod/lines-accepted", "prod/commits", "prod/pull-requests", "prod/line-acceptance", "prod/edit-acceptance", "prod/active-users", "prod/idle-seats"] }
*/
WITH {{with:period_before}},
output AS (
    SELECT
        SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.lines_accepted END) AS lines_accepted,
        SUM(CASE WHEN p.has_previous AND u.usage_date BETWEEN p.prev_first AND p.prev_through THEN u.lines_accepted END) AS lines_before,
        SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.commits END) AS commits,
        SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.pull_requests END) AS pull_requests,
        SUM(CASE WHEN u.platform = 'cursor' AND u.usage_date BETWEEN p.first_day AND p.through_day THEN u.lines_accepted END) AS cursor_accepted,
        SUM(CASE WHEN u.platform = 'cursor' AND u.usage_date BETWEEN p.first_day AND p.through_day THEN u.lines_suggested END) AS cursor_suggested,
        SUM(CASE WHEN u.platform = 'claude_code' AND u.usage_date BETWEEN p.first_day AND p.through_day THEN u.suggestions_accepted END) AS edits_accepted,
        SUM(CASE WHEN u.platform = 'claude_code' AND u.usage_date BETWEEN p.first_day AND p.through_day THEN u.suggestions_accepted + u.suggestions_rejected END) AS edits_decided,
        COUNT(DISTINCT CASE WHEN u.is_active AND u.user_email <> 'unknown@unattributed.com' AND u.usage_date BETWEEN p.first_day AND p.through_day THEN u.user_email END) AS active_users
    FROM {{usage}} AS u
    CROSS JOIN span AS p
    WHERE u.usage_date >= p.prev_first AND u.usage_date <= p.through_day
),
{{with:known_people}},
{{with:idle_seats}},
idle AS (
    SELECT COUNT(*) AS seats
    FROM seats AS s
    CROSS JOIN {{period}} AS p
    JOIN reported AS r ON r.platform = s.platform
    LEFT JOIN used AS u ON u.user_email = s.user_email AND u.platform = s.platform
    WHERE u.last_active IS NULL OR UNIX_DATE(p.through_day) - UNIX_DATE(u.last_active) >= 30
),
figures AS (
    SELECT
        CASE
            WHEN p.is_month THEN {{month_words:p.first_day}}
            ELSE {{day_words:p.first_day}} || ' to ' || {{day_words:p.last_day}}
        END AS range_words,
        o.*,
        SAFE_DIVIDE(o.lines_accepted - o.lines_before, o.lines_before) AS change_pct,
        SAFE_DIVIDE(o.cursor_accepted, o.cursor_suggested) AS line_rate,
        SAFE_DIVIDE(o.edits_accepted, o.edits_decided) AS edit_rate,
        k.people AS people,
        i.seats AS idle_seats
    FROM {{period}} AS p
    CROSS JOIN output AS o
    CROSS JOIN known AS k
    CROSS JOIN idle AS i
)
SELECT
    CASE
        WHEN g.people = 0 THEN 'No use loaded for ' || g.range_words || '.'
        ELSE g.range_words || ': '
            || COALESCE(
                '**' || {{thousands:g.lines_accepted}} || '** accepted lines'
                || COALESCE(' (' || CASE WHEN g.change_pct >= 0 THEN '+' ELSE '-' END || {{thousands:ABS(g.change_pct) * 100}} || ' %)', ''),
                'lines not reported'
            )
            || COALESCE(', **' || {{thousands:g.commits}} || '** commits', '')
            || COALESCE(', **' || {{thousands:g.pull_requests}} || '** pull requests', '') || '.'
            || CASE
                WHEN g.line_rate IS NULL AND g.edit_rate IS NULL THEN ''
                ELSE ' '
                    || COALESCE('Cursor line acceptance **' || {{thousands:g.line_rate * 100}} || ' %**', '')
                    || CASE WHEN g.line_rate IS NOT NULL AND g.edit_rate IS NOT NULL THEN ', ' ELSE '' END
                    || COALESCE('Claude Code edit acceptance **' || {{thousands:g.edit_rate * 100}} || ' %**', '') || '.'
            END
            || ' **' || CAST(g.active_users AS STRING) || ' of ' || CAST(g.people AS STRING) || '** people active'
            || CASE g.idle_seats WHEN 0 THEN '.' WHEN 1 THEN '; **1** seat unused.' ELSE '; **' || CAST(g.idle_seats AS STRING) || '** seats unused.' END
    END AS headline
FROM figures AS g
ORDER BY headline
