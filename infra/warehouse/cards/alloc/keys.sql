/*
title = "API keys"
question = "Which key costs what, and who owns it?"
definition = "Claude API money of the selected range by key. The rows add up to the Claude API spend; money that the bill gives to no key has its own row."
display = "table"
tab = "Models and keys"
place = [0, 8, 24, 8]
unit = "USD"
empty = "No Claude API spend in this range."
notes = ["Endpoints are as the bill names them; \"Data checks\" says daily whether key detail and bill agree."]
keys = ["api_key_id"]
changed = "2026-11-22"
[[columns]]
name = "api_key_id"
label = "Key"
type = "key"
[[columns]]
name = "key_name"
label = "Name"
type = "text"
[[columns]]
name = "owner"
label = "Owner"
type = "person"
link = "prod?user={user_email}"
[[columns]]
name = "team"
label = "Team"
type = "team"
[[columns]]
name = "cost_usd"
label = "Spend"
type = "usd"
rows = "cost_usd platform=claude_api"
[[columns]]
name = "share_pct"
label = "Share"
type = "percent"
from = ["cost_usd"]
[[columns]]
name = "input_tokens"
label = "Input tokens"
type = "integer"
rows = "input_tokens platform=claude_api"
[[columns]]
name = "output_tokens"
label = "Output tokens"
type = "integer"
rows = "output_tokens platform=claude_api"
[[columns]]
name = "cache_share_pct"
label = "Cache share of input"
type = "percent"
rows = "of cache_tokens platform=claude_api / input_tokens platform=claude_api"
[[columns]]
name = "endpoint_mix"
label = "Endpoints"
type = "text"
[[columns]]
name = "last_used"
label = "Last used"
type = "day"
[[columns]]
name = "user_email"
label = "E-mail"
type = "text"
hidden = true
*/
WITH money AS (
    SELECT
        s.api_key_id AS api_key_id,
        SUBSTR(MAX(CAST(s.spend_date AS STRING) || s.display_name), 11) AS owner,
        SUBSTR(MAX(CAST(s.spend_date AS STRING) || s.user_email), 11) AS user_email,
        SUBSTR(MAX(CAST(s.spend_date AS STRING) || s.team), 11) AS team,
        SUM(s.cost_usd) AS cost_usd,
        SUM(CASE WHEN s.product = 'messages_api' THEN s.cost_usd ELSE 0 END) AS messages_usd,
        SUM(CASE WHEN s.product = 'message_batches_api' THEN s.cost_usd ELSE 0 END) AS batch_usd,
        SUM(CASE WHEN s.product = 'managed_agents_api' THEN s.cost_usd ELSE 0 END) AS agents_usd,
        SUM(CASE WHEN s.product = 'claude_console' THEN s.cost_usd ELSE 0 END) AS console_usd,
        SUM(
            CASE
                WHEN s.product IN ('messages_api', 'message_batches_api', 'managed_agents_api', 'claude_console') THEN 0
                ELSE s.cost_usd
            END
        ) AS other_usd,
        MAX(s.spend_date) AS last_used
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.platform = 'claude_api' AND s.spend_date BETWEEN p.first_day AND p.through_day
    GROUP BY s.api_key_id
),
tokens AS (
    SELECT
        u.api_key_id AS api_key_id,
        SUM(u.input_tokens) AS input_tokens,
        SUM(u.output_tokens) AS output_tokens,
        SUM(COALESCE(u.cache_read_tokens, 0) + COALESCE(u.cache_write_tokens, 0)) AS cache_tokens
    FROM {{usage}} AS u
    CROSS JOIN {{period}} AS p
    WHERE u.platform = 'claude_api' AND u.api_key_id IS NOT NULL AND u.usage_date BETWEEN p.first_day AND p.through_day
    GROUP BY u.api_key_id
)
SELECT
    m.api_key_id AS api_key_id,
    CASE WHEN m.api_key_id IS NULL THEN 'no key in the bill' ELSE k.api_key_name END AS key_name,
    m.owner AS owner,
    m.team AS team,
    m.cost_usd AS cost_usd,
    CAST(SAFE_DIVIDE(m.cost_usd, SUM(m.cost_usd) OVER ()) AS {{numeric}}) AS share_pct,
    t.input_tokens AS input_tokens,
    t.output_tokens AS output_tokens,
    CAST(SAFE_DIVIDE(t.cache_tokens, t.input_tokens + t.cache_tokens) AS {{numeric}}) AS cache_share_pct,
    NULLIF(SUBSTR(
        COALESCE(CASE WHEN m.messages_usd > 0 THEN ', messages ' || {{thousands:SAFE_DIVIDE(m.messages_usd, m.cost_usd) * 100}} || ' %' END, '')
        || COALESCE(CASE WHEN m.batch_usd > 0 THEN ', batch ' || {{thousands:SAFE_DIVIDE(m.batch_usd, m.cost_usd) * 100}} || ' %' END, '')
        || COALESCE(CASE WHEN m.agents_usd > 0 THEN ', agents ' || {{thousands:SAFE_DIVIDE(m.agents_usd, m.cost_usd) * 100}} || ' %' END, '')
        || COALESCE(CASE WHEN m.console_usd > 0 THEN ', console ' || {{thousands:SAFE_DIVIDE(m.console_usd, m.cost_usd) * 100}} || ' %' END, '')
        || COALESCE(CASE WHEN m.other_usd > 0 THEN ', other ' || {{thousands:SAFE_DIVIDE(m.other_usd, m.cost_usd) * 100}} || ' %' END, ''),
        3
    ), '') AS endpoint_mix,
    m.last_used AS last_used,
    m.user_email AS user_email
FROM money AS m
LEFT JOIN tokens AS t ON t.api_key_id = m.api_key_id
LEFT JOIN ai_usage_analytics.dim_api_keys AS k ON k.api_key_id = m.api_key_id
ORDER BY cost_usd DESC, COALESCE(m.api_key_id, '~')
