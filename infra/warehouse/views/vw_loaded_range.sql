-- From when and until when billed money is known: one row. first_day is the first day any feed of billed use has,
-- through_day the last day that all of them have read to its end. Seats alone begin earlier and do not count.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_loaded_range AS
SELECT
    MIN(f.first_day) AS first_day,
    MIN(f.complete_through) AS through_day,
    MAX(c.month) AS month
FROM (
    SELECT MIN(l.first_day) AS first_day, MIN(l.complete_through) AS complete_through
    FROM ai_usage_analytics.vw_freshness AS l
    WHERE l.feed IN ('anthropic/cost', 'cursor/usage-events')
) AS f
LEFT JOIN ai_usage_analytics.dim_calendar AS c ON c.day = f.complete_through;
