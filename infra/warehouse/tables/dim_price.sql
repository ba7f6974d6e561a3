-- List prices, dated. For estimates and plausibility only: money comes from the vendors' reports.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.dim_price (
    model STRING NOT NULL, -- without a trailing date
    token_type STRING NOT NULL, -- the vendor's five values
    token_class STRING NOT NULL, -- input | output | cache_read | cache_write
    max_prompt_tokens INT64, -- NULL: any length; else the price up to this prompt
    usd_per_million {{numeric}} NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE -- last day; NULL: still valid
);
