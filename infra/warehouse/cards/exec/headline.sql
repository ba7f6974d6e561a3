/*
title = "This month in one line"
question = "How much, against what; is that normal; can I trust it?"
definition = "Spend of the selected range against its budget, the forecast of the running month, the change on the period before with the part that explains most of it (if it explains at least 30 %), and through which day the data reach. A clause whose data is missing is left out."
display = "table"
tab = "Overview"
place = [0, 0, 24, 3]
unit = "text"
notes = ["Under a filter the budget and the forecast are left out: both are for the whole company."]
changed = "2026-11-22"
[[columns]]
name = "headline"
label = "This range in one line"
type = "headline"
members = { text = "The figures of the sentence before they are rounded. Each clause says some of them, and is left out where its own are not there.", of = "figures", show = ["through_day", "now_usd", "budget_usd", "forecast_usd", "change_usd", "change_pct", "driver", "driver_usd", "owned_pct", "hours_old"], newest = "range_words", see = ["exec/total-spend", "exec/budget-used", "exec/growth", "exec/what-changed", "exec/data-trust", "exec/freshness"] }
*/
WITH {{with:period_before}},
parts AS (
    SELECT
        s.platform AS platform,
        s.cost_class AS cost_class,
        SUM(CASE WHEN s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd ELSE 0 END) AS now_usd,
        SUM(CASE WHEN p.has_previous AND s.spend_date BETWEEN p.prev_first AND p.prev_through THEN s.cost_usd ELSE 0 END) AS before_usd,
        SUM(CASE WHEN s.attribution <> 'none' AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd ELSE 0 END) AS owned_usd,
        MAX(CASE WHEN s.spend_date BETWEEN p.first_day AND p.through_day THEN 1 ELSE 0 END) AS now_rows,
        MAX(CASE WHEN p.has_previous AND s.spend_date BETWEEN p.prev_first AND p.prev_through THEN 1 ELSE 0 END) AS before_rows
    FROM {{spend}} AS s
    CROSS JOIN span AS p
    WHERE s.spend_date >= p.prev_first AND s.spend_date <= p.through_day
    GROUP BY s.platform, s.cost_class
),
totals AS (
    SELECT
        CASE WHEN SUM(a.now_rows) > 0 THEN SUM(a.now_usd) END AS now_usd,
        CASE WHEN SUM(a.before_rows) > 0 THEN SUM(a.before_usd) END AS before_usd,
        SUM(a.owned_usd) AS owned_usd
    FROM parts AS a
),
ranked AS (
    SELECT
        d.label || CASE a.cost_class WHEN 'seat' THEN ' seats' WHEN 'usage' THEN ' usage' ELSE ' other charges' END AS driver,
        a.now_usd - a.before_usd AS delta_usd,
        ROW_NUMBER() OVER (ORDER BY ABS(a.now_usd - a.before_usd) DESC, d.sort_order, a.cost_class) AS place
    FROM parts AS a
    CROSS JOIN totals AS t
    JOIN ai_usage_analytics.dim_platform AS d ON d.view_name = a.platform
    WHERE (a.now_usd > a.before_usd AND t.now_usd > t.before_usd) OR (a.now_usd < a.before_usd AND t.now_usd < t.before_usd)
),
driver AS (
    SELECT MAX(CASE WHEN r.place = 1 THEN r.driver END) AS driver, MAX(CASE WHEN r.place = 1 THEN r.delta_usd END) AS delta_usd
    FROM ranked AS r
),
-- Budgets are the company's: under a filter there is nothing to compare them with.
company AS (
    SELECT SUM(s.cost_usd) AS cost_usd
    FROM ai_usage_analytics.vw_spend_daily AS s
    CROSS JOIN span AS p
    WHERE s.spend_date BETWEEN p.first_day AND p.through_day
),
{{with:months_in_range}},
-- A budget stands for whole months only, and for all of them or none.
{{with:budget_ahead}},
feeds AS (
    SELECT DIV((UNIX_MICROS({{now}}) - UNIX_MICROS(MIN(f.observed_at))), 3600000000) AS hours_old
    FROM ai_usage_analytics.vw_freshness AS f
    WHERE f.mode = 'automatic'
),
figures AS (
    SELECT
        CASE
            WHEN p.is_month THEN {{month_words:p.first_day}}
            ELSE {{day_words:p.first_day}} || ' to ' || {{day_words:p.last_day}}
        END AS range_words,
        CASE
            WHEN p.is_month AND p.is_running THEN 'the same days of ' || {{month_words:p.prev_first}}
            WHEN p.is_month THEN {{month_words:p.prev_first}}
            ELSE 'the period before'
        END AS before_words,
        p.through_day AS through_day,
        t.now_usd AS now_usd,
        t.now_usd - t.before_usd AS change_usd,
        SAFE_DIVIDE(t.now_usd - t.before_usd, t.before_usd) AS change_pct,
        SAFE_DIVIDE(t.owned_usd, t.now_usd) AS owned_pct,
        d.driver AS driver,
        d.delta_usd AS driver_usd,
        CASE WHEN c.cost_usd = t.now_usd THEN b.budget_usd END AS budget_usd,
        c.cost_usd = t.now_usd AND b.budget_usd IS NULL AND p.is_month AS is_unbudgeted,
        COALESCE(b.is_example, FALSE) AS is_example,
        CASE WHEN c.cost_usd = t.now_usd AND p.is_running THEN t.now_usd + a.ahead_usd END AS forecast_usd,
        f.hours_old AS hours_old
    FROM span AS p
    CROSS JOIN totals AS t
    CROSS JOIN driver AS d
    CROSS JOIN company AS c
    CROSS JOIN budget AS b
    CROSS JOIN ahead AS a
    CROSS JOIN feeds AS f
)
SELECT
    CASE
        WHEN g.now_usd IS NULL THEN 'No spend loaded for ' || g.range_words || '.'
        ELSE g.range_words || ': '
            || CASE
                WHEN g.budget_usd > 0 THEN '**' || '$' || CASE WHEN ABS(g.now_usd) >= 100 THEN {{thousands:g.now_usd}} ELSE {{fixed2:g.now_usd}} END || ' of ' || '$' || CASE WHEN ABS(g.budget_usd) >= 100 THEN {{thousands:g.budget_usd}} ELSE {{fixed2:g.budget_usd}} END || '** '
                    || CASE WHEN g.is_example THEN 'example budget (' ELSE 'budget (' END
                    || {{thousands:g.now_usd * 100 / g.budget_usd}} || ' %).'
                WHEN g.is_unbudgeted THEN '**' || '$' || CASE WHEN ABS(g.now_usd) >= 100 THEN {{thousands:g.now_usd}} ELSE {{fixed2:g.now_usd}} END || '**, no budget set.'
                ELSE '**' || '$' || CASE WHEN ABS(g.now_usd) >= 100 THEN {{thousands:g.now_usd}} ELSE {{fixed2:g.now_usd}} END || '**.'
            END
            || COALESCE(
                ' Forecast ' || '$' || CASE WHEN ABS(g.forecast_usd) >= 100 THEN {{thousands:g.forecast_usd}} ELSE {{fixed2:g.forecast_usd}} END
                || CASE
                    WHEN g.budget_usd IS NULL THEN '.'
                    WHEN g.forecast_usd > g.budget_usd THEN ', **' || '$' || CASE WHEN ABS((g.forecast_usd - g.budget_usd)) >= 100 THEN {{thousands:(g.forecast_usd - g.budget_usd)}} ELSE {{fixed2:(g.forecast_usd - g.budget_usd)}} END || ' over**.'
                    WHEN g.forecast_usd < g.budget_usd THEN ', **' || '$' || CASE WHEN ABS((g.budget_usd - g.forecast_usd)) >= 100 THEN {{thousands:(g.budget_usd - g.forecast_usd)}} ELSE {{fixed2:(g.budget_usd - g.forecast_usd)}} END || ' under**.'
                    ELSE ', exactly the budget.'
                END,
                ''
            )
            || COALESCE(
                CASE
                    WHEN g.change_usd = 0 THEN ' The same as ' || g.before_words || '.'
                    ELSE CASE WHEN g.change_usd > 0 THEN ' Up **' ELSE ' Down **' END
                        || {{fixed1:ABS(g.change_pct) * 100}} || ' %** on ' || g.before_words || '; '
                        || CASE
                            WHEN ABS(g.driver_usd) > ABS(g.change_usd)
                                THEN g.driver || CASE WHEN g.change_usd > 0 THEN ' +' ELSE ' -' END || '$' || CASE WHEN ABS(g.driver_usd) >= 100 THEN {{thousands:ABS(g.driver_usd)}} ELSE {{fixed2:ABS(g.driver_usd)}} END
                                    || ' in a net ' || CASE WHEN g.change_usd > 0 THEN '+' ELSE '-' END || '$' || CASE WHEN ABS(ABS(g.change_usd)) >= 100 THEN {{thousands:ABS(g.change_usd)}} ELSE {{fixed2:ABS(g.change_usd)}} END || '.'
                            WHEN ABS(g.driver_usd) * 10 >= ABS(g.change_usd) * 3
                                THEN g.driver || CASE WHEN g.change_usd > 0 THEN ' explains +' ELSE ' explains -' END || '$' || CASE WHEN ABS(g.driver_usd) >= 100 THEN {{thousands:ABS(g.driver_usd)}} ELSE {{fixed2:ABS(g.driver_usd)}} END
                                    || ' of the ' || CASE WHEN g.change_usd > 0 THEN '+' ELSE '-' END || '$' || CASE WHEN ABS(ABS(g.change_usd)) >= 100 THEN {{thousands:ABS(g.change_usd)}} ELSE {{fixed2:ABS(g.change_usd)}} END || '.'
                            ELSE 'spread over several platforms.'
                        END
                END,
                ''
            )
            || ' Data through ' || {{day_words:g.through_day}}
            || COALESCE(CASE WHEN g.hours_old >= 48 THEN ', a source is ' || CAST(g.hours_old AS STRING) || ' h old' END, '')
            || COALESCE('; **' || {{thousands:FLOOR(g.owned_pct * 100)}} || ' %** of spend has an owner', '') || '.'
    END AS headline
FROM figures AS g
ORDER BY headline
