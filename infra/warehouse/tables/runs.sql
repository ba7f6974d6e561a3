-- One line per run: what was planned and what became of it.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.runs (
    run_id STRING NOT NULL,
    trigger STRING NOT NULL, -- daily | command | backfill | reprocess | reconsider | retire | replay
    started_at TIMESTAMP NOT NULL, -- when it was planned
    finished_at TIMESTAMP, -- NULL while it runs
    state STRING NOT NULL, -- running | succeeded | incomplete
    planned INT64 NOT NULL, -- slices
    loaded INT64 NOT NULL, -- loaded or unchanged
    skipped INT64 NOT NULL, -- superseded or unavailable
    failed INT64 NOT NULL, -- failed or overdue
    parked INT64 NOT NULL,
    notes STRING NOT NULL -- what a person should know of the run: plans that failed, and the slices that did, by feed
);
