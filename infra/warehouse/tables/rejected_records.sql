-- Records that a check refused, with their reason and their money. Replaced with their slice.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.rejected_records (
    slice_key STRING NOT NULL,
    feed STRING NOT NULL,
    org_id STRING NOT NULL,
    slice_day DATE,
    target_table STRING NOT NULL, -- where it would have gone
    field STRING NOT NULL, -- which field was wrong
    reason STRING NOT NULL, -- why
    place STRING NOT NULL, -- sheet and row, document and index
    record STRING NOT NULL, -- the record as text
    money_usd {{numeric}} NOT NULL,
    source STRING NOT NULL,
    run_id STRING NOT NULL,
    fetched_at TIMESTAMP NOT NULL
);
