-- Recommendations that are open, for the people selected.
chosen AS (
    SELECT DISTINCT s.user_email AS user_email, s.platform AS platform
    FROM {{spend}} AS s
),
open_findings AS (
    SELECT r.*
    FROM ai_usage_analytics.vw_recommendation AS r
    JOIN chosen AS c ON c.user_email = r.user_email AND c.platform = r.platform
)
