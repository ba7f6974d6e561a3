-- The ledger: one line per reading of a slice that was loaded, kept or noted. Append-only; the history of restatements.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.slice_loads (
    slice_key STRING NOT NULL, -- feed|organisation|day
    feed STRING NOT NULL,
    org_id STRING NOT NULL,
    slice_day DATE, -- NULL: a snapshot
    generation INT64 NOT NULL, -- when it was observed, microseconds since 1970
    observed_at TIMESTAMP NOT NULL, -- the same as a moment
    revision INT64 NOT NULL, -- which reading of the same documents
    reader_version INT64 NOT NULL, -- which reader
    run_id STRING NOT NULL,
    state STRING NOT NULL, -- loaded | unchanged | unavailable
    source STRING NOT NULL, -- endpoint family or sheet
    outcome STRING NOT NULL, -- complete | unavailable | retired
    outcome_reason STRING NOT NULL,
    rows_in INT64 NOT NULL, -- read: loaded and rejected
    rows_loaded INT64 NOT NULL,
    rows_rejected INT64 NOT NULL,
    money_in_usd {{numeric}} NOT NULL, -- billed money read, api_usage_expenses not counted
    money_loaded_usd {{numeric}} NOT NULL,
    money_rejected_usd {{numeric}} NOT NULL,
    superseded_rows INT64 NOT NULL, -- what was there before and was replaced
    superseded_money_usd {{numeric}} NOT NULL,
    rounded_amounts INT64 NOT NULL, -- amounts finer than a nano-dollar
    rounded_lost_usd STRING NOT NULL, -- what rounding took, exactly
    content_hash STRING NOT NULL, -- of the rows as a set, hex
    context_digest STRING NOT NULL, -- what the context decided
    totals STRING NOT NULL, -- JSON: rows and nano-dollars, loaded and read, by table
    documents STRING NOT NULL, -- JSON: what it was read from
    context STRING NOT NULL, -- JSON: what it was read with
    findings STRING NOT NULL, -- JSON: soft findings
    claude_code_tokens INT64, -- that the usage report states for Claude Code, of every kind; NULL: the slice says nothing of them
    loaded_at TIMESTAMP NOT NULL
)
{{partition_by slice_day}}
{{cluster_by slice_key}};
