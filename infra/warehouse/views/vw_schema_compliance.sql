-- How many of the records that were read fit the tables, by feed, organisation and day of loading.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_schema_compliance AS
SELECT
    l.feed AS feed,
    l.org_id AS org_id,
    CAST(l.loaded_at AS DATE) AS loaded_day,
    SUM(l.rows_in) AS rows_in,
    SUM(l.rows_loaded) AS rows_loaded,
    SUM(l.rows_rejected) AS rows_rejected,
    SUM(l.money_rejected_usd) AS money_rejected_usd,
    SAFE_DIVIDE(SUM(l.rows_loaded) * 100, SUM(l.rows_in)) AS compliance_pct
FROM ai_usage_analytics.slice_loads AS l
WHERE l.state <> 'unavailable'
GROUP BY l.feed, l.org_id, CAST(l.loaded_at AS DATE);
