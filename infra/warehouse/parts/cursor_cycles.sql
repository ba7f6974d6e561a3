-- The running cycle of each Cursor team: what Cursor says was spent, and what is billed.
snapshots AS (
    SELECT s.org_id, s.snapshot_date, s.cycle_start, SUM(s.spend_value_usd) AS spend_usd
    FROM ai_usage_analytics.cursor_spend_snapshots AS s
    GROUP BY s.org_id, s.snapshot_date, s.cycle_start
),
newest_snapshots AS (
    SELECT n.*
    FROM (
        SELECT s.*, ROW_NUMBER() OVER (PARTITION BY s.org_id ORDER BY s.snapshot_date DESC, s.cycle_start DESC) AS place
        FROM snapshots AS s
    ) AS n
    WHERE n.place = 1
),
-- A snapshot is taken in the middle of its day: what was spent lies between the days before and that day included, which
-- is read once it is over. The vendor's snapshot knows members alone: events of service accounts and without an address are not compared.
spenders AS (
    SELECT DISTINCT m.org_id AS org_id, m.snapshot_date AS snapshot_date, m.cycle_start AS cycle_start, m.user_email AS user_email
    FROM ai_usage_analytics.cursor_spend_snapshots AS m
),
cycles AS (
    SELECT
        s.org_id AS org_id,
        MAX(s.spend_usd) AS spend_usd,
        SUM(CASE WHEN e.cost_class = 'usage' AND e.expense_date < s.snapshot_date THEN e.estimated_cost_usd ELSE 0 END) AS billed_before_usd,
        SUM(CASE WHEN e.cost_class = 'usage' THEN e.estimated_cost_usd ELSE 0 END) AS billed_usd,
        MAX(CASE WHEN e.expense_date = s.snapshot_date THEN 1 ELSE 0 END) AS has_that_day
    FROM newest_snapshots AS s
    JOIN spenders AS p
        ON p.org_id = s.org_id AND p.snapshot_date = s.snapshot_date AND p.cycle_start = s.cycle_start
    LEFT JOIN ai_usage_analytics.cursor_expenses AS e
        ON e.org_id = s.org_id AND e.user_email = p.user_email
        AND e.expense_date >= s.cycle_start AND e.expense_date <= s.snapshot_date
    GROUP BY s.org_id
)
