-- The checks of vw_data_quality that are about how the pipeline runs, what the vendors say about their own data, and
-- whether invoices and seats agree with it. target NULL: for information.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_quality_of_operation AS
WITH {{with:newest_readings}},
{{with:asked_runs}},
-- How long after the start of the newest run each automatic feed was read.
raw_ages AS (
    SELECT MAX(UNIX_MICROS(n.observed_at) - UNIX_MICROS(a.started_at)) AS micros
    FROM newest AS n
    JOIN asked AS a ON a.place = 1 AND n.observed_at >= a.started_at
    WHERE NOT STARTS_WITH(n.feed, 'sheets/')
),
fact_ages AS (
    SELECT MAX(UNIX_MICROS(n.loaded_at) - UNIX_MICROS(n.observed_at)) AS micros
    FROM newest AS n
    JOIN asked AS a ON a.place = 1 AND n.observed_at >= a.started_at
),
findings AS (
    SELECT
        SUM(CASE WHEN STRPOS(n.findings, '"unknown_field: ') > 0 OR STRPOS(n.findings, '"unknown_value: ') > 0 THEN 1 ELSE 0 END)
            AS drifted,
        SUM(CASE WHEN STRPOS(n.findings, '"count_differs: ') > 0 THEN 1 ELSE 0 END) AS incomplete,
        SUM(CASE WHEN STRPOS(n.findings, '"no_money: ') > 0 OR STRPOS(n.findings, '"unpriced_model: ') > 0 THEN 1 ELSE 0 END)
            AS unmeasured,
        SUM(CASE WHEN STRPOS(n.findings, '"plausibility: ') > 0 OR STRPOS(n.findings, '"implausible: ') > 0 THEN 1 ELSE 0 END)
            AS implausible
    FROM newest AS n
    WHERE NOT STARTS_WITH(n.feed, 'sheets/')
),
{{with:code_days}},
code_sums AS (
    SELECT SUM(d.billed_usd) AS billed_usd, SUM(d.estimated_usd) AS estimated_usd
    FROM code_days AS d
    WHERE d.billed_usd <> 0 AND d.estimated_usd <> 0
),
code_tokens AS (
    SELECT SUM(d.reported) AS reported, SUM(d.own) AS own
    FROM code_token_days AS d
),
invoices AS (
    SELECT MAX(ABS(r.difference_pct)) AS worst_pct
    FROM ai_usage_analytics.vw_reconciliation AS r
    WHERE r.final_on IS NOT NULL AND UNIX_DATE(r.period_end) > UNIX_DATE(CAST({{now}} AS DATE)) - 366
),
{{with:seat_sums}}
SELECT
    'seat_cash_equals_accrual' AS check_name,
    CAST(SUM(CASE WHEN s.cash_usd <> s.cost_usd THEN 1 ELSE 0 END) AS {{numeric}}) AS measured_value,
    CAST(0 AS {{numeric}}) AS target,
    CAST(0 AS {{numeric}}) AS alert_at,
    'whole billing cycles of seats whose days do not add up to what was due' AS detail
FROM seat_sums AS s
UNION ALL
SELECT
    'reconciliation_worst' AS check_name,
    CAST(i.worst_pct AS {{numeric}}) AS measured_value,
    CAST(5 AS {{numeric}}) AS target,
    CAST(5 AS {{numeric}}) AS alert_at,
    'percent that billed money is off an invoice at most, periods of the last year that can no longer change' AS detail
FROM invoices AS i
UNION ALL
SELECT
    'claude_code_estimate_vs_billed' AS check_name,
    CAST(SAFE_DIVIDE((c.estimated_usd - c.billed_usd) * 100, c.billed_usd) AS {{numeric}}) AS measured_value,
    CAST(NULL AS {{numeric}}) AS target,
    CAST(NULL AS {{numeric}}) AS alert_at,
    'percent that what Claude Code says of itself is off its bill, days that have both' AS detail
