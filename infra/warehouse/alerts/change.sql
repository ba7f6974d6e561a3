-- What changed between two windows (inclusive days), for e-mails about cost: one row per platform, person and model with the
-- billed money of both and the volume it was paid for: tokens (input, output and cache) of the Claude API and of Claude
-- Code billed by use, requests of Cursor. NULL where nothing counts it, such as seats. platform NULL: all. team NULL: all; as vw_spend_daily names it.
WITH parts AS (
    SELECT
        CASE f.platform WHEN 'claude_web' THEN 'claude_ai' ELSE f.platform END AS platform,
        f.user_email AS user_email,
        COALESCE(f.team, CASE WHEN f.user_email = 'unknown@unattributed.com' THEN 'Unattributed' ELSE 'No team' END) AS team,
        f.model AS model,
        f.cost_date >= {{now_from}} AND f.cost_date <= {{now_to}} AS is_now,
        f.cost_date >= {{base_from}} AND f.cost_date <= {{base_to}} AS is_base,
        f.cost_usd AS cost_usd,
        CASE WHEN f.unit_type = 'requests' AND f.cost_type = 'usage_based' THEN f.volume_units END AS volume
    FROM ai_usage_analytics.fct_cost_daily AS f
    WHERE f.cost_date >= LEAST({{now_from}}, {{base_from}}) AND f.cost_date <= GREATEST({{now_to}}, {{base_to}})
    UNION ALL
    SELECT
        u.platform AS platform,
        u.user_email AS user_email,
        COALESCE(u.team, CASE WHEN u.user_email = 'unknown@unattributed.com' THEN 'Unattributed' ELSE 'No team' END) AS team,
        u.model AS model,
        u.usage_date >= {{now_from}} AND u.usage_date <= {{now_to}} AS is_now,
        u.usage_date >= {{base_from}} AND u.usage_date <= {{base_to}} AS is_base,
        CAST(0 AS {{numeric}}) AS cost_usd,
        COALESCE(u.input_tokens, 0) + COALESCE(u.output_tokens, 0) + COALESCE(u.cached_input_tokens, 0)
            + COALESCE(u.cache_read_tokens, 0) AS volume
    FROM ai_usage_analytics.fct_usage_daily AS u
    WHERE u.usage_date >= LEAST({{now_from}}, {{base_from}}) AND u.usage_date <= GREATEST({{now_to}}, {{base_to}})
        AND (u.platform = 'claude_api' OR (u.platform = 'claude_code' AND COALESCE(u.customer_type, '') <> 'subscription'))
)
SELECT
    x.platform AS platform,
    x.user_email AS user_email,
    x.model AS model,
    CAST(SUM(CASE WHEN x.is_now THEN x.cost_usd ELSE 0 END) AS {{numeric}}) AS now_usd,
    CAST(SUM(CASE WHEN x.is_base THEN x.cost_usd ELSE 0 END) AS {{numeric}}) AS base_usd,
    CAST(SUM(CASE WHEN x.is_now THEN x.volume END) AS INT64) AS now_tokens,
    CAST(SUM(CASE WHEN x.is_base THEN x.volume END) AS INT64) AS base_tokens
FROM parts AS x
WHERE (x.is_now OR x.is_base) AND x.platform = COALESCE(CAST({{platform}} AS STRING), x.platform)
    AND x.team = COALESCE(CAST({{team}} AS STRING), x.team)
GROUP BY x.platform, x.user_email, x.model
HAVING SUM(CASE WHEN x.is_now THEN x.cost_usd ELSE 0 END) <> 0 OR SUM(CASE WHEN x.is_base THEN x.cost_usd ELSE 0 END) <> 0
