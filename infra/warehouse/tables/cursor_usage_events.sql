-- Every Cursor usage event. Its amounts are values, not spend: billed money is in cursor_expenses.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.cursor_usage_events (
    event_date DATE NOT NULL,
    event_at TIMESTAMP NOT NULL,
    user_email STRING,
    service_account_id STRING,
    cloud_agent_id STRING,
    automation_id STRING,
    conversation_id STRING,
    model STRING,
    kind STRING, -- the vendor's word
    is_chargeable BOOL, -- as the vendor said it
    is_billed BOOL NOT NULL, -- as we decided it
    max_mode BOOL,
    is_headless BOOL,
    is_token_based_call BOOL,
    requests_costs {{numeric}}, -- request units of the old plans, no money
    input_tokens INT64,
    output_tokens INT64,
    cache_write_tokens INT64,
    cache_read_tokens INT64,
    model_value_usd {{numeric}}, -- tokenUsage.totalCents
    charged_value_usd {{numeric}}, -- chargedCents, also where nothing was charged
    token_fee_value_usd {{numeric}},
    org_id STRING NOT NULL, -- the vendor's own id of the organisation
    slice_key STRING NOT NULL, -- feed|organisation|day: what is replaced as one
    source STRING NOT NULL, -- endpoint family or sheet
    run_id STRING NOT NULL, -- the run that loaded the row (request_id of 003)
    fetched_at TIMESTAMP NOT NULL, -- when the slice was observed: its generation
    document_sha256 STRING -- the response it was read from, in the archive (raw_response of 003)
)
{{partition_by event_date}}
{{cluster_by user_email, model}};
