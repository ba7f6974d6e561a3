-- Paid seats, kept by admins in a sheet. Their money is in the expense tables, day by day.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.dim_seats (
    vendor STRING NOT NULL,
    plan STRING,
    user_email STRING,
    price_usd {{numeric}} NOT NULL, -- per seat and billing period
    billing STRING NOT NULL, -- monthly | annual
    cycle_day INT64 NOT NULL,
    valid_from DATE,
    valid_to DATE,
    org_id STRING NOT NULL, -- the vendor's own id of the organisation
    slice_key STRING NOT NULL, -- feed|organisation|day: what is replaced as one
    source STRING NOT NULL, -- endpoint family or sheet
    run_id STRING NOT NULL, -- the run that loaded the row (request_id of 003)
    fetched_at TIMESTAMP NOT NULL, -- when the slice was observed: its generation
    document_sha256 STRING -- the response it was read from, in the archive (raw_response of 003)
);
