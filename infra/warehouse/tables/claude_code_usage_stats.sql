-- Claude Code activity, one row per vendor record and model. Counters of the record stand on its first model row (model_rank = 1) and are NULL on the others, so plain sums are right.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.claude_code_usage_stats (
    activity_date DATE NOT NULL,
    user_email STRING,
    actor_type STRING NOT NULL, -- user or API key
    actor_key_name STRING,
    customer_type STRING,
    subscription_type STRING,
    terminal_type STRING,
    is_remote BOOL,
    num_sessions INT64,
    lines_added INT64, -- in the file, so accepted by definition
    lines_removed INT64,
    commits_by_claude_code INT64,
    pull_requests_by_claude_code INT64,
    edit_tool_accepted INT64,
    edit_tool_rejected INT64,
    multi_edit_tool_accepted INT64,
    multi_edit_tool_rejected INT64,
    write_tool_accepted INT64,
    write_tool_rejected INT64,
    notebook_edit_tool_accepted INT64,
    notebook_edit_tool_rejected INT64,
    other_tool_accepted INT64,
    other_tool_rejected INT64,
    model STRING,
    model_rank INT64 NOT NULL, -- 1 carries the record counters; by estimated cost, descending, then model
    estimated_cost_usd {{numeric}}, -- an estimate, never added to billed money
    input_tokens INT64,
    output_tokens INT64,
    cache_tokens INT64,
    cache_read_tokens INT64,
    cache_creation_tokens INT64,
    org_id STRING NOT NULL, -- the vendor's own id of the organisation
    slice_key STRING NOT NULL, -- feed|organisation|day: what is replaced as one
    source STRING NOT NULL, -- endpoint family or sheet
    run_id STRING NOT NULL, -- the run that loaded the row (request_id of 003)
    fetched_at TIMESTAMP NOT NULL, -- when the slice was observed: its generation
    document_sha256 STRING -- the response it was read from, in the archive (raw_response of 003)
)
{{partition_by activity_date}}
{{cluster_by user_email, model}};
