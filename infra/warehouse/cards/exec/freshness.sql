/*
title = "Sources"
question = "Through which day is each source known?"
definition = "Each feed by organisation: the newest day read to its end, and the hours since it was read. Automatic feeds are stale after 48 hours, uploads after 35 days."
display = "table"
tab = "Definitions"
place = [12, 9, 12, 7]
unit = "text"
ignores = ["range", "team", "platform"]
changed = "2026-11-23"
[[columns]]
name = "source_table"
label = "Source"
type = "text"
[[columns]]
name = "org_id"
label = "Organisation"
type = "text"
hidden = true
[[columns]]
name = "mode"
label = "Mode"
type = "text"
[[columns]]
name = "complete_through"
label = "Complete through"
type = "day"
[[columns]]
name = "hours_old"
label = "Hours old"
type = "integer"
members = { text = "The newest reading of each of its slices. The age is that of the newest of them; automatic feeds are stale after 48 hours, uploads after 35 days.", of = "readings", by = ["source_table", "org_id"], show = ["observed_at", "slice_day", "outcome", "loaded_at", "rows_loaded", "slice_key"], newest = "observed_at" }
[[columns]]
name = "status"
label = "Status"
type = "level"
*/
WITH readings AS (
    -- Asked for where an age is explained, and nowhere else.
    SELECT
        n.feed AS source_table, n.org_id AS org_id, n.observed_at AS observed_at, n.slice_day AS slice_day, n.outcome AS outcome,
        n.loaded_at AS loaded_at, n.rows_loaded AS rows_loaded, n.slice_key AS slice_key
    FROM ai_usage_analytics.vw_reading AS n
    WHERE n.outcome <> 'unavailable'
),
aged AS (
    SELECT
        f.feed AS source_table,
        f.org_id AS org_id,
        f.mode AS mode,
        f.complete_through AS complete_through,
        DIV((UNIX_MICROS({{now}}) - UNIX_MICROS(f.observed_at)), 3600000000) AS hours_old,
        f.missing_days AS missing_days
    FROM ai_usage_analytics.vw_freshness AS f
)
SELECT
    a.source_table AS source_table,
    a.org_id AS org_id,
    a.mode AS mode,
    a.complete_through AS complete_through,
    a.hours_old AS hours_old,
    CASE
        WHEN a.hours_old IS NULL THEN 'never read'
        WHEN a.mode = 'automatic' AND a.hours_old >= 48 THEN 'stale'
        WHEN a.mode = 'manual' AND a.hours_old >= 35 * 24 THEN 'stale'
        WHEN a.missing_days > 0 THEN 'gaps'
        ELSE 'fresh'
    END AS status
FROM aged AS a
ORDER BY CASE a.mode WHEN 'automatic' THEN 1 ELSE 2 END, source_table, org_id
