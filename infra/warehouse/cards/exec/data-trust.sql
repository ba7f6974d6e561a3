/*
title = "Can I trust this?"
question = "How much of it has an owner, and how old is it?"
definition = "The part of spend that a person answers for, by cost, and the hours since the stalest automatic source was read. The word is the data quality by billed records, or Stale from 48 hours on."
display = "scalar"
tab = "Overview"
place = [20, 3, 4, 3]
unit = "text"
ignores = ["team", "platform"]
changed = "2026-11-22"
[[columns]]
name = "trust"
label = "Can I trust this?"
type = "text"
link = "exec#definitions"
rows = "of cost_usd attribution=direct attribution=mapping attribution=creator / cost_usd"
[[columns]]
name = "previous"
label = "Period before"
type = "text"
hidden = true
[[columns]]
name = "base"
label = "Base"
type = "text"
hidden = true
[[columns]]
name = "word"
label = "Data quality"
type = "level"
hidden = true
*/
WITH owned AS (
    SELECT
        SUM(s.cost_usd) AS cost_usd,
        SUM(CASE WHEN s.attribution <> 'none' THEN s.cost_usd ELSE 0 END) AS owned_usd,
        CAST(SAFE_DIVIDE(SUM(CASE WHEN s.attribution <> 'none' THEN s.records ELSE 0 END), SUM(s.records)) AS {{numeric}})
            AS attribution_coverage
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.spend_date BETWEEN p.first_day AND p.through_day
),
feeds AS (
    SELECT DIV((UNIX_MICROS({{now}}) - UNIX_MICROS(MIN(f.observed_at))), 3600000000) AS hours_old
    FROM ai_usage_analytics.vw_freshness AS f
    WHERE f.mode = 'automatic'
)
SELECT
    CASE
        WHEN o.cost_usd IS NULL AND f.hours_old IS NULL THEN NULL
        ELSE COALESCE({{thousands:FLOOR(SAFE_DIVIDE(o.owned_usd, o.cost_usd) * 100)}} || ' % owned', 'No spend')
            || COALESCE(', ' || CAST(f.hours_old AS STRING) || ' h old', '')
    END AS trust,
    CAST(NULL AS STRING) AS previous,
    {{fixed1:o.attribution_coverage * 100}} || ' % of billed records have an owner' AS base,
    CASE WHEN f.hours_old >= 48 THEN 'Stale' ELSE
        CASE
            WHEN o.attribution_coverage IS NULL THEN NULL
            WHEN o.attribution_coverage >= 0.95 THEN 'Excellent'
            WHEN o.attribution_coverage >= 0.85 THEN 'Good'
            WHEN o.attribution_coverage >= 0.70 THEN 'Acceptable'
            ELSE 'Needs Attention'
        END
    END AS word
FROM owned AS o
CROSS JOIN feeds AS f
ORDER BY trust
