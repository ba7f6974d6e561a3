-- What vendors invoiced, kept by finance in a sheet. A layer of its own: never added to billed money.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.invoices (
    vendor STRING NOT NULL,
    invoice_org_id STRING,
    invoice_id STRING NOT NULL,
    period_start DATE NOT NULL,
    period_end DATE NOT NULL,
    scope STRING NOT NULL, -- usage | seats | prepaid | priority | tax
    amount {{numeric}} NOT NULL, -- in the currency of the invoice
    currency STRING NOT NULL,
    usd_amount {{numeric}}, -- NULL: not converted
    org_id STRING NOT NULL, -- the vendor's own id of the organisation
    slice_key STRING NOT NULL, -- feed|organisation|day: what is replaced as one
    source STRING NOT NULL, -- endpoint family or sheet
    run_id STRING NOT NULL, -- the run that loaded the row (request_id of 003)
    fetched_at TIMESTAMP NOT NULL, -- when the slice was observed: its generation
    document_sha256 STRING -- the response it was read from, in the archive (raw_response of 003)
);
