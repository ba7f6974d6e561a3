-- Index of the archive: every vendor response a slice was read from.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.raw_documents (
    sha256 STRING NOT NULL, -- the document's name in the archive
    feed STRING NOT NULL,
    org_id STRING NOT NULL,
    slice_key STRING NOT NULL,
    role STRING NOT NULL, -- which question it answers
    request STRING NOT NULL, -- the question
    page INT64 NOT NULL,
    size_bytes INT64 NOT NULL, -- as received
    fetched_at TIMESTAMP NOT NULL,
    request_id STRING NOT NULL, -- the vendor's own id of the call
    run_id STRING NOT NULL -- the run that loaded it first
);
