/*
title = "Cost per active user"
question = "What do we pay for a person who uses it?"
definition = "Spend of the range divided by people with any use on any platform in it."
formula = "SUM(cost_usd) / COUNT(DISTINCT active user)"
display = "scalar"
tab = "Overview"
place = [12, 3, 4, 3]
unit = "USD"
changed = "2026-11-22"
[[columns]]
name = "cost_per_active_user"
label = "Cost per active user"
type = "usd"
rows = "cost_usd / active_people"
[[columns]]
name = "previous"
label = "Period before"
type = "usd"
hidden = true
[[columns]]
name = "base"
label = "Base"
type = "text"
hidden = true
*/
WITH {{with:period_before}},
money AS (
    SELECT
        SUM(CASE WHEN s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd END) AS now_usd,
        SUM(CASE WHEN p.has_previous AND s.spend_date BETWEEN p.prev_first AND p.prev_through THEN s.cost_usd END) AS before_usd
    FROM {{spend}} AS s
    CROSS JOIN span AS p
    WHERE s.spend_date >= p.prev_first AND s.spend_date <= p.through_day
),
people AS (
    SELECT
        COUNT(DISTINCT CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.user_email END) AS now_users,
        COUNT(DISTINCT CASE WHEN p.has_previous AND u.usage_date BETWEEN p.prev_first AND p.prev_through THEN u.user_email END) AS before_users
    FROM {{usage}} AS u
    CROSS JOIN span AS p
    WHERE u.usage_date >= p.prev_first AND u.usage_date <= p.through_day AND u.is_active AND u.user_email <> 'unknown@unattributed.com'
)
SELECT
    CAST(SAFE_DIVIDE(m.now_usd, a.now_users) AS {{numeric}}) AS cost_per_active_user,
    CAST(SAFE_DIVIDE(m.before_usd, a.before_users) AS {{numeric}}) AS previous,
    CAST(a.now_users AS STRING) || CASE WHEN a.now_users = 1 THEN ' active person' ELSE ' active people' END AS base
FROM money AS m
CROSS JOIN people AS a
ORDER BY cost_per_active_user
