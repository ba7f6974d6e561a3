-- The checks of vw_data_quality that are about how the pipeline runs, what the vendors say about their own data, and
-- whether invoices and seats agree with it. target NULL: for information.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_quality_of_operation AS
WITH newest AS (
    SELECT n.*
    FROM (
        SELECT
            l.*,
            ROW_NUMBER() OVER (
                PARTITION BY l.slice_key ORDER BY l.generation DESC, l.revision DESC, l.reader_version DESC
            ) AS place
        FROM ai_usage_analytics.slice_loads AS l
        WHERE l.state <> 'unavailable'
    ) AS n
    WHERE n.place = 1
),
-- Runs that asked vendors; the others repeat what is there.
asked AS (
    SELECT
        r.started_at AS started_at,
        r.finished_at AS finished_at,
        r.state = 'succeeded' AS is_clean,
        r.parked AS parked,
        ROW_NUMBER() OVER (ORDER BY r.started_at DESC, r.run_id DESC) AS place
    FROM ai_usage_analytics.runs AS r
    WHERE r.trigger IN ('daily', 'command', 'backfill') AND r.state <> 'running'
),
-- From the first run that failed to the end of the next one that did not.
broken AS (
    SELECT a.started_at AS started_at, MIN(b.finished_at) AS recovered_at
    FROM asked AS a
    LEFT JOIN asked AS before ON before.place = a.place + 1
    JOIN asked AS b ON b.started_at > a.started_at AND b.is_clean
    WHERE NOT a.is_clean AND COALESCE(before.is_clean, TRUE)
    GROUP BY a.started_at
),
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
code_days AS (
    SELECT
        d.org_id AS org_id,
        d.day AS day,
        SUM(d.billed_usd) AS billed_usd,
        SUM(d.estimated_usd) AS estimated_usd
    FROM (
        SELECT e.org_id AS org_id, e.expense_date AS day, e.cost_usd AS billed_usd, CAST(0 AS {{numeric}}) AS estimated_usd
        FROM ai_usage_analytics.claude_expenses AS e
        WHERE e.platform = 'claude_code' AND e.cost_class = 'usage'
        UNION ALL
        SELECT
            s.org_id AS org_id,
            s.activity_date AS day,
            CAST(0 AS {{numeric}}) AS billed_usd,
            s.estimated_cost_usd AS estimated_usd
        FROM ai_usage_analytics.claude_code_usage_stats AS s
        WHERE s.customer_type = 'api' AND s.estimated_cost_usd IS NOT NULL
    ) AS d
    GROUP BY d.org_id, d.day
),
code_sums AS (
    SELECT SUM(d.billed_usd) AS billed_usd, SUM(d.estimated_usd) AS estimated_usd
    FROM code_days AS d
    WHERE d.billed_usd <> 0 AND d.estimated_usd <> 0
),
-- Both are of the organisation of an admin key, and of days on which Claude Code was asked as well: what is billed to a key
-- is in the usage report by the key, and in Claude Code's own by the person.
code_tokens AS (
    SELECT SUM(d.reported) AS reported, SUM(d.own) AS own
    FROM (
        SELECT CAST(n.claude_code_tokens AS {{numeric}}) AS reported, CAST(0 AS {{numeric}}) AS own
        FROM newest AS n
        JOIN newest AS c
            ON c.feed = 'anthropic/claude-code' AND c.org_id = n.org_id AND c.slice_day = n.slice_day
        WHERE n.feed = 'anthropic/cost' AND n.claude_code_tokens IS NOT NULL
        UNION ALL
        SELECT
            CAST(0 AS {{numeric}}) AS reported,
            CAST(COALESCE(s.input_tokens, 0) + COALESCE(s.output_tokens, 0) + COALESCE(s.cache_tokens, 0) AS {{numeric}}) AS own
        FROM ai_usage_analytics.claude_code_usage_stats AS s
        JOIN newest AS n
            ON n.feed = 'anthropic/cost' AND n.org_id = s.org_id AND n.slice_day = s.activity_date
        WHERE s.customer_type = 'api' AND n.claude_code_tokens IS NOT NULL
    ) AS d
),
invoices AS (
    SELECT MAX(ABS(r.difference_pct)) AS worst_pct
    FROM ai_usage_analytics.vw_reconciliation AS r
    WHERE r.final_on IS NOT NULL AND UNIX_DATE(r.period_end) > UNIX_DATE(CAST({{now}} AS DATE)) - 366
),
-- Seats that a person has of one plan, cycle by cycle; cycles that overlap others of theirs cannot be told apart.
seat_cycles AS (
    SELECT
        c.vendor AS vendor,
        COALESCE(c.plan, '') AS plan,
        COALESCE(c.user_email, '') AS user_email,
        c.start_day AS start_day,
        c.next_day AS next_day,
        -- As vw_seat_spend counts it: what is due within the cycle.
        SUM(CASE WHEN c.due_on >= c.start_day AND c.due_on < c.next_day THEN c.due_usd ELSE 0 END) AS cash_usd
    FROM ai_usage_analytics.vw_seat_cycles AS c
    GROUP BY c.vendor, COALESCE(c.plan, ''), COALESCE(c.user_email, ''), c.start_day, c.next_day
    HAVING LOGICAL_AND(c.is_whole)
),
all_cycles AS (
    SELECT
        c.vendor AS vendor,
        COALESCE(c.plan, '') AS plan,
        COALESCE(c.user_email, '') AS user_email,
        c.start_day AS start_day,
        c.next_day AS next_day
    FROM ai_usage_analytics.vw_seat_cycles AS c
    GROUP BY c.vendor, COALESCE(c.plan, ''), COALESCE(c.user_email, ''), c.start_day, c.next_day
),
plain_cycles AS (
    SELECT
        s.vendor AS vendor,
        s.plan AS plan,
        s.user_email AS user_email,
        s.start_day AS start_day,
        s.next_day AS next_day,
        MAX(s.cash_usd) AS cash_usd
    FROM seat_cycles AS s
    JOIN all_cycles AS o
        ON o.vendor = s.vendor AND o.plan = s.plan AND o.user_email = s.user_email
        AND o.start_day < s.next_day AND o.next_day > s.start_day
    GROUP BY s.vendor, s.plan, s.user_email, s.start_day, s.next_day
    HAVING COUNT(*) = 1
),
seat_days AS (
    SELECT
        'anthropic' AS vendor,
        COALESCE(e.subscription_plan, '') AS plan,
        COALESCE(e.user_email, '') AS user_email,
        e.expense_date AS day,
        SUM(e.cost_usd) AS cost_usd
    FROM ai_usage_analytics.claude_expenses AS e
    WHERE e.cost_type = 'subscription'
    GROUP BY COALESCE(e.subscription_plan, ''), COALESCE(e.user_email, ''), e.expense_date
    UNION ALL
    SELECT
        'cursor' AS vendor,
        COALESCE(e.subscription_plan, '') AS plan,
        COALESCE(e.user_email, '') AS user_email,
        e.expense_date AS day,
        SUM(e.estimated_cost_usd) AS cost_usd
    FROM ai_usage_analytics.cursor_expenses AS e
    WHERE e.cost_type = 'subscription'
    GROUP BY COALESCE(e.subscription_plan, ''), COALESCE(e.user_email, ''), e.expense_date
),
seat_sums AS (
    SELECT p.cash_usd AS cash_usd, COALESCE(SUM(d.cost_usd), 0) AS cost_usd
    FROM plain_cycles AS p
    LEFT JOIN seat_days AS d
        ON d.vendor = p.vendor AND d.plan = p.plan AND d.user_email = p.user_email
        AND d.day >= p.start_day AND d.day < p.next_day
    GROUP BY p.vendor, p.plan, p.user_email, p.start_day, p.next_day, p.cash_usd
)
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
