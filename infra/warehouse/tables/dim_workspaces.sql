-- Anthropic workspaces. One that a newer snapshot no longer has stays, with is_active = false.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.dim_workspaces (
    workspace_id STRING NOT NULL,
    name STRING,
    is_archived BOOL,
    is_claude_code BOOL NOT NULL,
    org_id STRING NOT NULL, -- the vendor's own id of the organisation
    slice_key STRING NOT NULL, -- feed|organisation|day: what is replaced as one
    source STRING NOT NULL, -- endpoint family or sheet
    run_id STRING NOT NULL, -- the run that loaded the row (request_id of 003)
    fetched_at TIMESTAMP NOT NULL, -- when the slice was observed: its generation
    document_sha256 STRING, -- the response it was read from, in the archive (raw_response of 003)
    is_active BOOL NOT NULL, -- false: the newest snapshot no longer has it
    last_seen TIMESTAMP NOT NULL, -- the newest snapshot that has it
    seen_revision INT64 NOT NULL, -- which reading of that snapshot
    seen_reader INT64 NOT NULL -- by which version of the reader
);
