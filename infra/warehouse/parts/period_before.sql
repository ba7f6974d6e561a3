-- The selected period, and whether data reach back to the one before.
span AS (
    SELECT
        p.*,
        p.prev_first >= l.first_day AS has_previous
    FROM {{period}} AS p
    CROSS JOIN ai_usage_analytics.vw_loaded_range AS l
)
