-- What the measured value of a check in vw_data_quality, or of the forecast's own error, was worked out from: the sum of part, or
-- where of_all is known, part in percent of it; of organisations, invoices, feeds and slices that are measured one by one, the worst;
-- of runs that failed, the mean. A check that found nothing has no rows.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_data_quality_evidence AS
WITH {{with:newest_readings}},
{{with:slice_differences}},
{{with:doubtful_days}},
{{with:cursor_cycles}},
{{with:asked_runs}},
{{with:code_days}},
{{with:seat_sums}},
billed AS (
    SELECT
        f.org_id AS org_id,
        f.cost_date AS day,
        f.attribution AS attribution,
        f.allocation AS allocation,
        f.api_key_id AS api_key_id,
        COUNT(*) AS row_count,
        SUM(f.cost_usd) AS cost_usd
    FROM ai_usage_analytics.fct_cost_daily AS f
    GROUP BY f.org_id, f.cost_date, f.attribution, f.allocation, f.api_key_id
),
owned AS (
    SELECT
        b.attribution AS attribution,
        CAST(SUM(b.row_count) AS {{numeric}}) AS row_count,
        CAST(SUM(b.cost_usd) AS {{numeric}}) AS cost_usd
    FROM billed AS b
    GROUP BY b.attribution
),
tables AS (
    SELECT
        'claude_expenses, as billed' AS what,
        CAST(-COUNT(*) AS {{numeric}}) AS row_count,
        CAST(-SUM(e.cost_usd) AS {{numeric}}) AS cost_usd
    FROM ai_usage_analytics.claude_expenses AS e
    UNION ALL
    SELECT
        'cursor_expenses, as billed' AS what,
        CAST(-COUNT(*) AS {{numeric}}) AS row_count,
        CAST(-SUM(e.estimated_cost_usd) AS {{numeric}}) AS cost_usd
    FROM ai_usage_analytics.cursor_expenses AS e
    UNION ALL
    SELECT
        'fct_cost_daily, with people and keys' AS what,
        CAST(SUM(b.row_count) AS {{numeric}}) AS row_count,
        CAST(SUM(b.cost_usd) AS {{numeric}}) AS cost_usd
    FROM billed AS b
),
key_money AS (
    SELECT b.api_key_id AS api_key_id, MAX(b.org_id) AS org_id, MAX(b.day) AS day, CAST(SUM(b.cost_usd) AS {{numeric}}) AS cost_usd
    FROM billed AS b
    WHERE b.attribution = 'none' AND b.api_key_id IS NOT NULL
    GROUP BY b.api_key_id
),
found AS (
    SELECT
        n.slice_key AS slice_key,
        n.feed AS feed,
        n.org_id AS org_id,
        n.slice_day AS day,
        STRPOS(n.findings, '"unknown_field: ') > 0 OR STRPOS(n.findings, '"unknown_value: ') > 0 AS is_drifted,
        STRPOS(n.findings, '"count_differs: ') > 0 AS is_incomplete,
        STRPOS(n.findings, '"no_money: ') > 0 OR STRPOS(n.findings, '"unpriced_model: ') > 0 AS is_unmeasured,
        STRPOS(n.findings, '"plausibility: ') > 0 OR STRPOS(n.findings, '"implausible: ') > 0 AS is_implausible
    FROM newest AS n
    WHERE NOT STARTS_WITH(n.feed, 'sheets/')
),
-- Slices that the newest run read.
fresh AS (
    SELECT
        n.slice_key AS slice_key,
        n.feed AS feed,
        n.org_id AS org_id,
        n.slice_day AS day,
        (UNIX_MICROS(n.observed_at) - UNIX_MICROS(a.started_at)) / CAST(3600000000 AS INT64) AS read_hours,
        (UNIX_MICROS(n.loaded_at) - UNIX_MICROS(n.observed_at)) / CAST(3600000000 AS INT64) AS load_hours
    FROM newest AS n
    JOIN asked AS a ON a.place = 1 AND n.observed_at >= a.started_at
),
rows_of AS (
    SELECT
        'attribution_records' AS check_name,
        CONCAT('attribution ', o.attribution) AS what,
        CAST(NULL AS STRING) AS org_id,
        CAST(NULL AS DATE) AS day,
        CAST(NULL AS STRING) AS slice_key,
        o.cost_usd AS amount_usd,
        CASE WHEN o.attribution <> 'none' THEN o.row_count ELSE 0 END AS part,
        o.row_count AS of_all
    FROM owned AS o
    UNION ALL
    SELECT
        'attribution_cost', CONCAT('attribution ', o.attribution), NULL, NULL, NULL, o.cost_usd,
        CASE WHEN o.attribution <> 'none' THEN o.cost_usd ELSE 0 END, o.cost_usd
    FROM owned AS o
    UNION ALL
    SELECT 'dimensions_keep_rows', t.what, NULL, NULL, NULL, NULL, t.row_count, NULL
    FROM tables AS t
    WHERE t.row_count <> 0
    UNION ALL
    SELECT 'dimensions_keep_cost', t.what, NULL, NULL, NULL, t.cost_usd, t.cost_usd, NULL
    FROM tables AS t
    WHERE t.cost_usd IS NOT NULL
    UNION ALL
    SELECT
        'unallocated_money', CONCAT('allocation ', b.allocation), b.org_id, b.day, NULL,
        CAST(SUM(b.cost_usd) AS {{numeric}}), CAST(SUM(b.cost_usd) AS {{numeric}}), NULL
    FROM billed AS b
    WHERE b.allocation IN ('unallocated', 'no_key')
    GROUP BY b.allocation, b.org_id, b.day
    UNION ALL
    SELECT 'unmapped_keys', CONCAT('key ', k.api_key_id), k.org_id, k.day, NULL, k.cost_usd, CAST(1 AS {{numeric}}), NULL
    FROM key_money AS k
    UNION ALL
    SELECT
        'api_usage_equals_claude_api', 'claude_expenses less api_usage_expenses', a.org_id, a.day, NULL,
        CAST(a.difference_usd AS {{numeric}}), CAST(1 AS {{numeric}}), NULL
    FROM api_days AS a
    UNION ALL
    SELECT
        'one_source_per_day', CONCAT(CAST(s.sources AS STRING), ' sources'), s.org_id, s.day, NULL,
        NULL, CAST(1 AS {{numeric}}), NULL
    FROM source_days AS s
    UNION ALL
    SELECT 'duplicates', 'a person of this day', p.org_id, p.day, NULL, NULL, CAST(p.beyond AS {{numeric}}), NULL
    FROM person_days AS p
    UNION ALL
    SELECT
        'tables_match_ledger',
        CONCAT('ledger ', CAST(d.rows_loaded AS STRING), ', tables ', CAST(d.row_count AS STRING)),
        n.org_id, n.slice_day, d.slice_key, NULL, CAST(1 AS {{numeric}}), NULL
    FROM slice_differences AS d
    JOIN newest AS n ON n.slice_key = d.slice_key
    UNION ALL
    SELECT
        'ledger_conserves_rows',
        CONCAT(
            'read ', CAST(n.rows_in AS STRING), ', loaded ', CAST(n.rows_loaded AS STRING),
            ', rejected ', CAST(n.rows_rejected AS STRING)
        ),
        n.org_id, n.slice_day, n.slice_key, NULL, CAST(1 AS {{numeric}}), NULL
    FROM newest AS n
    WHERE n.rows_in <> n.rows_loaded + n.rows_rejected
    UNION ALL
    SELECT
        'ledger_conserves_money', CONCAT(n.feed, ', read less loaded and rejected'), n.org_id, n.slice_day, n.slice_key,
        CAST(n.money_in_usd - n.money_loaded_usd - n.money_rejected_usd AS {{numeric}}), CAST(1 AS {{numeric}}), NULL
    FROM newest AS n
    WHERE n.money_in_usd <> n.money_loaded_usd + n.money_rejected_usd
    UNION ALL
    SELECT
        'schema_compliance', n.feed, n.org_id, NULL, NULL, NULL,
        CAST(SUM(n.rows_loaded) AS {{numeric}}), CAST(SUM(n.rows_in) AS {{numeric}})
    FROM newest AS n
    GROUP BY n.feed, n.org_id
    UNION ALL
    SELECT
        'rejected_records', n.feed, n.org_id, n.slice_day, n.slice_key,
        CAST(n.money_rejected_usd AS {{numeric}}), CAST(n.rows_rejected AS {{numeric}}), NULL
    FROM newest AS n
    WHERE n.rows_rejected <> 0
    UNION ALL
    SELECT
        'rejected_money', n.feed, n.org_id, n.slice_day, n.slice_key,
        CAST(n.money_rejected_usd AS {{numeric}}), CAST(n.money_rejected_usd AS {{numeric}}), NULL
    FROM newest AS n
    WHERE n.money_rejected_usd <> 0
    UNION ALL
    SELECT
        'cursor_cycle_matches_spend',
        'off what Cursor says, of all that it says',
        c.org_id, NULL, NULL, NULL,
        CAST(
            GREATEST(0, c.billed_before_usd - c.spend_usd, CASE WHEN c.has_that_day = 1 THEN c.spend_usd - c.billed_usd ELSE 0 END)
            AS {{numeric}}
        ),
        CAST(c.spend_usd AS {{numeric}})
    FROM cycles AS c
    UNION ALL
    SELECT
        'pipeline_success', CONCAT('run ', r.run_id), NULL, CAST(r.started_at AS DATE), NULL, NULL,
        CAST(r.planned - r.failed - r.parked AS {{numeric}}), CAST(r.planned AS {{numeric}})
    FROM ai_usage_analytics.runs AS r
    WHERE r.state <> 'running'
    UNION ALL
    SELECT 'freshness_hours', f.feed, f.org_id, f.complete_through, NULL, NULL, CAST(f.hours_old AS {{numeric}}), NULL
    FROM ai_usage_analytics.vw_freshness AS f
    WHERE f.mode = 'automatic' AND f.hours_old IS NOT NULL
    UNION ALL
    SELECT 'missing_days', f.feed, f.org_id, f.complete_through, NULL, NULL, CAST(f.missing_days AS {{numeric}}), NULL
    FROM ai_usage_analytics.vw_freshness AS f
    WHERE f.mode = 'automatic' AND f.missing_days <> 0
    UNION ALL
    SELECT
        'seat_cash_equals_accrual',
        CONCAT(s.vendor, ' ', s.plan, ', what was due less its days'),
        NULL, s.start_day, NULL, CAST(s.cash_usd - s.cost_usd AS {{numeric}}), CAST(1 AS {{numeric}}), NULL
    FROM seat_sums AS s
    WHERE s.cash_usd <> s.cost_usd
    UNION ALL
    SELECT
        'reconciliation_worst', CONCAT(r.vendor, ' ', r.scope, ' ', r.invoice_id), r.invoice_org_id, r.period_end, NULL,
        CAST(r.difference_usd AS {{numeric}}), CAST(ABS(r.difference_usd) AS {{numeric}}), CAST(ABS(r.invoiced_usd) AS {{numeric}})
    FROM ai_usage_analytics.vw_reconciliation AS r
    WHERE r.final_on IS NOT NULL AND r.difference_pct IS NOT NULL
        AND UNIX_DATE(r.period_end) > UNIX_DATE(CAST({{now}} AS DATE)) - 366
    UNION ALL
    SELECT
        'claude_code_estimate_vs_billed', 'its own estimate less its bill', d.org_id, d.day, NULL, NULL,
        CAST(d.estimated_usd - d.billed_usd AS {{numeric}}), CAST(d.billed_usd AS {{numeric}})
    FROM code_days AS d
    WHERE d.billed_usd <> 0 AND d.estimated_usd <> 0
    UNION ALL
    SELECT
        'claude_code_tokens_match_usage', 'tokens of the usage report less its own', d.org_id, d.day, NULL, NULL,
        CAST(d.reported - d.own AS {{numeric}}), CAST(d.reported AS {{numeric}})
    FROM code_token_days AS d
    UNION ALL
    SELECT 'announced_counts', f.feed, f.org_id, f.day, f.slice_key, NULL, CAST(1 AS {{numeric}}), NULL
    FROM found AS f
    WHERE f.is_incomplete
    UNION ALL
    SELECT 'drift', f.feed, f.org_id, f.day, f.slice_key, NULL, CAST(1 AS {{numeric}}), NULL
    FROM found AS f
    WHERE f.is_drifted
    UNION ALL
    SELECT 'magnitude', f.feed, f.org_id, f.day, f.slice_key, NULL, CAST(1 AS {{numeric}}), NULL
    FROM found AS f
    WHERE f.is_unmeasured
    UNION ALL
    SELECT 'plausibility', f.feed, f.org_id, f.day, f.slice_key, NULL, CAST(1 AS {{numeric}}), NULL
    FROM found AS f
    WHERE f.is_implausible
    UNION ALL
    SELECT
        'parked_slices', CONCAT('run ', a.run_id), NULL, CAST(a.started_at AS DATE), NULL,
        NULL, CAST(a.parked AS {{numeric}}), NULL
    FROM asked AS a
    WHERE a.place = 1
    UNION ALL
    SELECT
        'time_to_recover_hours', CONCAT('run ', b.run_id), NULL, CAST(b.started_at AS DATE), NULL, NULL,
        CAST((UNIX_MICROS(b.recovered_at) - UNIX_MICROS(b.started_at)) / CAST(3600000000 AS INT64) AS {{numeric}}), NULL
    FROM broken AS b
    UNION ALL
    SELECT 'freshness_raw_hours', f.feed, f.org_id, f.day, f.slice_key, NULL, CAST(f.read_hours AS {{numeric}}), NULL
    FROM fresh AS f
    WHERE NOT STARTS_WITH(f.feed, 'sheets/')
    UNION ALL
    SELECT 'freshness_facts_hours', f.feed, f.org_id, f.day, f.slice_key, NULL, CAST(f.load_hours AS {{numeric}}), NULL
    FROM fresh AS f
    UNION ALL
    SELECT
        'forecast_error_last_month', CONCAT('forecast less what it came to, ', f.team, ' ', f.platform), NULL, f.as_of, NULL,
        CAST(f.forecast_usd AS {{numeric}}),
        CAST(COALESCE(f.forecast_usd, 0) - f.final_usd AS {{numeric}}), CAST(f.final_usd AS {{numeric}})
    FROM ai_usage_analytics.vw_forecast AS f
    CROSS JOIN ai_usage_analytics.vw_loaded_range AS l
    WHERE f.final_usd IS NOT NULL AND f.as_of < l.through_day
)
SELECT
    r.check_name AS check_name,
    r.what AS what,
    r.org_id AS org_id,
    r.day AS day,
    r.slice_key AS slice_key,
    r.amount_usd AS amount_usd,
    CAST(r.part AS {{numeric}}) AS part,
    CAST(r.of_all AS {{numeric}}) AS of_all
FROM rows_of AS r;
