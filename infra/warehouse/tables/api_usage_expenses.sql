-- The claude_api part of claude_expenses, by key and with tokens. Adding the two tables counts that money twice.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.api_usage_expenses (
    expense_date DATE NOT NULL,
    api_key_id STRING,
    workspace_id STRING,
    model STRING,
    endpoint STRING, -- messages | batch | managed_agents | console
    endpoint_is_derived BOOL NOT NULL, -- true: not reported, derived from the service tier
    service_tier STRING,
    context_window STRING,
    user_email STRING,
    actor_id STRING,
    cost_usd {{numeric}} NOT NULL, -- billed, US dollars; already in claude_expenses
    input_tokens INT64, -- uncached; cache tokens are separate
    output_tokens INT64,
    cache_tokens INT64, -- the next three, added
    cache_read_tokens INT64,
    cache_write_5m_tokens INT64,
    cache_write_1h_tokens INT64,
    web_search_requests INT64,
    allocation STRING NOT NULL, -- reported | exact | widened | no_key | unallocated
    is_billed BOOL NOT NULL, -- false: a tier that the cost report never carries (priority)
    org_id STRING NOT NULL, -- the vendor's own id of the organisation
    slice_key STRING NOT NULL, -- feed|organisation|day: what is replaced as one
    source STRING NOT NULL, -- endpoint family or sheet
    run_id STRING NOT NULL, -- the run that loaded the row (request_id of 003)
    fetched_at TIMESTAMP NOT NULL, -- when the slice was observed: its generation
    document_sha256 STRING -- the response it was read from, in the archive (raw_response of 003)
)
{{partition_by expense_date}}
{{cluster_by api_key_id, user_email, model}};
