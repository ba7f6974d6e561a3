-- What figures rest on where nobody measures. Values that are there are kept.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.dim_assumption (
    name STRING NOT NULL,
    value {{numeric}} NOT NULL,
    unit STRING NOT NULL,
    note STRING NOT NULL
);
