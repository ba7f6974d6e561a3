-- The quarterly report: money of a platform, its parts, and the quarter before (NULL unless that one was loaded from its
-- first day). A running quarter is not compared: quarter_to_date_usd is what it came to so far.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_quarterly_finance AS
WITH calendar AS (
    SELECT
        c.quarter AS quarter,
        MAX(c.day) AS quarter_end
    FROM ai_usage_analytics.dim_calendar AS c
    GROUP BY c.quarter
),
spend AS (
    SELECT
        c.quarter AS quarter,
        s.platform AS platform,
        SUM(s.cost_usd) AS cost_usd,
        SUM(CASE WHEN s.cost_class = 'seat' THEN s.cost_usd ELSE 0 END) AS seat_usd,
        SUM(CASE WHEN s.cost_class = 'usage' THEN s.cost_usd ELSE 0 END) AS usage_usd,
        SUM(CASE WHEN s.cost_class NOT IN ('seat', 'usage') THEN s.cost_usd ELSE 0 END) AS other_usd,
        SUM(CASE WHEN s.attribution <> 'none' THEN s.cost_usd ELSE 0 END) AS attributed_usd
    FROM ai_usage_analytics.vw_spend_daily AS s
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day = s.spend_date
    GROUP BY c.quarter, s.platform
),
active AS (
    SELECT
        c.quarter AS quarter,
        u.platform AS platform,
        COUNT(DISTINCT CASE WHEN u.is_active AND u.user_email <> 'unknown@unattributed.com' THEN u.user_email END) AS active_users
    FROM ai_usage_analytics.vw_usage_daily AS u
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day = u.usage_date
    GROUP BY c.quarter, u.platform
),
budget AS (
    SELECT c.quarter AS quarter, b.platform AS platform, SUM(b.budget_usd) AS budget_usd
    FROM ai_usage_analytics.vw_budget AS b
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day = b.month
    WHERE b.platform IS NOT NULL AND b.team IS NULL
    GROUP BY c.quarter, b.platform
),
compared AS (
    SELECT
        s.*,
        COALESCE(s.quarter >= r.first_day AND k.quarter_end <= r.through_day, FALSE) AS is_complete,
        CASE WHEN p.quarter >= r.first_day AND k.quarter_end <= r.through_day THEN p.cost_usd END AS previous_usd,
        COALESCE(a.active_users, 0) AS active_users,
        b.budget_usd AS budget_usd
    FROM spend AS s
    CROSS JOIN ai_usage_analytics.vw_loaded_range AS r
    JOIN calendar AS k ON k.quarter = s.quarter
    LEFT JOIN spend AS p ON p.platform = s.platform AND p.quarter = CAST(DATE_ADD(s.quarter, INTERVAL (-3) MONTH) AS DATE)
    LEFT JOIN active AS a ON a.quarter = s.quarter AND a.platform = s.platform
    LEFT JOIN budget AS b ON b.quarter = s.quarter AND b.platform = s.platform
),
rated AS (
    SELECT c.*, CAST(SAFE_DIVIDE(c.cost_usd - c.previous_usd, c.previous_usd) AS {{numeric}}) AS qoq_cost_change_pct
    FROM compared AS c
)
SELECT
    r.quarter AS quarter,
    r.platform AS platform,
    r.cost_usd AS cost_usd,
    r.seat_usd AS seat_usd,
    r.usage_usd AS usage_usd,
    r.other_usd AS other_usd,
    CASE WHEN NOT r.is_complete THEN r.cost_usd END AS quarter_to_date_usd,
    r.active_users AS active_users,
    CAST(SAFE_DIVIDE(r.cost_usd, r.active_users) AS {{numeric}}) AS cost_per_user,
    r.previous_usd AS previous_usd,
    r.qoq_cost_change_pct AS qoq_cost_change_pct,
    CASE
        WHEN r.qoq_cost_change_pct IS NULL THEN NULL
        WHEN r.qoq_cost_change_pct > 0.20 THEN 'High Growth'
        WHEN r.qoq_cost_change_pct > 0.05 THEN 'Moderate Growth'
        WHEN r.qoq_cost_change_pct >= -0.05 THEN 'Stable'
        WHEN r.qoq_cost_change_pct >= -0.20 THEN 'Moderate Decline'
        ELSE 'Significant Decline'
    END AS growth_category,
    r.budget_usd AS budget_usd,
    r.cost_usd - r.budget_usd AS variance_usd,
    CAST(SAFE_DIVIDE(r.attributed_usd, r.cost_usd) AS {{numeric}}) AS attribution_coverage_cost,
    r.is_complete AS is_complete
FROM rated AS r;
