-- Coding money and what came of it, in the period and in the one before.
money AS (
    SELECT
        SUM(CASE WHEN s.is_coding AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd END) AS coding_usd,
        SUM(CASE WHEN s.is_coding AND p.has_previous AND s.spend_date BETWEEN p.prev_first AND p.prev_through THEN s.cost_usd END) AS coding_before_usd,
        SUM(CASE WHEN s.is_coding AND s.platform = 'claude_ai' AND s.spend_date BETWEEN p.first_day AND p.through_day THEN s.cost_usd END) AS covering_usd,
        SUM(CASE WHEN s.is_coding AND s.platform = 'claude_ai' AND p.has_previous AND s.spend_date BETWEEN p.prev_first AND p.prev_through THEN s.cost_usd END) AS covering_before_usd
    FROM {{spend}} AS s
    CROSS JOIN span AS p
    WHERE s.spend_date >= p.prev_first AND s.spend_date <= p.through_day
),
output AS (
    SELECT
        SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.lines_accepted END) AS lines_accepted,
        SUM(CASE WHEN p.has_previous AND u.usage_date BETWEEN p.prev_first AND p.prev_through THEN u.lines_accepted END) AS lines_before,
        SUM(CASE WHEN NOT u.covered_by_seat AND u.usage_date BETWEEN p.first_day AND p.through_day THEN u.lines_accepted END) AS billed_lines,
        SUM(CASE WHEN NOT u.covered_by_seat AND p.has_previous AND u.usage_date BETWEEN p.prev_first AND p.prev_through THEN u.lines_accepted END) AS billed_lines_before,
        SUM(CASE WHEN u.usage_date BETWEEN p.first_day AND p.through_day THEN u.suggestions_accepted END) AS accepts,
        SUM(CASE WHEN p.has_previous AND u.usage_date BETWEEN p.prev_first AND p.prev_through THEN u.suggestions_accepted END) AS accepts_before,
        SUM(CASE WHEN NOT u.covered_by_seat AND u.usage_date BETWEEN p.first_day AND p.through_day THEN u.suggestions_accepted END) AS billed_accepts,
        SUM(CASE WHEN NOT u.covered_by_seat AND p.has_previous AND u.usage_date BETWEEN p.prev_first AND p.prev_through THEN u.suggestions_accepted END) AS billed_accepts_before
    FROM {{usage}} AS u
    CROSS JOIN span AS p
    WHERE u.usage_date >= p.prev_first AND u.usage_date <= p.through_day
),
-- Lines under a Claude.ai seat count where the seat's money does.
paid AS (
    SELECT
        m.coding_usd AS coding_usd,
        m.coding_before_usd AS coding_before_usd,
        CASE WHEN m.covering_usd > 0 THEN o.lines_accepted ELSE o.billed_lines END AS paid_lines,
        CASE WHEN m.covering_before_usd > 0 THEN o.lines_before ELSE o.billed_lines_before END AS paid_lines_before,
        CASE WHEN m.covering_usd > 0 THEN o.accepts ELSE o.billed_accepts END AS paid_accepts,
        CASE WHEN m.covering_before_usd > 0 THEN o.accepts_before ELSE o.billed_accepts_before END AS paid_accepts_before
    FROM money AS m
    CROSS JOIN output AS o
)
