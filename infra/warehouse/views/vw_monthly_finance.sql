-- A month of a platform for finance. A running month is compared with the same days of the month before, a whole one with
-- the whole one; a month before the first loaded day is nothing to compare with. Coverage counts billed records.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_monthly_finance AS
WITH spend AS (
    SELECT
        s.month AS month,
        s.platform AS platform,
        SUM(s.cost_usd) AS cost_usd,
        SUM(CASE WHEN s.cost_class = 'seat' THEN s.cost_usd ELSE 0 END) AS seat_usd,
        SUM(CASE WHEN s.cost_class = 'usage' THEN s.cost_usd ELSE 0 END) AS usage_usd,
        SUM(CASE WHEN s.cost_class NOT IN ('seat', 'usage') THEN s.cost_usd ELSE 0 END) AS other_usd,
        SUM(CASE WHEN s.spend_date <= r.through_day THEN s.cost_usd ELSE 0 END) AS through_usd,
        SUM(CASE WHEN EXTRACT(DAY FROM s.spend_date) <= EXTRACT(DAY FROM r.through_day) THEN s.cost_usd ELSE 0 END)
            AS same_days_usd,
        SUM(CASE WHEN s.attribution <> 'none' THEN s.records ELSE 0 END) AS attributed_records,
        SUM(s.records) AS total_records
    FROM ai_usage_analytics.vw_spend_daily AS s
    CROSS JOIN ai_usage_analytics.vw_loaded_range AS r
    GROUP BY s.month, s.platform
),
active AS (
    SELECT
        u.month AS month,
        u.platform AS platform,
        COUNT(DISTINCT CASE WHEN u.is_active AND u.user_email <> 'unknown@unattributed.com' THEN u.user_email END) AS active_users
    FROM ai_usage_analytics.vw_usage_daily AS u
    GROUP BY u.month, u.platform
),
months AS (
    SELECT c.month AS month, MAX(c.month_end) AS month_end
    FROM ai_usage_analytics.dim_calendar AS c
    GROUP BY c.month
),
compared AS (
    SELECT
        s.*,
        COALESCE(m.month >= r.first_day AND m.month_end <= r.through_day, FALSE) AS is_complete,
        CASE
            WHEN b.month < r.first_day OR r.first_day IS NULL THEN NULL
            WHEN m.month_end <= r.through_day THEN b.cost_usd
            ELSE b.same_days_usd
        END AS previous_usd,
        CASE WHEN m.month_end <= r.through_day THEN s.cost_usd ELSE s.through_usd END AS compared_usd,
        COALESCE(a.active_users, 0) AS active_users
    FROM spend AS s
    CROSS JOIN ai_usage_analytics.vw_loaded_range AS r
    JOIN months AS m ON m.month = s.month
    LEFT JOIN spend AS b ON b.platform = s.platform AND b.month = CAST(DATE_ADD(s.month, INTERVAL (-1) MONTH) AS DATE)
    LEFT JOIN active AS a ON a.month = s.month AND a.platform = s.platform
),
rated AS (
    SELECT
        c.*,
        CAST(SAFE_DIVIDE(c.compared_usd - c.previous_usd, c.previous_usd) AS {{numeric}}) AS mom_cost_change_pct,
        CAST(SAFE_DIVIDE(c.attributed_records, c.total_records) AS {{numeric}}) AS attribution_coverage
    FROM compared AS c
)
SELECT
    r.month AS month,
    r.platform AS platform,
    r.cost_usd AS cost_usd,
    r.seat_usd AS seat_usd,
    r.usage_usd AS usage_usd,
    r.other_usd AS other_usd,
    r.active_users AS active_users,
    CAST(SAFE_DIVIDE(r.cost_usd, r.active_users) AS {{numeric}}) AS cost_per_user,
    r.previous_usd AS previous_usd,
    r.mom_cost_change_pct AS mom_cost_change_pct,
    CASE
        WHEN r.mom_cost_change_pct IS NULL THEN NULL
        WHEN r.mom_cost_change_pct > 0.20 THEN 'High Growth'
        WHEN r.mom_cost_change_pct > 0.05 THEN 'Moderate Growth'
        WHEN r.mom_cost_change_pct >= -0.05 THEN 'Stable'
        WHEN r.mom_cost_change_pct >= -0.20 THEN 'Moderate Decline'
        ELSE 'Significant Decline'
    END AS growth_category,
    r.attributed_records AS attributed_records,
    r.total_records AS total_records,
    r.attribution_coverage AS attribution_coverage,
    CASE
        WHEN r.attribution_coverage IS NULL THEN NULL
        WHEN r.attribution_coverage >= 0.95 THEN 'Excellent'
        WHEN r.attribution_coverage >= 0.85 THEN 'Good'
        WHEN r.attribution_coverage >= 0.70 THEN 'Acceptable'
        ELSE 'Needs Attention'
    END AS data_quality,
    r.is_complete AS is_complete
FROM rated AS r;
