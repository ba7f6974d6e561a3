/*
title = "A check of the data fails"
question = "Can the tables be trusted?"
definition = "Every check of vw_data_quality that is in state alert and has no rule of its own. Checks that one fault breaks together are one row, that of the first: records and money lost in a slice with tables that do not match the ledger; joins that add records with joins that add money; money refused with records refused. The month is that of the newest load; the warehouse is judged as it is now. attribution, stale, ingestion-failure, missing-day, drift and reconciliation report their checks themselves."
unit = "count"
kind = "quality"
severity = "critical"
schedule = "daily"
sentence = "The check {subject} fails: {measured}, where {limit} is the limit. {note}"
remedy = "The guide of the tables says what each check means. Until it is ok again the totals may be wrong: tell finance."
changed = "2026-11-22"
[limits]
*/
WITH failing AS (
    SELECT
        q.check_name AS check_name,
        q.measured_value AS measured_value,
        q.alert_at AS alert_at,
        q.detail AS detail,
        CASE
            WHEN q.check_name IN ('tables_match_ledger', 'ledger_conserves_rows', 'ledger_conserves_money') THEN 'ledger'
            WHEN q.check_name IN ('dimensions_keep_rows', 'dimensions_keep_cost') THEN 'dimensions'
            WHEN q.check_name IN ('rejected_money', 'schema_compliance') THEN 'refused'
            ELSE q.check_name
        END AS cause,
        CASE
            WHEN q.check_name IN ('ledger_conserves_money', 'dimensions_keep_cost', 'rejected_money') THEN 1
            WHEN q.check_name = 'ledger_conserves_rows' THEN 2
            ELSE 3
        END AS place
    FROM ai_usage_analytics.vw_data_quality AS q
    WHERE q.status = 'alert'
        AND q.check_name NOT IN (
            'attribution_cost', 'attribution_records', 'freshness_hours', 'freshness_raw_hours', 'freshness_facts_hours',
            'freshness_views_hours', 'pipeline_success', 'missing_days', 'drift', 'reconciliation_worst'
        )
),
first_of_cause AS (
    SELECT
        f.*,
        ROW_NUMBER() OVER (PARTITION BY f.cause ORDER BY f.place, f.check_name) AS rank_of_cause
    FROM failing AS f
),
loads AS (
    SELECT MAX(CAST(l.observed_at AS DATE)) AS last_day
    FROM ai_usage_analytics.slice_loads AS l
),
this_month AS (
    SELECT c.month AS month
    FROM loads AS l
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day = l.last_day
    -- The checks know no history: only who looks at it as it is may be told.
    WHERE l.last_day <= {{as_of}} AND {{as_of}} >= {{quiet_from}}
)
SELECT
    f.check_name AS subject,
    SUBSTR(CAST(m.month AS STRING), 1, 7) AS period,
    CAST(f.measured_value AS {{numeric}}) AS measured,
    CAST(f.alert_at AS {{numeric}}) AS limit_value,
    CAST(CASE WHEN f.check_name IN ('dimensions_keep_cost', 'rejected_money') THEN f.measured_value END AS {{numeric}}) AS amount,
    CAST(NULL AS {{numeric}}) AS baseline,
    CAST(NULL AS STRING) AS platform,
    CAST(NULL AS STRING) AS team,
    CAST(NULL AS DATE) AS now_from,
    CAST(NULL AS DATE) AS now_to,
    CAST(NULL AS DATE) AS base_from,
    CAST(NULL AS DATE) AS base_to,
    m.month AS since,
    'executive#definitions' AS link,
    'It counts ' || f.detail || '.' AS note
FROM first_of_cause AS f
CROSS JOIN this_month AS m
WHERE f.rank_of_cause = 1
