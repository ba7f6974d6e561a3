-- One row: what this warehouse is.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.warehouse_info (
    schema_version INT64 NOT NULL,
    schema_digest STRING NOT NULL, -- of tables, views and seeds
    is_simulated BOOL NOT NULL, -- true: a demo, never mixed with real data
    created_at TIMESTAMP NOT NULL
);
