-- Chat activity on Claude.ai by person and day. NULL is unknown, not zero.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.claude_usage_stats (
    activity_date DATE NOT NULL,
    user_email STRING,
    conversation_count INT64,
    message_count INT64,
    project_count INT64,
    file_upload_count INT64,
    upload_timestamp TIMESTAMP, -- absent: the loader writes the moment of observation
    org_id STRING NOT NULL, -- the vendor's own id of the organisation
    slice_key STRING NOT NULL, -- feed|organisation|day: what is replaced as one
    source STRING NOT NULL, -- endpoint family or sheet
    run_id STRING NOT NULL, -- the run that loaded the row (request_id of 003)
    fetched_at TIMESTAMP NOT NULL, -- when the slice was observed: its generation
    document_sha256 STRING -- the response it was read from, in the archive (raw_response of 003)
)
{{partition_by activity_date}}
{{cluster_by user_email}};
