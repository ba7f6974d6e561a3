-- Accepted lines by month.
output AS (
    SELECT
        u.month AS month,
        SUM(CASE WHEN u.platform = 'claude_code' AND NOT u.covered_by_seat THEN u.lines_accepted END) AS code_count,
        SUM(CASE WHEN u.platform = 'cursor' THEN u.lines_accepted END) AS cursor_count,
        SUM(u.lines_accepted) AS all_count,
        SUM(CASE WHEN NOT u.covered_by_seat THEN u.lines_accepted END) AS billed_count
    FROM {{usage}} AS u
    CROSS JOIN last AS l
    WHERE u.month >= l.first_month AND u.month <= l.month AND u.usage_date <= l.through_day
    GROUP BY u.month
)
