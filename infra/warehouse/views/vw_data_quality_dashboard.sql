-- vw_data_quality under the name of requirement 003.
CREATE OR REPLACE VIEW ai_usage_analytics.vw_data_quality_dashboard AS
SELECT
    q.check_name AS check_name,
    q.measured_value AS measured_value,
    q.target AS target,
    q.alert_at AS alert_at,
    q.status AS status,
    q.detail AS detail,
    q.checked_at AS checked_at
FROM ai_usage_analytics.vw_data_quality AS q;
