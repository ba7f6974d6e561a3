-- The newest reading of each slice, of those that the vendor had.
newest AS (
    SELECT l.*
    FROM (
        SELECT
            s.*,
            ROW_NUMBER() OVER (
                PARTITION BY s.slice_key ORDER BY s.generation DESC, s.revision DESC, s.reader_version DESC
            ) AS place
        FROM ai_usage_analytics.slice_loads AS s
        WHERE s.state <> 'unavailable'
    ) AS l
    WHERE l.place = 1
)
