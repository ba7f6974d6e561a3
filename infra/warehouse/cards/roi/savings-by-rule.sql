/*
title = "Savings by rule"
question = "Where is the money?"
definition = "Open recommendations by rule: only rules that state a saving."
display = "row"
tab = "Recommendations"
place = [0, 12, 12, 7]
unit = "USD"
ignores = ["range"]
empty = "No recommendation states a saving."
changed = "2026-11-22"
[chart]
x = "rule"
y = ["monthly_saving_usd"]
[[columns]]
name = "rule"
label = "Rule"
type = "text"
[[columns]]
name = "monthly_saving_usd"
label = "Saving a month"
type = "usd"
members = { text = "The open findings of this rule, each with its evidence.", of = "named", by = ["rule"], show = ["subject", "finding", "evidence", "first_seen", "monthly_saving_usd"], amount = "monthly_saving_usd" }
[[columns]]
name = "findings"
label = "Findings"
type = "integer"
members = { text = "The open findings of this rule, each with its evidence.", of = "named", by = ["rule"], show = ["subject", "finding", "evidence", "first_seen", "monthly_saving_usd"] }
*/
WITH {{with:open_findings}},
named AS (
    SELECT
        CASE f.rule_id
            WHEN 'R1' THEN 'R1 idle seat'
            WHEN 'R2' THEN 'R2 overage'
            WHEN 'R3' THEN 'R3 low efficiency'
            WHEN 'R4' THEN 'R4 overlap'
            WHEN 'R5' THEN 'R5 costly model'
            WHEN 'R6' THEN 'R6 no cache'
            ELSE 'R7 no owner'
        END AS rule,
        f.subject AS subject,
        f.finding AS finding,
        f.evidence AS evidence,
        f.first_seen AS first_seen,
        f.monthly_saving_usd AS monthly_saving_usd
    FROM open_findings AS f
    WHERE f.monthly_saving_usd IS NOT NULL
)
SELECT n.rule AS rule, SUM(n.monthly_saving_usd) AS monthly_saving_usd, COUNT(*) AS findings
FROM named AS n
GROUP BY n.rule
ORDER BY monthly_saving_usd DESC, rule
