/*
title = "An invoice that does not agree"
question = "Is what vendors invoice what was billed?"
definition = "Billed money of a vendor, scope (usage or seats) and period against the invoices for it, off by more than the limit in percent of the invoice in either direction. Only periods in which no day can change any more, and only for so many days after their end; invoices in another currency count once somebody has entered their dollars. The check reconciliation_worst of data-quality gives way to it."
unit = "percent"
kind = "money"
severity = "critical"
schedule = "monthly"
sentence = "{subject}, {period}: billed is {amount}, the invoice says {baseline}, {measured} off. {note}"
remedy = "Compare the invoice with the ledger of that period: a credit, a tax or a prepayment belongs in a scope of its own; a missing key or organisation shows as money that was never read."
changed = "2026-11-22"
[limits]
percent = { default = "5", unit = "percent", text = "how far billed money may be off an invoice" }
days = { default = "92", unit = "count", text = "for how many days after the end of its period an invoice is looked at" }
*/
SELECT
    r.vendor || ' ' || r.scope || COALESCE(' ' || r.invoice_org_id, '') AS subject,
    CASE
        WHEN c.month = r.period_start AND c.month_end = r.period_end THEN SUBSTR(CAST(r.period_start AS STRING), 1, 7)
        ELSE CAST(r.period_end AS STRING)
    END AS period,
    CAST(ABS(r.difference_pct) AS {{numeric}}) AS measured,
    CAST({{limit:percent}} AS {{numeric}}) AS limit_value,
    CAST(r.billed_usd AS {{numeric}}) AS amount,
    CAST(r.invoiced_usd AS {{numeric}}) AS baseline,
    CASE WHEN r.vendor = 'cursor' THEN 'cursor' END AS platform,
    CAST(NULL AS STRING) AS team,
    CAST(NULL AS DATE) AS now_from,
    CAST(NULL AS DATE) AS now_to,
    CAST(NULL AS DATE) AS base_from,
    CAST(NULL AS DATE) AS base_to,
    r.period_end AS since,
    'allocation?range=' || CAST(r.period_start AS STRING) || '~' || CAST(r.period_end AS STRING)
        || CASE WHEN r.vendor = 'cursor' THEN '&platform=cursor' ELSE '&platform=claude_code&platform=claude_ai&platform=claude_api' END
        || '#ledger' AS link,
    'Invoice ' || r.invoice_id
        || CASE WHEN r.invoices > 1 THEN ' and others of the same period: ' || CAST(r.invoices - 1 AS STRING) || '.' ELSE '.' END AS note
FROM ai_usage_analytics.vw_reconciliation AS r
JOIN ai_usage_analytics.dim_calendar AS c ON c.day = r.period_start
WHERE ABS(r.difference_pct) > {{limit:percent}} AND r.final_on IS NOT NULL
    -- No vendor's day is final before that.
    AND UNIX_DATE(r.period_end) + 8 <= UNIX_DATE({{as_of}}) AND r.period_end >= {{quiet_from}}
    AND UNIX_DATE(r.period_end) >= UNIX_DATE({{as_of}}) - {{limit:days}}
