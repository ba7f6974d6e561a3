/*
title = "Data checks"
question = "Can I trust this?"
definition = "Each check of the warehouse: what was measured, what it should be, and whether somebody should act; with the error that the forecast method made last month on the same day."
display = "table"
tab = "Definitions"
place = [0, 9, 12, 7]
unit = "text"
ignores = ["range", "team", "platform"]
changed = "2026-11-23"
[[columns]]
name = "check_name"
label = "Check"
type = "text"
[[columns]]
name = "measured_value"
label = "Measured"
type = "number"
members = { text = "What the check looked at. It measured the sum of the column part, or part in percent of the column of all where there is one; of organisations, invoices, feeds and slices that are measured one by one, the worst; of runs that failed, the mean.", of = "vw_data_quality_evidence", by = ["check_name"], show = ["what", "org_id", "day", "amount_usd", "part", "of_all", "slice_key"], newest = "day" }
[[columns]]
name = "target"
label = "Target"
type = "number"
members = { text = "The target, and the setting that changes it: warehouse.assumptions of the settings, such as attribution_cost.target=90. Without one the check keeps its own.", of = "targets", by = ["check_name"], show = ["setting", "target", "source"], newest = "setting" }
[[columns]]
name = "status"
label = "Status"
type = "level"
[[columns]]
name = "detail"
label = "What is measured"
type = "text"
*/
WITH forecast AS (
    SELECT
        CAST(SAFE_DIVIDE((SUM(f.forecast_usd) - SUM(f.final_usd)) * 100, SUM(f.final_usd)) AS {{numeric}}) AS measured_value,
        COUNT(f.forecast_usd) AS parts
    FROM ai_usage_analytics.vw_forecast AS f
    WHERE f.final_usd IS NOT NULL AND f.as_of < (SELECT MAX(l.through_day) FROM ai_usage_analytics.vw_loaded_range AS l)
),
checks AS (
    SELECT
        CASE q.check_name WHEN 'attribution_records' THEN 1 WHEN 'attribution_cost' THEN 2 WHEN 'schema_compliance' THEN 3
            WHEN 'duplicates' THEN 4 WHEN 'api_usage_equals_claude_api' THEN 5 WHEN 'cursor_cycle_matches_spend' THEN 6 ELSE 8 END AS place,
        q.check_name AS check_name, q.measured_value AS measured_value, q.target AS target, q.status AS status, q.detail AS detail
    FROM ai_usage_analytics.vw_data_quality AS q
    UNION ALL
    SELECT
        7 AS place, 'forecast_error_last_month' AS check_name, f.measured_value AS measured_value, CAST(0 AS {{numeric}}) AS target,
        CASE WHEN f.measured_value IS NULL THEN 'no data' WHEN ABS(f.measured_value) <= 10 THEN 'ok' ELSE 'warning' END AS status,
        'percent that the forecast of last month, made on the same day, was off' AS detail
    FROM forecast AS f
),
-- Nothing but the explanation of a target reads it.
targets AS (
    SELECT
        k.check_name AS check_name,
        k.check_name || '.target' AS setting,
        k.target AS target,
        CASE WHEN a.name IS NULL THEN 'built into the check' ELSE 'dim_assumption: ' || a.note END AS source
    FROM checks AS k
    LEFT JOIN ai_usage_analytics.dim_assumption AS a ON a.name = k.check_name || '.target'
)
SELECT k.check_name AS check_name, k.measured_value AS measured_value, k.target AS target, k.status AS status, k.detail AS detail
FROM checks AS k
ORDER BY k.place, check_name
