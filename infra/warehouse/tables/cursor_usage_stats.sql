-- Cursor activity by person and day.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.cursor_usage_stats (
    activity_date DATE NOT NULL,
    user_email STRING NOT NULL, -- cursor:<userId> where the vendor gives no address
    user_id STRING,
    is_active BOOL,
    total_lines_added INT64, -- suggested
    total_lines_deleted INT64,
    accepted_lines_added INT64,
    accepted_lines_deleted INT64,
    total_applies INT64,
    total_accepts INT64,
    total_rejects INT64,
    total_tabs_shown INT64,
    total_tabs_accepted INT64,
    composer_requests INT64,
    chat_requests INT64,
    agent_requests INT64,
    cmdk_usages INT64,
    bugbot_usages INT64,
    subscription_included_reqs INT64,
    usage_based_reqs INT64,
    api_key_reqs INT64,
    most_used_model STRING,
    client_version STRING,
    org_id STRING NOT NULL, -- the vendor's own id of the organisation
    slice_key STRING NOT NULL, -- feed|organisation|day: what is replaced as one
    source STRING NOT NULL, -- endpoint family or sheet
    run_id STRING NOT NULL, -- the run that loaded the row (request_id of 003)
    fetched_at TIMESTAMP NOT NULL, -- when the slice was observed: its generation
    document_sha256 STRING -- the response it was read from, in the archive (raw_response of 003)
)
{{partition_by activity_date}}
{{cluster_by user_email}};
