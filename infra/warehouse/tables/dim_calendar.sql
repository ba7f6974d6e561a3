-- Every day from 2024 to 2030: date arithmetic that is the same on every engine.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.dim_calendar (
    day DATE NOT NULL,
    month DATE NOT NULL, -- its first day
    month_end DATE NOT NULL,
    week DATE NOT NULL, -- its Monday
    quarter DATE NOT NULL, -- its first day
    year INT64 NOT NULL,
    days_in_month INT64 NOT NULL,
    is_weekday BOOL NOT NULL -- Monday to Friday
);
