/*
title = "Ledger for budget reviews"
question = "What is every dollar made of?"
definition = "One row for each month, team, person, platform, model and kind of cost in the selected range. The rows add up to the spend of the range. A budget set for a team on a platform stands on the first row of its month, so a plain sum is right."
display = "table"
tab = "Ledger"
place = [0, 0, 24, 16]
unit = "USD"
empty = "No spend in this range."
changed = "2026-11-22"
[[columns]]
name = "month"
label = "month"
type = "month"
[[columns]]
name = "team"
label = "team"
type = "team"
[[columns]]
name = "user_email"
label = "user_email"
type = "text"
[[columns]]
name = "display_name"
label = "display_name"
type = "person"
[[columns]]
name = "platform"
label = "platform"
type = "platform"
[[columns]]
name = "model"
label = "model"
type = "model"
[[columns]]
name = "cost_class"
label = "cost_class"
type = "text"
[[columns]]
name = "cost_type"
label = "cost_type"
type = "text"
[[columns]]
name = "cost_usd"
label = "cost_usd"
type = "usd"
rows = "cost_usd"
[[columns]]
name = "attribution"
label = "attribution"
type = "text"
[[columns]]
name = "budget_usd"
label = "budget_usd"
type = "usd"
inputs = "budget team platform"
[[columns]]
name = "source_table"
label = "source_table"
type = "text"
*/
WITH rows_of AS (
    SELECT
        s.month AS month,
        s.team AS team,
        s.user_email AS user_email,
        s.display_name AS display_name,
        s.platform AS platform,
        s.model AS model,
        s.cost_class AS cost_class,
        s.cost_type AS cost_type,
        s.attribution AS attribution,
        s.source_table AS source_table,
        SUM(s.cost_usd) AS cost_usd
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.spend_date BETWEEN p.first_day AND p.through_day
    GROUP BY
        s.month, s.team, s.user_email, s.display_name, s.platform, s.model, s.cost_class, s.cost_type, s.attribution, s.source_table
),
first_person AS (
    SELECT s.month AS month, s.team AS team, s.platform AS platform, MIN(s.user_email) AS user_email
    FROM rows_of AS s
    GROUP BY s.month, s.team, s.platform
),
-- Only rows of the first person are put in order: a large company has half a million others.
placed AS (
    SELECT
        s.*,
        ROW_NUMBER() OVER (
            PARTITION BY s.month, s.team, s.platform
            ORDER BY s.model NULLS FIRST, s.cost_class, s.cost_type NULLS FIRST, s.attribution, s.source_table
        ) AS place
    FROM rows_of AS s
    JOIN first_person AS f ON f.month = s.month AND f.team = s.team AND f.platform = s.platform AND f.user_email = s.user_email
    UNION ALL
    SELECT s.*, 0 AS place
    FROM rows_of AS s
    LEFT JOIN first_person AS f
        ON f.month = s.month AND f.team = s.team AND f.platform = s.platform AND f.user_email = s.user_email
    WHERE f.user_email IS NULL
)
SELECT
    s.month AS month,
    s.team AS team,
    s.user_email AS user_email,
    s.display_name AS display_name,
    s.platform AS platform,
    s.model AS model,
    s.cost_class AS cost_class,
    s.cost_type AS cost_type,
    s.cost_usd AS cost_usd,
    s.attribution AS attribution,
    CASE WHEN s.place = 1 THEN b.budget_usd END AS budget_usd,
    s.source_table AS source_table{{of_all}}
FROM placed AS s
LEFT JOIN ai_usage_analytics.dim_platform AS d ON d.view_name = s.platform
LEFT JOIN ai_usage_analytics.vw_budget AS b ON b.month = s.month AND b.team = s.team AND b.platform = s.platform
ORDER BY month, CASE s.team WHEN 'Unattributed' THEN 2 WHEN 'No team' THEN 1 ELSE 0 END, team, COALESCE(d.sort_order, 99), platform, user_email, s.model NULLS FIRST, cost_class, s.cost_type NULLS FIRST,
    attribution, source_table
