/*
title = "Change on the period before"
question = "Is that normal?"
definition = "Spend of the range against the period before it: a running month against the same days of the month before, a whole month against the whole one, any other range against as many days before it."
formula = "(now - before) / before"
display = "scalar"
tab = "Overview"
place = [4, 3, 4, 3]
unit = "percent"
notes = ["Stable: from -5 % to +5 %. Moderate: to 20 %. High or significant: beyond."]
changed = "2026-11-22"
[[columns]]
name = "cost_growth_rate"
label = "Change on the period before"
type = "percent"
rows = "of cost_usd / cost_usd before"
[[columns]]
name = "previous"
label = "Period before"
type = "percent"
hidden = true
[[columns]]
name = "base"
label = "Base"
type = "text"
hidden = true
[[columns]]
name = "word"
label = "Growth category"
type = "level"
hidden = true
*/
WITH {{with:period_before}},
sums AS (
    SELECT
        SUM(CASE WHEN s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd END) AS now_usd,
        SUM(CASE WHEN p.has_previous AND s.spend_date BETWEEN p.prev_first AND p.prev_through THEN s.cost_usd END) AS before_usd
    FROM {{spend}} AS s
    CROSS JOIN span AS p
    WHERE s.spend_date >= p.prev_first AND s.spend_date <= p.through_day
),
rated AS (
    SELECT
        m.now_usd AS now_usd,
        m.before_usd AS before_usd,
        CAST(SAFE_DIVIDE(m.now_usd - m.before_usd, m.before_usd) AS {{numeric}}) AS cost_growth_rate
    FROM sums AS m
)
SELECT
    r.cost_growth_rate AS cost_growth_rate,
    CAST(NULL AS {{numeric}}) AS previous,
    '$' || CASE WHEN ABS(r.now_usd) >= 100 THEN {{thousands:r.now_usd}} ELSE {{fixed2:r.now_usd}} END || ' against ' || '$' || CASE WHEN ABS(r.before_usd) >= 100 THEN {{thousands:r.before_usd}} ELSE {{fixed2:r.before_usd}} END
        || CASE WHEN p.is_month AND p.is_running THEN ' on the same days of ' || {{month_words:p.prev_first}} ELSE '' END AS base,
    CASE
        WHEN r.cost_growth_rate IS NULL THEN NULL
        WHEN r.cost_growth_rate > 0.20 THEN 'High Growth'
        WHEN r.cost_growth_rate > 0.05 THEN 'Moderate Growth'
        WHEN r.cost_growth_rate >= -0.05 THEN 'Stable'
        WHEN r.cost_growth_rate >= -0.20 THEN 'Moderate Decline'
        ELSE 'Significant Decline'
    END AS word
FROM rated AS r
CROSS JOIN span AS p
ORDER BY cost_growth_rate
