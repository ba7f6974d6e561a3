-- A month of the company, with quarter and year to date. The annual run rate is twelve times the last complete month. Cost
-- per line counts what pays for lines (is_coding); the ratio of 003 rests on an assumed value per line, not on a measure.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_executive_summary AS
WITH months AS (
    SELECT
        c.month AS month,
        MAX(c.month_end) AS month_end,
        MAX(c.quarter) AS quarter,
        MAX(c.year) AS year
    FROM ai_usage_analytics.dim_calendar AS c
    GROUP BY c.month
),
spend AS (
    SELECT
        s.month AS month,
        SUM(s.cost_usd) AS cost_usd,
        SUM(CASE WHEN s.spend_date <= r.through_day THEN s.cost_usd ELSE 0 END) AS through_usd,
        SUM(CASE WHEN EXTRACT(DAY FROM s.spend_date) <= EXTRACT(DAY FROM r.through_day) THEN s.cost_usd ELSE 0 END)
            AS same_days_usd,
        SUM(CASE WHEN s.is_coding THEN s.cost_usd ELSE 0 END) AS coding_usd,
        SUM(CASE WHEN s.is_coding AND s.platform = 'claude_ai' THEN s.cost_usd ELSE 0 END) AS covering_usd
    FROM ai_usage_analytics.vw_spend_daily AS s
    CROSS JOIN ai_usage_analytics.vw_loaded_range AS r
    GROUP BY s.month
),
output AS (
    SELECT
        u.month AS month,
        COUNT(DISTINCT CASE WHEN u.is_active AND u.user_email <> 'unknown@unattributed.com' THEN u.user_email END) AS active_users,
        SUM(u.lines_accepted) AS lines_accepted,
        SUM(CASE WHEN NOT u.covered_by_seat THEN u.lines_accepted END) AS billed_lines
    FROM ai_usage_analytics.vw_usage_daily AS u
    GROUP BY u.month
),
compared AS (
    SELECT
        s.*,
        m.quarter AS quarter,
        m.year AS year,
        COALESCE(m.month >= r.first_day AND m.month_end <= r.through_day, FALSE) AS is_complete,
        CASE
            WHEN b.month < r.first_day OR r.first_day IS NULL THEN NULL
            WHEN m.month_end <= r.through_day THEN b.cost_usd
            ELSE b.same_days_usd
        END AS previous_usd,
        CASE WHEN m.month_end <= r.through_day THEN s.cost_usd ELSE s.through_usd END AS compared_usd,
        CASE WHEN b.month >= r.first_day AND m.month_end > r.through_day THEN b.cost_usd END AS last_complete_usd,
        COALESCE(o.active_users, 0) AS active_users,
        CASE WHEN b.month >= r.first_day THEN ob.active_users END AS previous_users,
        o.lines_accepted AS lines_accepted,
        -- Lines under a seat count where the seat's money does.
        CASE WHEN s.covering_usd > 0 THEN o.lines_accepted ELSE o.billed_lines END AS paid_lines
    FROM spend AS s
    CROSS JOIN ai_usage_analytics.vw_loaded_range AS r
    JOIN months AS m ON m.month = s.month
    LEFT JOIN spend AS b ON b.month = CAST(DATE_ADD(s.month, INTERVAL (-1) MONTH) AS DATE)
    LEFT JOIN output AS o ON o.month = s.month
    LEFT JOIN output AS ob ON ob.month = CAST(DATE_ADD(s.month, INTERVAL (-1) MONTH) AS DATE)
),
assumed AS (
    SELECT MAX(a.value) AS value_per_line_usd
    FROM ai_usage_analytics.dim_assumption AS a
    WHERE a.name = 'value_per_line_usd'
),
rated AS (
    SELECT
        c.*,
        CAST(SAFE_DIVIDE(c.coding_usd, c.paid_lines) AS {{numeric}}) AS cost_per_line_accepted,
        SUM(c.cost_usd) OVER (
            PARTITION BY c.quarter ORDER BY c.month ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS quarter_to_date_usd,
        SUM(c.cost_usd) OVER (
            PARTITION BY c.year ORDER BY c.month ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS year_to_date_usd
    FROM compared AS c
)
SELECT
    r.month AS month,
    r.cost_usd AS total_monthly_cost,
    r.quarter_to_date_usd AS quarter_to_date_usd,
    r.year_to_date_usd AS year_to_date_usd,
    r.active_users AS active_users,
    CAST(SAFE_DIVIDE(r.cost_usd, r.active_users) AS {{numeric}}) AS cost_per_active_user,
    CAST(SAFE_DIVIDE(r.compared_usd - r.previous_usd, r.previous_usd) AS {{numeric}}) AS cost_growth_rate,
    CAST(SAFE_DIVIDE(r.active_users - r.previous_users, r.previous_users) AS {{numeric}}) AS user_growth_rate,
    CASE WHEN r.is_complete THEN r.cost_usd ELSE r.last_complete_usd END * 12 AS annual_run_rate,
    r.coding_usd AS coding_usd,
    r.lines_accepted AS lines_accepted,
    r.cost_per_line_accepted AS cost_per_line_accepted,
    CASE
        WHEN r.cost_per_line_accepted IS NULL THEN 'No output data'
        WHEN r.cost_per_line_accepted <= 0.15 THEN 'Excellent'
        WHEN r.cost_per_line_accepted <= 0.30 THEN 'Good'
        WHEN r.cost_per_line_accepted <= 0.50 THEN 'Acceptable'
        ELSE 'Poor'
    END AS roi_category,
    CAST(SAFE_DIVIDE(r.paid_lines * a.value_per_line_usd, r.coding_usd) AS {{numeric}}) AS estimated_time_savings_ratio,
    r.is_complete AS is_complete
FROM rated AS r
CROSS JOIN assumed AS a;
