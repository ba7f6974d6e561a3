/*
title = "What to do next"
question = "What should we do, and what is it worth?"
definition = "Findings of seven rules over the last 60 loaded days and the last two complete months. A saving is stated only where a formula gives it."
display = "table"
tab = "Recommendations"
place = [0, 0, 24, 12]
unit = "USD"
ignores = ["range"]
empty = "Nothing to recommend."
changed = "2026-11-22"
[[columns]]
name = "action"
label = "Action"
type = "text"
[[columns]]
name = "subject"
label = "Subject"
type = "text"
link = "alloc?user={user_email}"
[[columns]]
name = "finding"
label = "Finding"
type = "text"
[[columns]]
name = "evidence"
label = "Evidence"
type = "text"
[[columns]]
name = "monthly_saving_usd"
label = "Saving a month"
type = "usd"
members = { text = "The finding, with the evidence that the rule's formula reads. Money and use of its subject: the link in the table.", of = "open_findings", by = ["rule_id", "subject", "finding"], show = ["rule_id", "subject", "finding", "evidence", "confidence", "first_seen", "monthly_saving_usd"], amount = "monthly_saving_usd" }
[[columns]]
name = "confidence"
label = "Confidence"
type = "text"
[[columns]]
name = "rule_id"
label = "Rule"
type = "text"
[[columns]]
name = "first_seen"
label = "First seen"
type = "day"
[[columns]]
name = "user_email"
label = "E-mail"
type = "text"
hidden = true
[[columns]]
name = "platform"
label = "Platform"
type = "platform"
hidden = true
*/
WITH {{with:open_findings}}
SELECT
    f.action AS action,
    f.subject AS subject,
    f.finding AS finding,
    f.evidence AS evidence,
    f.monthly_saving_usd AS monthly_saving_usd,
    f.confidence AS confidence,
    f.rule_id AS rule_id,
    f.first_seen AS first_seen,
    f.user_email AS user_email,
    f.platform AS platform
FROM open_findings AS f
ORDER BY CASE WHEN f.monthly_saving_usd IS NULL THEN 1 ELSE 0 END, f.monthly_saving_usd DESC, rule_id, subject,
    COALESCE(f.api_key_id, ''), platform, finding
