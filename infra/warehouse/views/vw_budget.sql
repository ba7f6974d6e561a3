-- Budgets by month: of the company, each platform, each team, each platform of a team (platform or team NULL: all of them).
-- Where finance set none for exactly that, the sum of the next finer ones; levels are never mixed, so nothing counts twice.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_budget AS
WITH named AS (
    SELECT b.month AS month, COALESCE(p.view_name, b.platform) AS platform, b.team AS team, b.budget_usd AS budget_usd
    FROM ai_usage_analytics.dim_budget AS b
    LEFT JOIN ai_usage_analytics.dim_platform AS p ON p.platform = b.platform
),
levels AS (
    SELECT n.month AS month, CAST(NULL AS STRING) AS platform, CAST(NULL AS STRING) AS team,
        CASE
            WHEN n.platform IS NULL AND n.team IS NULL THEN 1
            WHEN n.team IS NULL THEN 2
            WHEN n.platform IS NULL THEN 3
            ELSE 4
        END AS fineness,
        n.budget_usd AS budget_usd
    FROM named AS n
    UNION ALL
    SELECT n.month AS month, n.platform AS platform, CAST(NULL AS STRING) AS team,
        CASE WHEN n.team IS NULL THEN 1 ELSE 2 END AS fineness,
        n.budget_usd AS budget_usd
    FROM named AS n
    WHERE n.platform IS NOT NULL
    UNION ALL
    SELECT n.month AS month, CAST(NULL AS STRING) AS platform, n.team AS team,
        CASE WHEN n.platform IS NULL THEN 1 ELSE 2 END AS fineness,
        n.budget_usd AS budget_usd
    FROM named AS n
    WHERE n.team IS NOT NULL
    UNION ALL
    SELECT n.month AS month, n.platform AS platform, n.team AS team, 1 AS fineness, n.budget_usd AS budget_usd
    FROM named AS n
    WHERE n.platform IS NOT NULL AND n.team IS NOT NULL
),
ranked AS (
    SELECT
        l.month AS month,
        l.platform AS platform,
        l.team AS team,
        SUM(l.budget_usd) AS budget_usd,
        ROW_NUMBER() OVER (PARTITION BY l.month, l.platform, l.team ORDER BY l.fineness) AS place
    FROM levels AS l
    GROUP BY l.month, l.platform, l.team, l.fineness
),
info AS (
    SELECT LOGICAL_OR(w.is_simulated) AS is_simulated FROM ai_usage_analytics.warehouse_info AS w
)
SELECT
    r.month AS month,
    r.platform AS platform,
    r.team AS team,
    r.budget_usd AS budget_usd,
    COALESCE(i.is_simulated, FALSE) AS is_example
FROM ranked AS r
CROSS JOIN info AS i
WHERE r.place = 1;
