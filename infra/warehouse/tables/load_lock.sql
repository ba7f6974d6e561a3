-- One row. Every load updates it first, so that two loads always conflict.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.load_lock (
    name STRING NOT NULL,
    holder STRING NOT NULL, -- run of the last load
    taken_at TIMESTAMP -- when it loaded
);
