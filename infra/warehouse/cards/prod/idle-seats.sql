/*
title = "Paid seats without use"
question = "Which seats can go?"
definition = "Seats paid throughout the 30 days to the end of the range, without any activity of their holder on that platform in those days, and what they cost in them. Claude Code under a Claude.ai seat is use of it."
display = "table"
tab = "People"
place = [0, 18, 24, 7]
unit = "USD"
ignores = ["model"]
empty = "Every paid seat was used in the last 30 days."
notes = ["Claude.ai seats are judged only while somebody uploads Claude.ai use."]
keys = ["user_email", "platform"]
changed = "2026-11-22"
[[columns]]
name = "display_name"
label = "Person"
type = "person"
link = "alloc?user={user_email}"
[[columns]]
name = "team"
label = "Team"
type = "team"
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
[[columns]]
name = "seat_usd"
label = "Seat, 30 days"
type = "usd"
rows = "cost_usd class=seat days=30"
[[columns]]
name = "last_active"
label = "Last active"
type = "day"
[[columns]]
name = "days_idle"
label = "Days idle"
type = "integer"
from = ["last_active"]
[[columns]]
name = "user_email"
label = "E-mail"
type = "text"
hidden = true
*/
WITH {{with:idle_seats}}
SELECT
    s.display_name AS display_name,
    s.team AS team,
    {{platform:s.platform}} AS platform,
    s.seat_usd AS seat_usd,
    u.last_active AS last_active,
    UNIX_DATE(p.through_day) - UNIX_DATE(u.last_active) AS days_idle,
    s.user_email AS user_email
FROM seats AS s
CROSS JOIN {{period}} AS p
JOIN reported AS r ON r.platform = s.platform
LEFT JOIN used AS u ON u.user_email = s.user_email AND u.platform = s.platform
WHERE u.last_active IS NULL OR UNIX_DATE(p.through_day) - UNIX_DATE(u.last_active) >= 30
ORDER BY seat_usd DESC, user_email, s.platform
