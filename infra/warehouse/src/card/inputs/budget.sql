/*
text = "The rows of the budget sheet that set it, by month. Where the sheet has no row for exactly this, those of the next finer level. A budget stands for whole months."
column = "dim_budget.budget_usd"
amount = "budget_usd"
*/
WITH named AS (
    SELECT
        b.month AS month,
        COALESCE(d.view_name, b.platform) AS platform,
        b.team AS team,
        b.budget_usd AS budget_usd,
        b.approved_by AS approved_by,
        b.source AS source,
        b.fetched_at AS fetched_at,
        b.run_id AS run_id,
        b.slice_key AS slice_key,
        b.document_sha256 AS raw_response,
        CASE
            WHEN b.platform IS NULL AND b.team IS NULL THEN 1
            WHEN b.team IS NULL THEN 2
            WHEN b.platform IS NULL THEN 3
            ELSE 4
        END AS fineness
    FROM ai_usage_analytics.dim_budget AS b
    LEFT JOIN ai_usage_analytics.dim_platform AS d ON d.platform = b.platform
),
-- As in vw_budget: levels are never mixed.
chosen AS (
    SELECT n.*, MIN(n.fineness) OVER (PARTITION BY n.month) AS finest
    FROM named AS n
    JOIN (
        SELECT c.month AS month
        FROM {{period}} AS p
        JOIN ai_usage_analytics.dim_calendar AS c ON c.day BETWEEN p.first_day AND p.last_day
        GROUP BY c.month
    ) AS m ON m.month = n.month
    WHERE {{by:team n.team}} AND {{by:platform n.platform}}
)
SELECT
    c.month AS month,
    c.platform AS platform,
    c.team AS team,
    c.budget_usd AS budget_usd,
    c.approved_by AS approved_by,
    c.source AS source,
    c.fetched_at AS fetched_at,
    c.run_id AS run_id,
    c.slice_key AS slice_key,
    c.raw_response AS raw_response
FROM chosen AS c
WHERE c.fineness = c.finest
ORDER BY month DESC, team, platform, budget_usd DESC
