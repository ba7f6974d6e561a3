-- Can I trust this? One row per check: what was measured, what it should be, and from where on somebody should act.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_data_quality AS
WITH {{with:newest_readings}},
cost AS (
    SELECT
        COUNT(*) AS row_count,
        SUM(f.cost_usd) AS cost_usd,
        SUM(CASE WHEN f.attribution <> 'none' THEN 1 ELSE 0 END) AS attributed_rows,
        SUM(CASE WHEN f.attribution <> 'none' THEN f.cost_usd ELSE 0 END) AS attributed_usd,
        SUM(CASE WHEN f.allocation IN ('unallocated', 'no_key') THEN f.cost_usd ELSE 0 END) AS unallocated_usd,
        COUNT(DISTINCT CASE WHEN f.attribution = 'none' THEN f.api_key_id END) AS unmapped_keys
    FROM ai_usage_analytics.fct_cost_daily AS f
),
billed AS (
    SELECT COUNT(*) AS row_count, SUM(b.cost_usd) AS cost_usd
    FROM (
        SELECT e.cost_usd AS cost_usd FROM ai_usage_analytics.claude_expenses AS e
        UNION ALL
        SELECT e.estimated_cost_usd AS cost_usd FROM ai_usage_analytics.cursor_expenses AS e
    ) AS b
),
{{with:doubtful_days}},
{{with:slice_differences}},
{{with:cursor_cycles}},
ledger AS (
    SELECT
        SUM(CASE WHEN n.rows_in <> n.rows_loaded + n.rows_rejected THEN 1 ELSE 0 END) AS rows_lost,
        SUM(CASE WHEN n.money_in_usd <> n.money_loaded_usd + n.money_rejected_usd THEN 1 ELSE 0 END) AS money_lost,
        SUM(n.rows_in) AS rows_in,
        SUM(n.rows_loaded) AS rows_loaded,
        SUM(n.rows_rejected) AS rows_rejected,
        SUM(n.money_rejected_usd) AS money_rejected_usd,
        COUNT(*) AS slices
    FROM newest AS n
),
slices_planned AS (
    SELECT SUM(r.planned) AS planned, SUM(r.planned - r.failed - r.parked) AS succeeded
    FROM ai_usage_analytics.runs AS r
    WHERE r.state <> 'running'
),
freshness AS (
    SELECT MAX(f.hours_old) AS hours_old, SUM(f.missing_days) AS missing_days
    FROM ai_usage_analytics.vw_freshness AS f
    WHERE f.mode = 'automatic'
),
checks AS (
    SELECT
        'attribution_cost' AS check_name,
        CAST(SAFE_DIVIDE(c.attributed_usd * 100, c.cost_usd) AS {{numeric}}) AS measured_value,
        95 AS target,
        85 AS alert_at,
        'percent of billed money with a person' AS detail
    FROM cost AS c
    UNION ALL
    SELECT
        'attribution_records' AS check_name,
        CAST(SAFE_DIVIDE(c.attributed_rows * 100, c.row_count) AS {{numeric}}) AS measured_value,
        95 AS target,
        85 AS alert_at,
        'percent of billed records with a person' AS detail
    FROM cost AS c
    UNION ALL
    SELECT
        'api_usage_equals_claude_api' AS check_name,
        CAST(COUNT(*) AS {{numeric}}) AS measured_value,
        0 AS target,
        0 AS alert_at,
        'days on which api_usage_expenses and the claude_api part of claude_expenses differ' AS detail
    FROM api_days AS a
    UNION ALL
    SELECT
        'one_source_per_day' AS check_name,
        CAST(COUNT(*) AS {{numeric}}) AS measured_value,
        0 AS target,
        0 AS alert_at,
        'days of an organisation with usage money from two sources' AS detail
    FROM source_days AS s
    UNION ALL
    SELECT
        'dimensions_keep_cost' AS check_name,
        CAST(ABS(COALESCE(c.cost_usd, 0) - COALESCE(b.cost_usd, 0)) AS {{numeric}}) AS measured_value,
        0 AS target,
        0 AS alert_at,
        'US dollars that joining people and keys adds or loses' AS detail
    FROM cost AS c
    CROSS JOIN billed AS b
    UNION ALL
    SELECT
        'dimensions_keep_rows' AS check_name,
        CAST(ABS(c.row_count - b.row_count) AS {{numeric}}) AS measured_value,
        0 AS target,
        0 AS alert_at,
        'records that joining people and keys adds or loses' AS detail
    FROM cost AS c
    CROSS JOIN billed AS b
    UNION ALL
    SELECT
        'duplicates' AS check_name,
        CAST(COALESCE(SUM(p.beyond), 0) AS {{numeric}}) AS measured_value,
        0 AS target,
        0 AS alert_at,
        'Cursor records beyond the first of a person and day' AS detail
    FROM person_days AS p
    UNION ALL
    SELECT
        'tables_match_ledger' AS check_name,
        CAST(COUNT(*) AS {{numeric}}) AS measured_value,
        0 AS target,
        0 AS alert_at,
        'slices whose rows are not as many as the ledger says' AS detail
    FROM slice_differences AS d
    UNION ALL
    SELECT
        'ledger_conserves_rows' AS check_name,
        CAST(COALESCE(l.rows_lost, 0) AS {{numeric}}) AS measured_value,
        0 AS target,
        0 AS alert_at,
        'slices in which records read are not records loaded and rejected' AS detail
    FROM ledger AS l
    UNION ALL
    SELECT
        'ledger_conserves_money' AS check_name,
        CAST(COALESCE(l.money_lost, 0) AS {{numeric}}) AS measured_value,
        0 AS target,
        0 AS alert_at,
        'slices in which money read is not money loaded and rejected' AS detail
    FROM ledger AS l
    UNION ALL
    SELECT
        'schema_compliance' AS check_name,
        CAST(SAFE_DIVIDE(l.rows_loaded * 100, l.rows_in) AS {{numeric}}) AS measured_value,
        100 AS target,
        98 AS alert_at,
        'percent of the records read that were loaded' AS detail
    FROM ledger AS l
    UNION ALL
    SELECT
        'rejected_records' AS check_name,
        CAST(COALESCE(l.rows_rejected, 0) AS {{numeric}}) AS measured_value,
        0 AS target,
        NULL AS alert_at,
        'records that a check refused' AS detail
    FROM ledger AS l
    UNION ALL
    SELECT
        'rejected_money' AS check_name,
        CAST(COALESCE(l.money_rejected_usd, 0) AS {{numeric}}) AS measured_value,
        0 AS target,
        0 AS alert_at,
        'US dollars of records that a check refused' AS detail
    FROM ledger AS l
    UNION ALL
    SELECT
        'unallocated_money' AS check_name,
        CAST(COALESCE(c.unallocated_usd, 0) AS {{numeric}}) AS measured_value,
        0 AS target,
        NULL AS alert_at,
        'US dollars that no API key stands for' AS detail
    FROM cost AS c
    UNION ALL
    SELECT
        'unmapped_keys' AS check_name,
        CAST(c.unmapped_keys AS {{numeric}}) AS measured_value,
        0 AS target,
        NULL AS alert_at,
        'API keys with spend and without a person' AS detail
    FROM cost AS c
    UNION ALL
    SELECT
        'cursor_cycle_matches_spend' AS check_name,
        CAST(MAX(SAFE_DIVIDE(
            GREATEST(0, c.billed_before_usd - c.spend_usd, CASE WHEN c.has_that_day = 1 THEN c.spend_usd - c.billed_usd ELSE 0 END) * 100,
            c.spend_usd
        )) AS {{numeric}}) AS measured_value,
        1 AS target,
        5 AS alert_at,
        'percent between billed events and what Cursor says was spent in the running cycle' AS detail
    FROM cycles AS c
    UNION ALL
    SELECT
        'pipeline_success' AS check_name,
        CAST(SAFE_DIVIDE(s.succeeded * 100, s.planned) AS {{numeric}}) AS measured_value,
        99.5 AS target,
        95 AS alert_at,
        'percent of planned slices that were loaded' AS detail
    FROM slices_planned AS s
    UNION ALL
    SELECT
        'freshness_hours' AS check_name,
        CAST(f.hours_old AS {{numeric}}) AS measured_value,
        24 AS target,
        48 AS alert_at,
        'hours since the stalest automatic feed was read' AS detail
    FROM freshness AS f
    UNION ALL
    SELECT
        'missing_days' AS check_name,
        CAST(COALESCE(f.missing_days, 0) AS {{numeric}}) AS measured_value,
        0 AS target,
        NULL AS alert_at,
        'days inside the loaded range that nobody read' AS detail
    FROM freshness AS f
    UNION ALL
    SELECT o.check_name, o.measured_value, o.target, o.alert_at, o.detail
    FROM ai_usage_analytics.vw_quality_of_operation AS o
),
-- What somebody set (the setting `warehouse.assumptions`) goes before what stands here.
assumed AS (
    SELECT a.name AS name, MAX(a.value) AS value
    FROM ai_usage_analytics.dim_assumption AS a
    GROUP BY a.name
),
judged AS (
    SELECT
        c.check_name AS check_name,
        c.measured_value AS measured_value,
        COALESCE(t.value, CAST(c.target AS {{numeric}})) AS target,
        COALESCE(a.value, CAST(c.alert_at AS {{numeric}})) AS alert_at,
        c.detail AS detail
    FROM checks AS c
    LEFT JOIN assumed AS t ON t.name = CONCAT(c.check_name, '.target')
    LEFT JOIN assumed AS a ON a.name = CONCAT(c.check_name, '.alert_at')
)
SELECT
    c.check_name AS check_name,
    c.measured_value AS measured_value,
    c.target AS target,
    c.alert_at AS alert_at,
    CASE
        WHEN c.measured_value IS NULL THEN 'no data'
        -- For information: nothing to be reached.
        WHEN c.target IS NULL THEN 'ok'
        -- Percentages of what is right: more is better.
        WHEN c.check_name IN ('attribution_cost', 'attribution_records', 'schema_compliance', 'pipeline_success') THEN
            CASE
                WHEN c.measured_value >= c.target THEN 'ok'
                WHEN c.measured_value >= c.alert_at THEN 'warning'
                ELSE 'alert'
            END
        WHEN c.measured_value <= c.target THEN 'ok'
        WHEN c.alert_at IS NULL OR c.measured_value <= c.alert_at THEN 'warning'
        ELSE 'alert'
    END AS status,
    c.detail AS detail,
    {{now}} AS checked_at
FROM judged AS c;
