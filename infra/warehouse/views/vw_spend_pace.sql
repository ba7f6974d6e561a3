-- How a day's billed money compares with the seven days before it, by platform and in total (platform NULL). A day is
-- complete when every automatic feed of money that knew the day before read it after its end. mean_usd is the mean of the
-- seven days, like_usd that of the days of its kind among them (five weekdays, or two days of a weekend); both are NULL
-- where one of the seven is not complete.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_spend_pace AS
WITH readings AS (
    SELECT
        l.feed AS feed,
        l.org_id AS org_id,
        l.slice_day AS day,
        MAX(
            CASE
                WHEN l.state <> 'unavailable' AND l.outcome = 'complete'
                    AND l.observed_at >= CAST(DATE_ADD(l.slice_day, INTERVAL 1 DAY) AS TIMESTAMP) THEN 1
                ELSE 0
            END
        ) AS whole,
        MAX(CASE WHEN l.outcome = 'retired' THEN 1 ELSE 0 END) AS retired
    FROM ai_usage_analytics.slice_loads AS l
    WHERE l.feed IN ('anthropic/cost', 'cursor/usage-events') AND l.slice_day IS NOT NULL
    GROUP BY l.feed, l.org_id, l.slice_day
),
-- The first and, where somebody retired it, the last day of each feed.
marked AS (
    SELECT
        r.feed AS feed,
        r.day AS day,
        r.whole AS whole,
        CASE WHEN ROW_NUMBER() OVER (PARTITION BY r.feed, r.org_id ORDER BY r.day) = 1 THEN 1 ELSE 0 END AS begun,
        CASE
            WHEN ROW_NUMBER() OVER (PARTITION BY r.feed, r.org_id ORDER BY r.day DESC) = 1
                THEN MAX(r.retired) OVER (PARTITION BY r.feed, r.org_id)
            ELSE 0
        END AS ended
    FROM readings AS r
),
by_day AS (
    SELECT
        m.day AS day,
        SUM(CASE WHEN m.feed = 'anthropic/cost' THEN m.whole ELSE 0 END) AS anthropic_whole,
        SUM(CASE WHEN m.feed = 'anthropic/cost' THEN m.begun ELSE 0 END) AS anthropic_begun,
        SUM(CASE WHEN m.feed = 'anthropic/cost' THEN m.ended ELSE 0 END) AS anthropic_ended,
        SUM(CASE WHEN m.feed = 'anthropic/cost' THEN 0 ELSE m.whole END) AS cursor_whole,
        SUM(CASE WHEN m.feed = 'anthropic/cost' THEN 0 ELSE m.begun END) AS cursor_begun,
        SUM(CASE WHEN m.feed = 'anthropic/cost' THEN 0 ELSE m.ended END) AS cursor_ended
    FROM marked AS m
    GROUP BY m.day
),
expected AS (
    SELECT
        c.day AS day,
        c.month AS month,
        c.is_weekday AS is_weekday,
        COALESCE(b.anthropic_whole, 0) AS anthropic_whole,
        COALESCE(b.cursor_whole, 0) AS cursor_whole,
        -- A feed that ended today is still expected today.
        SUM(COALESCE(b.anthropic_begun - b.anthropic_ended, 0)) OVER (ORDER BY c.day) + COALESCE(b.anthropic_ended, 0)
            AS anthropic_feeds,
        SUM(COALESCE(b.cursor_begun - b.cursor_ended, 0)) OVER (ORDER BY c.day) + COALESCE(b.cursor_ended, 0)
            AS cursor_feeds,
        MIN(b.day) OVER (ORDER BY c.day) AS first_day,
        MAX(b.day) OVER () AS last_day
    FROM ai_usage_analytics.dim_calendar AS c
    LEFT JOIN by_day AS b ON b.day = c.day
),
billed AS (
    SELECT
        e.expense_date AS day,
        CASE e.platform WHEN 'claude.ai' THEN 'claude_ai' ELSE e.platform END AS platform,
        SUM(e.cost_usd) AS cost_usd
    FROM ai_usage_analytics.claude_expenses AS e
    GROUP BY e.expense_date, CASE e.platform WHEN 'claude.ai' THEN 'claude_ai' ELSE e.platform END
    UNION ALL
    SELECT e.expense_date AS day, 'cursor' AS platform, SUM(e.estimated_cost_usd) AS cost_usd
    FROM ai_usage_analytics.cursor_expenses AS e
    GROUP BY e.expense_date
),
platforms AS (
    SELECT p.view_name AS platform, p.vendor AS vendor
    FROM ai_usage_analytics.dim_platform AS p
    UNION ALL
    SELECT CAST(NULL AS STRING) AS platform, 'all' AS vendor
),
days AS (
    SELECT
        x.day AS day,
        x.month AS month,
        x.is_weekday AS is_weekday,
        p.platform AS platform,
        (p.vendor = 'cursor' OR x.anthropic_whole >= x.anthropic_feeds)
            AND (p.vendor = 'anthropic' OR x.cursor_whole >= x.cursor_feeds) AS is_complete,
        COALESCE(SUM(b.cost_usd), 0) AS cost_usd
    FROM expected AS x
    CROSS JOIN platforms AS p
    LEFT JOIN billed AS b ON b.day = x.day AND b.platform = COALESCE(p.platform, b.platform)
    WHERE x.day >= x.first_day AND x.day <= x.last_day
    GROUP BY
        x.day, x.month, x.is_weekday, p.platform, p.vendor, x.anthropic_whole, x.anthropic_feeds, x.cursor_whole, x.cursor_feeds
),
weeks AS (
    SELECT
        d.*,
        SUM(CASE WHEN d.is_complete THEN 1 ELSE 0 END)
            OVER (PARTITION BY d.platform ORDER BY d.day ROWS BETWEEN 7 PRECEDING AND 1 PRECEDING) AS days_before,
        SUM(d.cost_usd) OVER (PARTITION BY d.platform ORDER BY d.day ROWS BETWEEN 7 PRECEDING AND 1 PRECEDING) AS usd_before,
        SUM(CASE WHEN d.is_weekday THEN d.cost_usd ELSE 0 END)
            OVER (PARTITION BY d.platform ORDER BY d.day ROWS BETWEEN 7 PRECEDING AND 1 PRECEDING) AS weekday_usd_before
    FROM days AS d
)
SELECT
    w.day AS day,
    w.month AS month,
    w.is_weekday AS is_weekday,
    w.platform AS platform,
    w.is_complete AS is_complete,
    w.cost_usd AS cost_usd,
    CASE WHEN w.days_before = 7 THEN CAST(w.usd_before / 7 AS {{numeric}}) END AS mean_usd,
    CASE
        WHEN w.days_before < 7 THEN NULL
        WHEN w.is_weekday THEN CAST(w.weekday_usd_before / 5 AS {{numeric}})
        ELSE CAST((w.usd_before - w.weekday_usd_before) / 2 AS {{numeric}})
    END AS like_usd
FROM weeks AS w;
