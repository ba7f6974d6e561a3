/*
title = "Top 5 by spend"
question = "Who spends most?"
definition = "Billed money of the selected range by person, the five highest, and money without an owner where it would rank among them."
display = "row"
tab = "Overview"
place = [12, 13, 12, 7]
unit = "USD"
empty = "No spend in this range."
keys = ["user_email"]
changed = "2026-11-22"
[chart]
partial = true
x = "display_name"
y = ["cost_usd"]
[[columns]]
name = "display_name"
label = "Person"
type = "person"
link = "alloc?user={user_email}"
[[columns]]
name = "cost_usd"
label = "Spend"
type = "usd"
rows = "cost_usd"
[[columns]]
name = "share_pct"
label = "Share"
type = "percent"
from = ["cost_usd"]
[[columns]]
name = "user_email"
label = "E-mail"
type = "text"
hidden = true
*/
WITH people AS (
    SELECT s.user_email AS user_email, MAX(s.display_name) AS display_name, SUM(s.cost_usd) AS cost_usd
    FROM {{spend}} AS s
    CROSS JOIN {{period}} AS p
    WHERE s.spend_date BETWEEN p.first_day AND p.through_day
    GROUP BY s.user_email
),
ranked AS (
    SELECT
        a.*,
        CAST(SAFE_DIVIDE(a.cost_usd, SUM(a.cost_usd) OVER ()) AS {{numeric}}) AS share_pct,
        a.user_email = 'unknown@unattributed.com' AS is_unowned,
        ROW_NUMBER() OVER (
            PARTITION BY a.user_email = 'unknown@unattributed.com' ORDER BY a.cost_usd DESC, a.user_email
        ) AS place,
        RANK() OVER (ORDER BY a.cost_usd DESC) AS overall
    FROM people AS a
)
SELECT r.display_name AS display_name, r.cost_usd AS cost_usd, r.share_pct AS share_pct, r.user_email AS user_email
FROM ranked AS r
WHERE (r.is_unowned AND r.overall <= 6) OR (NOT r.is_unowned AND r.place <= 5)
ORDER BY CASE WHEN r.is_unowned THEN 1 ELSE 0 END, cost_usd DESC, user_email
