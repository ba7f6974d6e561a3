-- What to do next, by seven rules over the last 60 loaded days and the last two complete months. A saving is stated only
-- where a formula gives it: R1 the seat's monthly price; R4 the weaker platform's seat, or its cost last month where it is
-- billed by use; R5 tokens x price difference x 50 %, an upper bound. One seat is never saved twice.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_recommendation AS
WITH latest AS (
    SELECT
        r.through_day AS through_day,
        UNIX_DATE(r.through_day) AS through_number,
        r.first_day AS first_day,
        CASE WHEN r.through_day = c.month_end THEN c.month ELSE CAST(DATE_ADD(c.month, INTERVAL (-1) MONTH) AS DATE) END AS last_month,
        CASE
            WHEN r.through_day = c.month_end THEN CAST(DATE_ADD(c.month, INTERVAL (-1) MONTH) AS DATE)
            ELSE CAST(DATE_ADD(c.month, INTERVAL (-2) MONTH) AS DATE)
        END AS month_before
    FROM ai_usage_analytics.vw_loaded_range AS r
    JOIN ai_usage_analytics.dim_calendar AS c ON c.day = r.through_day
),
seats AS (
    SELECT
        d.user_email AS user_email,
        CASE d.vendor WHEN 'cursor' THEN 'cursor' ELSE 'claude_ai' END AS platform,
        SUM(CASE WHEN d.billing = 'annual' THEN CAST(d.price_usd / 12 AS {{numeric}}) ELSE d.price_usd END) AS price_usd,
        MIN(d.valid_from) AS valid_from
    FROM ai_usage_analytics.dim_seats AS d
    CROSS JOIN latest AS l
    WHERE d.user_email IS NOT NULL
        AND COALESCE(d.valid_from, DATE '0001-01-01') <= l.through_day
        AND COALESCE(d.valid_to, DATE '9999-12-31') > l.through_day
    GROUP BY d.user_email, CASE d.vendor WHEN 'cursor' THEN 'cursor' ELSE 'claude_ai' END
),
-- Claude Code under a Claude.ai seat is use of that seat.
use_by_seat AS (
    SELECT
        CASE WHEN u.covered_by_seat THEN 'claude_ai' ELSE u.platform END AS platform,
        u.user_email AS user_email,
        MAX(CASE WHEN u.is_active THEN u.usage_date END) AS last_active
    FROM ai_usage_analytics.vw_usage_daily AS u
    GROUP BY CASE WHEN u.covered_by_seat THEN 'claude_ai' ELSE u.platform END, u.user_email
),
-- A platform whose use nobody reports is not called idle.
reported AS (
    SELECT u.platform AS platform, MAX(u.usage_date) AS last_day
    FROM ai_usage_analytics.vw_usage_daily AS u
    WHERE u.platform IN ('cursor', 'claude_ai')
    GROUP BY u.platform
),
idle AS (
    SELECT
        s.user_email AS user_email,
        s.platform AS platform,
        s.price_usd AS price_usd,
        u.last_active AS last_active,
        s.valid_from AS valid_from,
        l.through_number - UNIX_DATE(COALESCE(u.last_active, s.valid_from, l.first_day)) AS days_idle
    FROM seats AS s
    CROSS JOIN latest AS l
    JOIN reported AS r ON r.platform = s.platform
    LEFT JOIN use_by_seat AS u ON u.platform = s.platform AND u.user_email = s.user_email
    WHERE l.through_number - UNIX_DATE(COALESCE(u.last_active, s.valid_from, l.first_day)) >= 30
        AND l.through_number - UNIX_DATE(COALESCE(s.valid_from, l.first_day)) >= 30
        AND l.through_number - UNIX_DATE(r.last_day) < 30
),
months AS (
    SELECT
        a.user_email AS user_email,
        a.platform AS platform,
        SUM(CASE WHEN a.month = l.last_month THEN a.cost_usd ELSE 0 END) AS cost_usd,
        SUM(CASE WHEN a.month = l.month_before THEN a.cost_usd ELSE 0 END) AS cost_before_usd,
        SUM(CASE WHEN a.month = l.last_month THEN a.seat_usd ELSE 0 END) AS seat_usd,
        SUM(CASE WHEN a.month = l.month_before THEN a.seat_usd ELSE 0 END) AS seat_before_usd,
        SUM(CASE WHEN a.month = l.last_month THEN a.usage_usd ELSE 0 END) AS usage_usd,
        SUM(CASE WHEN a.month = l.month_before THEN a.usage_usd ELSE 0 END) AS usage_before_usd,
        SUM(CASE WHEN a.month = l.last_month THEN COALESCE(a.lines_accepted, 0) ELSE 0 END) AS lines_accepted,
        SUM(CASE WHEN a.month = l.month_before THEN COALESCE(a.lines_accepted, 0) ELSE 0 END) AS lines_before
    FROM ai_usage_analytics.vw_cost_allocation AS a
    JOIN latest AS l ON a.month = l.last_month OR a.month = l.month_before
    WHERE a.user_email <> 'unknown@unattributed.com' AND l.month_before >= l.first_day
    GROUP BY a.user_email, a.platform
),
both_tools AS (
    SELECT
        c.user_email AS user_email,
        CASE WHEN c.lines_accepted < k.lines_accepted THEN 'claude_code' ELSE 'cursor' END AS platform,
        CASE WHEN c.lines_accepted < k.lines_accepted THEN c.cost_usd ELSE COALESCE(s.price_usd, k.cost_usd) END AS saving_usd,
        LEAST(c.lines_accepted, k.lines_accepted) AS weaker_lines,
        c.lines_accepted + k.lines_accepted AS all_lines
    FROM months AS c
    JOIN months AS k ON k.user_email = c.user_email AND k.platform = 'cursor'
    LEFT JOIN seats AS s ON s.user_email = c.user_email AND s.platform = 'cursor'
    WHERE c.platform = 'claude_code' AND c.cost_usd > 0 AND k.cost_usd > 0
        AND LEAST(c.lines_accepted, k.lines_accepted) * 10 < c.lines_accepted + k.lines_accepted
),
-- Tokens and their money by subject (an API key; a person of Claude Code) and model, the last 30 days.
model_use AS (
    SELECT
        x.platform AS platform,
        x.subject AS subject,
        MAX(x.user_email) AS user_email,
        MAX(x.team) AS team,
        MAX(x.api_key_id) AS api_key_id,
        x.model AS model,
        SUM(x.cost_usd) AS cost_usd,
        SUM(x.tokens) AS tokens
    FROM (
        SELECT
            s.platform AS platform,
            CASE WHEN s.platform = 'claude_api' THEN s.api_key_id ELSE s.user_email END AS subject,
            s.user_email AS user_email,
            s.team AS team,
            CASE WHEN s.platform = 'claude_api' THEN s.api_key_id END AS api_key_id,
            s.model AS model,
            s.cost_usd AS cost_usd,
            CAST(0 AS INT64) AS tokens
        FROM ai_usage_analytics.vw_spend_daily AS s
        CROSS JOIN latest AS l
        WHERE s.platform IN ('claude_code', 'claude_api') AND s.cost_type = 'tokens' AND s.model IS NOT NULL
            AND UNIX_DATE(s.spend_date) > l.through_number - 30 AND s.spend_date <= l.through_day
        UNION ALL
        SELECT
            u.platform AS platform,
            CASE WHEN u.platform = 'claude_api' THEN u.api_key_id ELSE u.user_email END AS subject,
            u.user_email AS user_email,
            u.team AS team,
            CASE WHEN u.platform = 'claude_api' THEN u.api_key_id END AS api_key_id,
            u.model AS model,
            CAST(0 AS {{numeric}}) AS cost_usd,
            COALESCE(u.input_tokens, 0) + COALESCE(u.output_tokens, 0) AS tokens
        FROM ai_usage_analytics.vw_usage_daily AS u
        CROSS JOIN latest AS l
        WHERE u.platform IN ('claude_code', 'claude_api') AND u.model IS NOT NULL AND NOT u.covered_by_seat
            AND UNIX_DATE(u.usage_date) > l.through_number - 30 AND u.usage_date <= l.through_day
    ) AS x
    WHERE x.subject IS NOT NULL AND x.user_email <> 'unknown@unattributed.com'
    GROUP BY x.platform, x.subject, x.model
),
team_prices AS (
    SELECT
        m.team AS team,
        m.platform AS platform,
        m.model AS model,
        CAST(SAFE_DIVIDE(SUM(m.cost_usd) * 1000, SUM(m.tokens)) AS {{numeric}}) AS usd_per_1k
    FROM model_use AS m
    WHERE m.tokens > 0
    GROUP BY m.team, m.platform, m.model
    HAVING SUM(m.tokens) >= 1000000 AND SUM(m.cost_usd) > 0
),
main_models AS (
    SELECT
        m.*,
        CAST(SAFE_DIVIDE(m.cost_usd * 1000, m.tokens) AS {{numeric}}) AS usd_per_1k,
        SUM(m.cost_usd) OVER (PARTITION BY m.platform, m.subject) AS subject_usd
    FROM model_use AS m
),
dear_models AS (
    SELECT
        m.*,
        t.model AS cheaper_model,
        t.usd_per_1k AS cheaper_usd_per_1k,
        ROW_NUMBER() OVER (
            PARTITION BY m.platform, m.subject, m.model ORDER BY t.usd_per_1k, t.model
        ) AS place
    FROM main_models AS m
    JOIN team_prices AS t ON t.team = m.team AND t.platform = m.platform
    WHERE m.tokens > 0 AND m.cost_usd * 2 > m.subject_usd AND t.model <> m.model
        AND m.usd_per_1k >= t.usd_per_1k * 2
),
keys AS (
    SELECT
        s.api_key_id AS api_key_id,
        MAX(s.user_email) AS user_email,
        MAX(s.platform) AS platform,
        SUM(s.cost_usd) AS cost_usd,
        SUM(CASE WHEN UNIX_DATE(s.spend_date) > l.through_number - 30 AND s.platform = 'claude_api' THEN s.cost_usd ELSE 0 END)
            AS month_usd,
        SUM(CASE WHEN s.attribution = 'none' THEN s.cost_usd ELSE 0 END) AS unowned_usd,
        MIN(CASE WHEN s.attribution = 'none' THEN s.spend_date END) AS first_seen
    FROM ai_usage_analytics.vw_spend_daily AS s
    CROSS JOIN latest AS l
    WHERE s.api_key_id IS NOT NULL AND UNIX_DATE(s.spend_date) > l.through_number - 60 AND s.spend_date <= l.through_day
    GROUP BY s.api_key_id
),
key_tokens AS (
    SELECT
        u.api_key_id AS api_key_id,
        SUM(COALESCE(u.input_tokens, 0) + COALESCE(u.cache_read_tokens, 0) + COALESCE(u.cache_write_tokens, 0)) AS input_tokens,
        SUM(COALESCE(u.cache_read_tokens, 0) + COALESCE(u.cache_write_tokens, 0)) AS cache_tokens
    FROM ai_usage_analytics.vw_usage_daily AS u
    CROSS JOIN latest AS l
    WHERE u.platform = 'claude_api' AND u.api_key_id IS NOT NULL
        AND UNIX_DATE(u.usage_date) > l.through_number - 30 AND u.usage_date <= l.through_day
    GROUP BY u.api_key_id
),
found AS (
    SELECT
        'R1' AS rule_id,
        i.platform AS platform,
        i.user_email AS user_email,
        CAST(NULL AS STRING) AS api_key_id,
        'Seat without use' AS finding,
        CASE
            WHEN i.last_active IS NULL THEN 'never active since ' || {{day_words:COALESCE(i.valid_from, DATE '0001-01-01')}}
            ELSE 'last active ' || {{day_words:i.last_active}}
        END || ', ' || CAST(i.days_idle AS STRING) || ' days; the seat is $' || {{fixed2:i.price_usd}} || ' a month' AS evidence,
        'Remove or reassign the seat' AS action,
        i.price_usd AS monthly_saving_usd,
        'high' AS confidence,
        CAST(DATE_ADD(COALESCE(i.last_active, i.valid_from), INTERVAL 30 DAY) AS DATE) AS first_seen
    FROM idle AS i
    UNION ALL
    SELECT
        'R2' AS rule_id,
        m.platform AS platform,
        m.user_email AS user_email,
        CAST(NULL AS STRING) AS api_key_id,
        'Overage above the seat price, two months running' AS finding,
        '$' || {{fixed2:m.usage_before_usd}} || ' and $' || {{fixed2:m.usage_usd}} || ' on top of seats of $' || {{fixed2:m.seat_usd}} AS evidence,
        'Compare with a larger plan' AS action,
        CAST(NULL AS {{numeric}}) AS monthly_saving_usd,
        'medium' AS confidence,
        l.month_before AS first_seen
    FROM months AS m
    CROSS JOIN latest AS l
    WHERE m.platform = 'cursor' AND m.seat_usd > 0 AND m.seat_before_usd > 0
        AND m.usage_usd > m.seat_usd AND m.usage_before_usd > m.seat_before_usd
    UNION ALL
    SELECT
        'R3' AS rule_id,
        m.platform AS platform,
        m.user_email AS user_email,
        CAST(NULL AS STRING) AS api_key_id,
        'Above $0.50 per accepted line, two months running' AS finding,
        '$' || {{fixed3:SAFE_DIVIDE(m.cost_before_usd, m.lines_before)}} || ' and $' || {{fixed3:SAFE_DIVIDE(m.cost_usd, m.lines_accepted)}} || ' per line, '
            || {{thousands:m.lines_before + m.lines_accepted}} || ' lines' AS evidence,
        'Look at the use together, train' AS action,
        CAST(NULL AS {{numeric}}) AS monthly_saving_usd,
        'medium' AS confidence,
        l.month_before AS first_seen
    FROM months AS m
    CROSS JOIN latest AS l
    WHERE m.platform IN ('claude_code', 'cursor') AND m.lines_before > 0 AND m.lines_accepted > 0
        AND m.lines_before + m.lines_accepted >= 500
        AND m.cost_usd * 2 > m.lines_accepted AND m.cost_before_usd * 2 > m.lines_before
    UNION ALL
    SELECT
        'R4' AS rule_id,
        b.platform AS platform,
        b.user_email AS user_email,
        CAST(NULL AS STRING) AS api_key_id,
        'Two coding tools paid, one hardly used' AS finding,
        {{thousands:b.weaker_lines}} || ' of ' || {{thousands:b.all_lines}} || ' lines in ' || {{month_words:l.last_month}} AS evidence,
        'Drop the weaker one' AS action,
        b.saving_usd AS monthly_saving_usd,
        'medium' AS confidence,
        l.last_month AS first_seen
    FROM both_tools AS b
    CROSS JOIN latest AS l
    LEFT JOIN idle AS i ON i.user_email = b.user_email AND i.platform = b.platform
    WHERE i.user_email IS NULL
    UNION ALL
    SELECT
        'R5' AS rule_id,
        d.platform AS platform,
        d.user_email AS user_email,
        d.api_key_id AS api_key_id,
        'Mostly ' || d.model || ', ' || d.cheaper_model || ' costs less' AS finding,
        '$' || {{fixed2:d.usd_per_1k * 1000}} || ' against $' || {{fixed2:d.cheaper_usd_per_1k * 1000}} || ' per 1M tokens; upper bound' AS evidence,
        'Try the cheaper model' AS action,
        CAST((d.cost_usd - CAST(d.tokens * d.cheaper_usd_per_1k / 1000 AS {{numeric}})) / 2 AS {{numeric}}) AS monthly_saving_usd,
        'upper bound' AS confidence,
        CAST(DATE_ADD(l.through_day, INTERVAL (-29) DAY) AS DATE) AS first_seen
    FROM dear_models AS d
    CROSS JOIN latest AS l
    LEFT JOIN both_tools AS b ON b.user_email = d.user_email AND b.platform = d.platform
    WHERE d.place = 1 AND b.user_email IS NULL
    UNION ALL
    SELECT
        'R6' AS rule_id,
        'claude_api' AS platform,
        k.user_email AS user_email,
        k.api_key_id AS api_key_id,
        'Little prompt caching' AS finding,
        '$' || {{fixed2:k.month_usd}} || ' in 30 days, ' || {{fixed1:SAFE_DIVIDE(t.cache_tokens * 100, t.input_tokens)}} || ' % of input from or for the cache'
            AS evidence,
        'Turn on prompt caching' AS action,
        CAST(NULL AS {{numeric}}) AS monthly_saving_usd,
        'medium' AS confidence,
        CAST(DATE_ADD(l.through_day, INTERVAL (-29) DAY) AS DATE) AS first_seen
    FROM keys AS k
    CROSS JOIN latest AS l
    JOIN key_tokens AS t ON t.api_key_id = k.api_key_id
    WHERE k.month_usd > 100 AND t.cache_tokens * 5 < t.input_tokens
    UNION ALL
    SELECT
        'R7' AS rule_id,
        k.platform AS platform,
        'unknown@unattributed.com' AS user_email,
        k.api_key_id AS api_key_id,
        'Key without an owner' AS finding,
        '$' || {{fixed2:k.unowned_usd}} || ' in 60 days' AS evidence,
        'Add it to the key sheet' AS action,
        CAST(NULL AS {{numeric}}) AS monthly_saving_usd,
        'high' AS confidence,
        k.first_seen AS first_seen
    FROM keys AS k
    WHERE k.unowned_usd > 0
)
SELECT
    f.rule_id AS rule_id,
    CASE
        WHEN f.api_key_id IS NOT NULL THEN COALESCE(k.api_key_name, f.api_key_id)
        ELSE COALESCE(u.display_name, f.user_email)
    END AS subject,
    f.platform AS platform,
    f.user_email AS user_email,
    COALESCE(u.team, CASE WHEN f.user_email = 'unknown@unattributed.com' THEN 'Unattributed' ELSE 'No team' END) AS team,
    f.api_key_id AS api_key_id,
    f.finding AS finding,
    f.evidence AS evidence,
    f.action AS action,
    f.monthly_saving_usd AS monthly_saving_usd,
    f.confidence AS confidence,
    f.first_seen AS first_seen
FROM found AS f
LEFT JOIN ai_usage_analytics.dim_users AS u ON u.user_email = f.user_email
LEFT JOIN ai_usage_analytics.dim_api_keys AS k ON k.api_key_id = f.api_key_id;
