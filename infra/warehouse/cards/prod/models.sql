/*
title = "Models in use"
question = "Which models do people work with?"
definition = "Claude Code: sessions by the model they mostly ran on. Cursor: person days on which a model was the most used one. Two measures, two panels."
display = "row"
tab = "Tools"
place = [12, 16, 12, 7]
unit = "sessions"
ignores = ["model"]
keys = ["model:main"]
changed = "2026-11-22"
[chart]
x = "model"
y = ["sessions", "days_as_main_model"]
colors = "series"
[[columns]]
name = "model"
label = "Model"
type = "model"
[[columns]]
name = "sessions"
label = "Claude Code sessions"
type = "integer"
rows = "sessions platform=claude_code"
[[columns]]
name = "days_as_main_model"
label = "Cursor days as main model"
type = "integer"
rows = "person_days platform=cursor"
*/
WITH sums AS (
    SELECT
        u.main_model AS model,
        SUM(CASE WHEN u.platform = 'claude_code' THEN u.sessions END) AS sessions,
        SUM(CASE WHEN u.platform = 'cursor' AND u.is_active THEN 1 END) AS days_as_main_model,
        SUM(u.sessions) AS all_sessions
    FROM {{usage}} AS u
    CROSS JOIN {{period}} AS p
    WHERE u.main_model IS NOT NULL AND u.usage_date BETWEEN p.first_day AND p.through_day
    GROUP BY u.main_model
)
SELECT a.model AS model, a.sessions AS sessions, a.days_as_main_model AS days_as_main_model
FROM sums AS a
WHERE a.all_sessions > 0
ORDER BY COALESCE(a.sessions, 0) DESC, COALESCE(a.days_as_main_model, 0) DESC, model
