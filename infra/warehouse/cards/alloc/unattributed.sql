/*
title = "Spend without an owner"
question = "What has no owner, and why?"
definition = "Money of the selected range that no person answers for, by key, workspace, platform and model: the to-do list for the key sheet."
display = "table"
tab = "Models and keys"
place = [0, 23, 24, 7]
unit = "USD"
ignores = ["user", "team"]
empty = "Every dollar has an owner."
changed = "2026-11-22"
[[columns]]
name = "api_key_id"
label = "Key"
type = "key"
[[columns]]
name = "workspace_id"
label = "Workspace"
type = "key"
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
[[columns]]
name = "model"
label = "Model"
type = "model"
[[columns]]
name = "cost_usd"
label = "Spend"
type = "usd"
[columns.rows]
by = "reason"
"no use in the key report to split by" = "cost_usd attribution=none allocation=no_key allocation=unallocated"
"the bill names no key" = "cost_usd attribution=none allocation=reported allocation=exact allocation=widened"
"*" = "cost_usd attribution=none"
[[columns]]
name = "first_seen"
label = "First seen"
type = "day"
[[columns]]
name = "last_seen"
label = "Last seen"
type = "day"
[[columns]]
name = "reason"
label = "Reason"
type = "text"
*/
WITH owned AS (
    SELECT
        s.api_key_id AS api_key_id,
        s.workspace_id AS workspace_id,
        s.platform AS platform,
        s.model AS model,
        s.cost_usd AS cost_usd,
        s.spend_date AS spend_date,
        CASE
            WHEN s.api_key_id IS NOT NULL THEN 'key without an owner'
            WHEN s.platform = 'cursor' THEN 'account without an address'
            WHEN s.allocation IN ('no_key', 'unallocated') THEN 'no use in the key report to split by'
            ELSE 'the bill names no key'
        END AS reason
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.attribution = 'none' AND s.spend_date BETWEEN p.first_day AND p.through_day
),
sums AS (
    SELECT
        o.api_key_id AS api_key_id,
        o.workspace_id AS workspace_id,
        o.platform AS platform,
        o.model AS model,
        SUM(o.cost_usd) AS cost_usd,
        MIN(o.spend_date) AS first_seen,
        MAX(o.spend_date) AS last_seen,
        o.reason AS reason
    FROM owned AS o
    GROUP BY o.api_key_id, o.workspace_id, o.platform, o.model, o.reason
)
SELECT
    a.api_key_id AS api_key_id,
    a.workspace_id AS workspace_id,
    {{platform:a.platform}} AS platform,
    a.model AS model,
    a.cost_usd AS cost_usd,
    a.first_seen AS first_seen,
    a.last_seen AS last_seen,
    a.reason AS reason
FROM sums AS a
LEFT JOIN ai_usage_analytics.dim_platform AS d ON d.view_name = a.platform
WHERE a.cost_usd <> 0
ORDER BY cost_usd DESC, COALESCE(a.api_key_id, ''), COALESCE(a.workspace_id, ''), COALESCE(d.sort_order, 99), a.platform, COALESCE(a.model, ''), reason
