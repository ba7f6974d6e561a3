-- What Cursor says a person spent in the running cycle, as of a day. A check on cursor_expenses, never a cost.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.cursor_spend_snapshots (
    snapshot_date DATE NOT NULL,
    cycle_start DATE NOT NULL, -- first day of the billing cycle
    user_id STRING,
    user_email STRING,
    name STRING,
    role STRING,
    spend_value_usd {{numeric}}, -- on-demand, this cycle so far
    overall_spend_value_usd {{numeric}}, -- with what the plan includes
    fast_premium_requests INT64,
    org_id STRING NOT NULL, -- the vendor's own id of the organisation
    slice_key STRING NOT NULL, -- feed|organisation|day: what is replaced as one
    source STRING NOT NULL, -- endpoint family or sheet
    run_id STRING NOT NULL, -- the run that loaded the row (request_id of 003)
    fetched_at TIMESTAMP NOT NULL, -- when the slice was observed: its generation
    document_sha256 STRING -- the response it was read from, in the archive (raw_response of 003)
)
{{partition_by snapshot_date}}
{{cluster_by user_email}};
