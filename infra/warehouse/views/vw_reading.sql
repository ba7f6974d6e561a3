-- The newest reading of each slice: when a vendor or a sheet was asked, what came of it, and what was loaded.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_reading AS
WITH {{with:newest_readings}}
SELECT
    n.slice_key AS slice_key,
    n.feed AS feed,
    n.org_id AS org_id,
    n.slice_day AS slice_day,
    n.source AS source,
    n.outcome AS outcome,
    n.observed_at AS observed_at,
    n.loaded_at AS loaded_at,
    n.rows_loaded AS rows_loaded,
    n.rows_rejected AS rows_rejected,
    n.money_loaded_usd AS money_loaded_usd,
    n.run_id AS run_id
FROM newest AS n;
