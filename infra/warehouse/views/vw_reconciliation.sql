-- What a vendor invoiced for a period against what was billed in it: scopes usage and seats, in US dollars. Invoices of one
-- vendor, organisation, scope and period are one row. final_on is the day from which the period could be judged, NULL
-- while a day of it may still change; an invoice that nobody converted to dollars has no difference.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_reconciliation AS
WITH invoiced AS (
    SELECT
        CASE WHEN STARTS_WITH(i.vendor, 'cursor') OR STARTS_WITH(i.vendor, 'anysphere') THEN 'cursor' ELSE 'anthropic' END
            AS vendor,
        -- Seats are kept in one sheet for all organisations of a vendor.
        CASE WHEN i.scope = 'usage' THEN i.invoice_org_id END AS invoice_org_id,
        i.scope AS scope,
        i.period_start AS period_start,
        i.period_end AS period_end,
        MIN(i.invoice_id) AS invoice_id,
        COUNT(*) AS invoices,
        CASE WHEN COUNT(*) = COUNT(i.usd_amount) THEN SUM(i.usd_amount) END AS invoiced_usd
    FROM ai_usage_analytics.invoices AS i
    WHERE i.scope IN ('usage', 'seats')
    GROUP BY
        CASE WHEN STARTS_WITH(i.vendor, 'cursor') OR STARTS_WITH(i.vendor, 'anysphere') THEN 'cursor' ELSE 'anthropic' END,
        CASE WHEN i.scope = 'usage' THEN i.invoice_org_id END,
        i.scope, i.period_start, i.period_end
),
billed AS (
    SELECT
        'anthropic' AS vendor,
        CASE e.cost_class WHEN 'seat' THEN 'seats' ELSE e.cost_class END AS scope,
        CASE WHEN e.cost_class = 'usage' THEN e.org_id END AS org_id,
        e.expense_date AS day,
        SUM(e.cost_usd) AS cost_usd
    FROM ai_usage_analytics.claude_expenses AS e
    WHERE e.cost_class IN ('usage', 'seat')
    GROUP BY CASE e.cost_class WHEN 'seat' THEN 'seats' ELSE e.cost_class END, CASE WHEN e.cost_class = 'usage' THEN e.org_id END, e.expense_date
    UNION ALL
    SELECT
        'cursor' AS vendor,
        CASE e.cost_class WHEN 'seat' THEN 'seats' ELSE e.cost_class END AS scope,
        CASE WHEN e.cost_class = 'usage' THEN e.org_id END AS org_id,
        e.expense_date AS day,
        SUM(e.estimated_cost_usd) AS cost_usd
    FROM ai_usage_analytics.cursor_expenses AS e
    WHERE e.cost_class IN ('usage', 'seat')
    GROUP BY CASE e.cost_class WHEN 'seat' THEN 'seats' ELSE e.cost_class END, CASE WHEN e.cost_class = 'usage' THEN e.org_id END, e.expense_date
),
sums AS (
    SELECT
        i.vendor AS vendor,
        i.invoice_org_id AS invoice_org_id,
        i.scope AS scope,
        i.period_start AS period_start,
        i.period_end AS period_end,
        COALESCE(SUM(b.cost_usd), 0) AS billed_usd
    FROM invoiced AS i
    LEFT JOIN billed AS b
        ON b.vendor = i.vendor AND b.scope = i.scope AND b.day >= i.period_start AND b.day <= i.period_end
        AND (i.invoice_org_id IS NULL OR b.org_id = i.invoice_org_id)
    GROUP BY i.vendor, i.invoice_org_id, i.scope, i.period_start, i.period_end
),
-- A vendor may restate a day for as long as it is read again: 30 days where costs come from analytics, else 7.
days AS (
    SELECT
        CASE l.feed WHEN 'cursor/usage-events' THEN 'cursor' ELSE 'anthropic' END AS vendor,
        l.org_id AS org_id,
        l.slice_day AS day,
        MIN(
            CASE
                WHEN l.outcome <> 'complete' OR l.state = 'unavailable' THEN NULL
                WHEN l.source = 'analytics' AND l.observed_at < CAST(DATE_ADD(l.slice_day, INTERVAL 31 DAY) AS TIMESTAMP)
                    THEN NULL
                WHEN l.observed_at >= CAST(DATE_ADD(l.slice_day, INTERVAL 8 DAY) AS TIMESTAMP) THEN l.observed_at
            END
        ) AS final_at
    FROM ai_usage_analytics.slice_loads AS l
    WHERE l.feed IN ('anthropic/cost', 'cursor/usage-events') AND l.slice_day IS NOT NULL
    GROUP BY l.feed, l.org_id, l.slice_day
),
usage_final AS (
    SELECT
        i.vendor AS vendor,
        i.invoice_org_id AS invoice_org_id,
        i.scope AS scope,
        i.period_start AS period_start,
        i.period_end AS period_end,
        CASE
            WHEN COUNT(*) = COUNT(d.final_at)
                AND COUNT(DISTINCT d.day) = MAX(UNIX_DATE(i.period_end) - UNIX_DATE(i.period_start)) + 1
                THEN CAST(MAX(d.final_at) AS DATE)
        END AS final_on
    FROM invoiced AS i
    JOIN days AS d
        ON d.vendor = i.vendor AND d.day >= i.period_start AND d.day <= i.period_end
        AND (i.invoice_org_id IS NULL OR d.org_id = i.invoice_org_id)
    WHERE i.scope = 'usage'
    GROUP BY i.vendor, i.invoice_org_id, i.scope, i.period_start, i.period_end
),
seats_read AS (
    SELECT CAST(l.observed_at AS DATE) AS read_on
    FROM ai_usage_analytics.slice_loads AS l
    WHERE l.feed = 'sheets/seats' AND l.outcome = 'complete'
    GROUP BY CAST(l.observed_at AS DATE)
),
seats_final AS (
    SELECT i.vendor AS vendor, i.period_start AS period_start, i.period_end AS period_end, MIN(r.read_on) AS final_on
    FROM invoiced AS i
    JOIN seats_read AS r ON r.read_on > i.period_end
    WHERE i.scope = 'seats'
    GROUP BY i.vendor, i.period_start, i.period_end
)
SELECT
    i.vendor AS vendor,
    i.invoice_org_id AS invoice_org_id,
    i.scope AS scope,
    i.period_start AS period_start,
    i.period_end AS period_end,
    i.invoice_id AS invoice_id,
    i.invoices AS invoices,
    i.invoiced_usd AS invoiced_usd,
    s.billed_usd AS billed_usd,
    s.billed_usd - i.invoiced_usd AS difference_usd,
    CAST(SAFE_DIVIDE((s.billed_usd - i.invoiced_usd) * 100, ABS(i.invoiced_usd)) AS {{numeric}}) AS difference_pct,
    CASE i.scope WHEN 'usage' THEN u.final_on ELSE e.final_on END AS final_on
FROM invoiced AS i
JOIN sums AS s
    ON s.vendor = i.vendor AND s.scope = i.scope AND s.period_start = i.period_start AND s.period_end = i.period_end
    AND COALESCE(s.invoice_org_id, '') = COALESCE(i.invoice_org_id, '')
LEFT JOIN usage_final AS u
    ON u.vendor = i.vendor AND u.scope = i.scope AND u.period_start = i.period_start AND u.period_end = i.period_end
    AND COALESCE(u.invoice_org_id, '') = COALESCE(i.invoice_org_id, '')
LEFT JOIN seats_final AS e
    ON e.vendor = i.vendor AND e.period_start = i.period_start AND e.period_end = i.period_end;
