-- Budgets by month, kept by finance in a sheet. platform or team NULL: all of them.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.dim_budget (
    month DATE NOT NULL, -- its first day
    platform STRING,
    team STRING,
    budget_usd {{numeric}} NOT NULL, -- US dollars of the month
    approved_by STRING,
    org_id STRING NOT NULL, -- the vendor's own id of the organisation
    slice_key STRING NOT NULL, -- feed|organisation|day: what is replaced as one
    source STRING NOT NULL, -- endpoint family or sheet
    run_id STRING NOT NULL, -- the run that loaded the row (request_id of 003)
    fetched_at TIMESTAMP NOT NULL, -- when the slice was observed: its generation
    document_sha256 STRING -- the response it was read from, in the archive (raw_response of 003)
);
