-- One line per state of an incident: the newest of an incident_id counts.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.alert_incidents (
    incident_id STRING NOT NULL, -- deterministic: rule, subject and period
    rule STRING NOT NULL,
    subject STRING NOT NULL, -- what it is about
    period STRING NOT NULL, -- the day or month
    state STRING NOT NULL, -- open | acknowledged | resolved
    severity STRING NOT NULL,
    measured STRING NOT NULL, -- what was seen
    limit_value STRING NOT NULL, -- what was allowed
    summary STRING NOT NULL,
    opened_at TIMESTAMP NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    notified_at TIMESTAMP,
    changed_by STRING
);
