-- People as sheet and directories know them. A person that a newer snapshot no longer has stays, with is_active = false. One row per e-mail: view dim_users.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.user_sources (
    user_key STRING NOT NULL, -- the row's identity within its feed: vendor id, else e-mail, with valid_from for the people sheet
    user_email STRING, -- sa:<id> and cursor:<id> stand for accounts without an address
    user_id STRING,
    name STRING,
    role STRING,
    department STRING,
    team STRING,
    manager_email STRING,
    valid_from DATE,
    valid_to DATE,
    is_removed BOOL,
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
