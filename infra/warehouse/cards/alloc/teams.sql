/*
title = "Teams against budget"
question = "Does each team keep its budget?"
definition = "Spend of the range by team, its parts, and the budget of its months. A positive variance is over budget. Under a filter of person, platform or model a team that is not whole has no budget."
formula = "variance = actual - budget"
display = "table"
tab = "Teams"
place = [0, 8, 24, 8]
unit = "USD"
empty = "No spend in this range."
changed = "2026-11-22"
[[columns]]
name = "team"
label = "Team"
type = "team"
link = "alloc?team={team}"
[[columns]]
name = "people"
label = "People"
type = "integer"
rows = "paying_people"
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
name = "claude_code"
label = "Claude Code"
type = "usd"
rows = "cost_usd platform=claude_code"
[[columns]]
name = "claude_ai"
label = "Claude.ai"
type = "usd"
rows = "cost_usd platform=claude_ai"
[[columns]]
name = "claude_api"
label = "Claude API"
type = "usd"
rows = "cost_usd platform=claude_api"
[[columns]]
name = "cursor"
label = "Cursor"
type = "usd"
rows = "cost_usd platform=cursor"
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
name = "budget_usd"
label = "Budget"
type = "usd"
inputs = "budget team"
[[columns]]
name = "variance_usd"
label = "Variance"
type = "usd"
from = ["cost_usd", "budget_usd"]
[[columns]]
name = "variance_pct"
label = "Variance %"
type = "percent"
from = ["cost_usd", "budget_usd"]
[[columns]]
name = "forecast_usd"
label = "Forecast"
type = "usd"
inputs = "forecast team"
[[columns]]
name = "mom_change_pct"
label = "Change"
type = "percent"
rows = "of cost_usd / cost_usd before"
[[columns]]
name = "cost_per_active_user"
label = "Per active person"
type = "usd"
rows = "cost_usd / active_people"
[[columns]]
name = "cost_per_line_accepted"
label = "Cost per line"
type = "usd_unit"
rows = "of cost_usd coding=yes / lines_accepted covered=no / lines_accepted covered=yes"
[[columns]]
name = "budget_note"
label = "Budget note"
type = "text"
*/
WITH {{with:period_before}},
{{with:months_in_range}},
whole_months AS (
    SELECT COUNT(*) AS months, MIN(m.month) AS first_month, MAX(m.month_end) AS last_day FROM months AS m
),
budget AS (
    SELECT b.team AS team, SUM(b.budget_usd) AS budget_usd
    FROM ai_usage_analytics.vw_budget AS b
    JOIN months AS m ON m.month = b.month
    CROSS JOIN whole_months AS w
    CROSS JOIN {{period}} AS p
    WHERE b.platform IS NULL AND b.team IS NOT NULL AND w.first_month = p.first_day AND w.last_day = p.last_day
    GROUP BY b.team
    HAVING COUNT(*) = MAX(w.months)
),
company AS (
    SELECT s.team AS team, SUM(s.cost_usd) AS cost_usd
    FROM ai_usage_analytics.vw_spend_daily AS s
    CROSS JOIN {{period}} AS p
    WHERE s.spend_date BETWEEN p.first_day AND p.through_day
    GROUP BY s.team
),
ahead AS (
    SELECT f.team AS team, CASE WHEN COUNT(*) = COUNT(f.forecast_usd) THEN SUM(f.forecast_usd - f.actual_usd) END AS ahead_usd
    FROM ai_usage_analytics.vw_forecast AS f
    JOIN {{period}} AS p ON f.as_of = p.through_day AND f.as_of < p.last_day
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day = p.last_day AND c.month = f.month AND c.month_end = p.last_day
    GROUP BY f.team
),
money AS (
    SELECT
        s.team AS team,
        SUM(CASE WHEN s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd END) AS cost_usd,
        SUM(CASE WHEN p.has_previous AND s.spend_date BETWEEN p.prev_first AND p.prev_through THEN s.cost_usd END) AS before_usd,
        SUM(CASE WHEN s.platform = 'claude_code' AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd END) AS claude_code,
        SUM(CASE WHEN s.platform = 'claude_ai' AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd END) AS claude_ai,
        SUM(CASE WHEN s.platform = 'claude_api' AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd END) AS claude_api,
        SUM(CASE WHEN s.platform = 'cursor' AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd END) AS cursor,
        SUM(CASE WHEN s.cost_class = 'seat' AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd ELSE 0 END) AS seat_usd,
        SUM(CASE WHEN s.cost_class = 'usage' AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd ELSE 0 END) AS usage_usd,
        SUM(CASE WHEN s.is_coding AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd ELSE 0 END) AS coding_usd,
        SUM(CASE WHEN s.is_coding AND s.platform = 'claude_ai' AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd ELSE 0 END) AS covering_usd,
        COUNT(DISTINCT CASE WHEN s.user_email <> 'unknown@unattributed.com' AND s.cost_usd <> 0 AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.user_email END) AS people
    FROM {{spend}} AS s
    CROSS JOIN span AS p
    WHERE s.spend_date >= p.prev_first AND s.spend_date <= p.through_day
    GROUP BY s.team
),
output AS (
    SELECT
        u.team AS team,
        COUNT(DISTINCT CASE WHEN u.is_active AND u.user_email <> 'unknown@unattributed.com' THEN u.user_email END) AS active_users,
        SUM(u.lines_accepted) AS lines_accepted,
        SUM(CASE WHEN NOT u.covered_by_seat THEN u.lines_accepted END) AS billed_lines
    FROM {{usage}} AS u
    CROSS JOIN {{period}} AS p
    WHERE u.usage_date BETWEEN p.first_day AND p.through_day
    GROUP BY u.team
),
joined AS (
    SELECT
        s.*,
        CASE WHEN c.cost_usd = s.cost_usd THEN b.budget_usd END AS budget_usd,
        CASE WHEN c.cost_usd = s.cost_usd THEN s.cost_usd + a.ahead_usd END AS forecast_usd,
        CAST(SAFE_DIVIDE(s.cost_usd, o.active_users) AS {{numeric}}) AS cost_per_active_user,
        CAST(SAFE_DIVIDE(s.coding_usd, CASE WHEN s.covering_usd > 0 THEN o.lines_accepted ELSE o.billed_lines END) AS {{numeric}})
            AS cost_per_line_accepted
    FROM money AS s
    LEFT JOIN company AS c ON c.team = s.team
    LEFT JOIN budget AS b ON b.team = s.team
    LEFT JOIN ahead AS a ON a.team = s.team
    LEFT JOIN output AS o ON o.team = s.team
    WHERE s.cost_usd IS NOT NULL
)
SELECT
    s.team AS team,
    s.people AS people,
    s.cost_usd AS cost_usd,
    CAST(SAFE_DIVIDE(s.cost_usd, SUM(s.cost_usd) OVER ()) AS {{numeric}}) AS share_pct,
    s.claude_code AS claude_code,
    s.claude_ai AS claude_ai,
    s.claude_api AS claude_api,
    s.cursor AS cursor,
    s.seat_usd AS seat_usd,
    s.usage_usd AS usage_usd,
    s.budget_usd AS budget_usd,
    s.cost_usd - s.budget_usd AS variance_usd,
    CAST(SAFE_DIVIDE(s.cost_usd - s.budget_usd, s.budget_usd) AS {{numeric}}) AS variance_pct,
    s.forecast_usd AS forecast_usd,
    CAST(SAFE_DIVIDE(s.cost_usd - s.before_usd, s.before_usd) AS {{numeric}}) AS mom_change_pct,
    s.cost_per_active_user AS cost_per_active_user,
    s.cost_per_line_accepted AS cost_per_line_accepted,
    CASE WHEN s.budget_usd IS NULL THEN 'No budget set' END AS budget_note
FROM joined AS s
ORDER BY CASE s.team WHEN 'Unattributed' THEN 2 WHEN 'No team' THEN 1 ELSE 0 END, cost_usd DESC, team
