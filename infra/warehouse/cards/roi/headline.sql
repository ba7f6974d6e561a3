/*
title = "Is it worth it?"
question = "What does a line cost, and what can be saved?"
definition = "Cost per accepted line of the range and its category (before: in the period before), both coding tools, people above $0.50 a line, and what the open recommendations are worth a month against the spend of the last 30 days."
display = "table"
tab = "Overview"
place = [0, 0, 24, 3]
unit = "text"
changed = "2026-11-22"
[[columns]]
name = "headline"
label = "Is it worth it?"
type = "headline"
members = { text = "The figures of the sentence before they are rounded. Each clause says some of them, and is left out where its own are not there.", of = "figures", show = ["cost_per_line", "roi_category", "cost_per_line_before", "roi_category_before", "code_usd", "cursor_usd", "dear_people", "saving_usd", "findings", "saving_pct"], newest = "range_words", see = ["roi/cost-per-line", "roi/category", "roi/platform-efficiency", "roi/people", "roi/savings", "roi/recommendations"] }
*/
WITH {{with:period_before}},
{{with:paid_output}},
person_money AS (
    SELECT
        s.user_email AS user_email,
        MAX(s.display_name) AS display_name,
        SUBSTR(MAX(CAST(s.spend_date AS STRING) || s.team), 11) AS team,
        SUM(s.cost_usd) AS cost_usd,
        SUM(CASE WHEN s.is_coding THEN s.cost_usd ELSE 0 END) AS coding_usd,
        SUM(CASE WHEN s.is_coding AND s.platform = 'claude_ai' THEN s.cost_usd ELSE 0 END) AS covering_usd,
        SUM(CASE WHEN s.platform = 'claude_code' THEN s.cost_usd END) AS code_usd,
        SUM(CASE WHEN s.platform = 'cursor' THEN s.cost_usd END) AS cursor_usd
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.user_email <> 'unknown@unattributed.com' AND s.spend_date BETWEEN p.first_day AND p.through_day
    GROUP BY s.user_email
),
person_output AS (
    SELECT
        u.user_email AS user_email,
        SUM(u.lines_accepted) AS lines_accepted,
        SUM(CASE WHEN NOT u.covered_by_seat THEN u.lines_accepted END) AS billed_lines,
        SUM(CASE WHEN u.platform = 'claude_code' AND NOT u.covered_by_seat THEN u.lines_accepted END) AS code_lines,
        SUM(CASE WHEN u.platform = 'cursor' THEN u.lines_accepted END) AS cursor_lines
    FROM {{usage}} AS u
    CROSS JOIN {{period}} AS p
    WHERE u.user_email <> 'unknown@unattributed.com' AND u.usage_date BETWEEN p.first_day AND p.through_day
    GROUP BY u.user_email
),
people AS (
    SELECT
        m.*,
        o.lines_accepted AS lines_accepted,
        CASE WHEN m.covering_usd > 0 THEN o.lines_accepted ELSE o.billed_lines END AS paid_lines,
        o.code_lines AS code_lines,
        o.cursor_lines AS cursor_lines
    FROM person_money AS m
    LEFT JOIN person_output AS o ON o.user_email = m.user_email
),
dear AS (
    SELECT COUNT(*) AS people
    FROM people AS a
    -- Above $0.50 a line, without dividing.
    WHERE a.paid_lines > 0 AND a.coding_usd * 2 > a.paid_lines
),
tools AS (
    SELECT
        SAFE_DIVIDE(SUM(a.code_usd), SUM(a.code_lines)) AS code_usd,
        SAFE_DIVIDE(SUM(a.cursor_usd), SUM(a.cursor_lines)) AS cursor_usd
    FROM (
        SELECT
            SUM(CASE WHEN s.platform = 'claude_code' THEN s.cost_usd END) AS code_usd,
            SUM(CASE WHEN s.platform = 'cursor' THEN s.cost_usd END) AS cursor_usd,
            CAST(NULL AS INT64) AS code_lines,
            CAST(NULL AS INT64) AS cursor_lines
        FROM {{spend}} AS s
        CROSS JOIN {{period}} AS p
        WHERE s.spend_date BETWEEN p.first_day AND p.through_day
        UNION ALL
        SELECT
            CAST(NULL AS {{numeric}}) AS code_usd,
            CAST(NULL AS {{numeric}}) AS cursor_usd,
            SUM(CASE WHEN u.platform = 'claude_code' AND NOT u.covered_by_seat THEN u.lines_accepted END) AS code_lines,
            SUM(CASE WHEN u.platform = 'cursor' THEN u.lines_accepted END) AS cursor_lines
        FROM {{usage}} AS u
        CROSS JOIN {{period}} AS p
        WHERE u.usage_date BETWEEN p.first_day AND p.through_day
    ) AS a
),
{{with:open_findings}},
month_spend AS (
    SELECT SUM(s.cost_usd) AS cost_usd
    FROM {{spend}} AS s
    CROSS JOIN ai_usage_analytics.vw_loaded_range AS l
    WHERE s.spend_date <= l.through_day AND UNIX_DATE(s.spend_date) > UNIX_DATE(l.through_day) - 30
),
savings AS (
    SELECT COALESCE(SUM(f.monthly_saving_usd), 0) AS saving_usd, COUNT(*) AS findings
    FROM open_findings AS f
),
rates AS (
    SELECT
        CAST(SAFE_DIVIDE(a.coding_usd, a.paid_lines) AS {{numeric}}) AS cost_per_line,
        CAST(SAFE_DIVIDE(a.coding_before_usd, a.paid_lines_before) AS {{numeric}}) AS cost_per_line_before
    FROM paid AS a
),
figures AS (
    SELECT
        CASE
            WHEN p.is_month THEN {{month_words:p.first_day}}
            ELSE {{day_words:p.first_day}} || ' to ' || {{day_words:p.last_day}}
        END AS range_words,
        r.cost_per_line AS cost_per_line,
        CASE
        WHEN r.cost_per_line IS NULL THEN 'No output data'
        WHEN r.cost_per_line <= 0.15 THEN 'Excellent'
        WHEN r.cost_per_line <= 0.30 THEN 'Good'
        WHEN r.cost_per_line <= 0.50 THEN 'Acceptable'
        ELSE 'Poor'
    END AS roi_category,
        r.cost_per_line_before AS cost_per_line_before,
        CASE
        WHEN r.cost_per_line_before IS NULL THEN 'No output data'
        WHEN r.cost_per_line_before <= 0.15 THEN 'Excellent'
        WHEN r.cost_per_line_before <= 0.30 THEN 'Good'
        WHEN r.cost_per_line_before <= 0.50 THEN 'Acceptable'
        ELSE 'Poor'
    END AS roi_category_before,
        t.code_usd AS code_usd,
        t.cursor_usd AS cursor_usd,
        d.people AS dear_people,
        s.saving_usd AS saving_usd,
        s.findings AS findings,
        SAFE_DIVIDE(s.saving_usd, m.cost_usd) AS saving_pct
    FROM {{period}} AS p
    CROSS JOIN rates AS r
    CROSS JOIN tools AS t
    CROSS JOIN dear AS d
    CROSS JOIN savings AS s
    CROSS JOIN month_spend AS m
)
SELECT
    g.range_words || ': '
        || COALESCE(
            '**$' || {{fixed3:g.cost_per_line}} || '** per accepted line, ROI category **' || g.roi_category || '**'
            || CASE WHEN g.cost_per_line_before IS NULL THEN '' ELSE ' (was ' || g.roi_category_before || ')' END || '.',
            'no output data.'
        )
        || CASE
            WHEN g.code_usd IS NULL AND g.cursor_usd IS NULL THEN ''
            ELSE ' ' || COALESCE('Claude Code **$' || {{fixed3:g.code_usd}} || '**', '')
                || CASE WHEN g.code_usd IS NOT NULL AND g.cursor_usd IS NOT NULL THEN ', ' ELSE '' END
                || COALESCE('Cursor **$' || {{fixed3:g.cursor_usd}} || '**', '') || '.'
        END
        || CASE
            WHEN g.cost_per_line IS NULL THEN ''
            WHEN g.dear_people = 0 THEN ' Nobody above $0.50.'
            WHEN g.dear_people = 1 THEN ' **1** person above $0.50.'
            ELSE ' **' || CAST(g.dear_people AS STRING) || '** people above $0.50.'
        END
        || CASE
            WHEN g.findings = 0 THEN ''
            ELSE COALESCE(' Recommendations worth **' || '$' || CASE WHEN ABS(g.saving_usd) >= 100 THEN {{thousands:g.saving_usd}} ELSE {{fixed2:g.saving_usd}} END || '** a month, ' || {{fixed1:g.saving_pct * 100}}
                || ' % of spend (goal 15 to 20 %).', '')
        END AS headline
FROM figures AS g
ORDER BY headline
