-- The names a platform goes by.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.dim_platform (
    platform STRING NOT NULL, -- in the six tables
    view_name STRING NOT NULL, -- in vw_* views
    fact_name STRING NOT NULL, -- in fct_* views
    label STRING NOT NULL, -- for people
    vendor STRING NOT NULL,
    sort_order INT64 NOT NULL
);