FROM code_sums AS c
UNION ALL
SELECT
    'claude_code_tokens_match_usage' AS check_name,
    CAST(SAFE_DIVIDE(ABS(c.reported - c.own) * 100, c.reported) AS {{numeric}}) AS measured_value,
    CAST(10 AS {{numeric}}) AS target,
    CAST(50 AS {{numeric}}) AS alert_at,
    'percent that the tokens which Claude Code reports are off those of the usage report' AS detail
FROM code_tokens AS c
UNION ALL
SELECT
    'announced_counts' AS check_name,
    CAST(f.incomplete AS {{numeric}}) AS measured_value,
    CAST(0 AS {{numeric}}) AS target,
    CAST(NULL AS {{numeric}}) AS alert_at,
    'slices with another number of records than the vendor announced' AS detail
FROM findings AS f
UNION ALL
SELECT
    'drift' AS check_name,
    CAST(f.drifted AS {{numeric}}) AS measured_value,
    CAST(0 AS {{numeric}}) AS target,
    CAST(NULL AS {{numeric}}) AS alert_at,
    'slices with fields or values that we do not know' AS detail
FROM findings AS f
UNION ALL
SELECT
    'magnitude' AS check_name,
    CAST(f.unmeasured AS {{numeric}}) AS measured_value,
    CAST(0 AS {{numeric}}) AS target,
    CAST(NULL AS {{numeric}}) AS alert_at,
    'slices whose money could not be compared with their tokens at list price' AS detail
FROM findings AS f
UNION ALL
SELECT
    'plausibility' AS check_name,
    CAST(f.implausible AS {{numeric}}) AS measured_value,
    CAST(0 AS {{numeric}}) AS target,
    CAST(NULL AS {{numeric}}) AS alert_at,
    'slices with more of a person and day than one person can have done' AS detail
FROM findings AS f
UNION ALL
SELECT
    'parked_slices' AS check_name,
    CAST(MAX(a.parked) AS {{numeric}}) AS measured_value,
    CAST(0 AS {{numeric}}) AS target,
    CAST(NULL AS {{numeric}}) AS alert_at,
    'slices that the newest run set aside, among them money of the wrong size' AS detail
FROM asked AS a
WHERE a.place = 1
UNION ALL
SELECT
    'time_to_recover_hours' AS check_name,
    CAST(SAFE_DIVIDE(SUM(UNIX_MICROS(b.recovered_at) - UNIX_MICROS(b.started_at)), COUNT(*) * CAST(3600000000 AS INT64)) AS {{numeric}}) AS measured_value,
    CAST(24 AS {{numeric}}) AS target,
    CAST(NULL AS {{numeric}}) AS alert_at,
    'hours from the start of a run that failed to the end of the next one that did not, on average' AS detail
FROM broken AS b
UNION ALL
SELECT
    'freshness_raw_hours' AS check_name,
    CAST(r.micros / CAST(3600000000 AS INT64) AS {{numeric}}) AS measured_value,
    CAST(6 AS {{numeric}}) AS target,
    CAST(NULL AS {{numeric}}) AS alert_at,
    'hours from the start of the newest run to its last reading of a vendor' AS detail
FROM raw_ages AS r
UNION ALL
SELECT
    'freshness_facts_hours' AS check_name,
    CAST(f.micros / CAST(3600000000 AS INT64) AS {{numeric}}) AS measured_value,
    CAST(2 AS {{numeric}}) AS target,
    CAST(NULL AS {{numeric}}) AS alert_at,
    'hours from reading to being in the tables, the slowest slice of the newest run' AS detail
FROM fact_ages AS f
UNION ALL
SELECT
    'freshness_views_hours' AS check_name,
    -- Views are read live.
    CASE WHEN n.slices > 0 THEN CAST(0 AS {{numeric}}) END AS measured_value,
    CAST(1 AS {{numeric}}) AS target,
    CAST(NULL AS {{numeric}}) AS alert_at,
    'hours that views are behind the tables' AS detail
FROM (SELECT COUNT(*) AS slices FROM newest) AS n;
