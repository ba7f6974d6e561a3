-- Whose API key is whose, kept by admins in a sheet; effective from valid_from to valid_to, both included.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.dim_api_key_mapping (
    api_key_id STRING NOT NULL,
    user_email STRING,
    team STRING,
    platform STRING,
    purpose STRING,
    status STRING,
    valid_from DATE,
    valid_to DATE,
    org_id STRING NOT NULL, -- the vendor's own id of the organisation
    slice_key STRING NOT NULL, -- feed|organisation|day: what is replaced as one
    source STRING NOT NULL, -- endpoint family or sheet
    run_id STRING NOT NULL, -- the run that loaded the row (request_id of 003)
    fetched_at TIMESTAMP NOT NULL, -- when the slice was observed: its generation
    document_sha256 STRING -- the response it was read from, in the archive (raw_response of 003)
);
