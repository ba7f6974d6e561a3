-- Billed Cursor money by person, day, model and kind of charge. Request columns count the row's own events.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.cursor_expenses (
    expense_date DATE NOT NULL,
    user_email STRING, -- sa:<id> for a service account
    model STRING,
    cost_type STRING NOT NULL, -- usage_based | included_usage | not_charged | subscription
    cost_class STRING NOT NULL, -- seat | usage | other
    estimated_cost_usd {{numeric}} NOT NULL, -- billed, US dollars (the name is the requirement's)
    included_value_usd {{numeric}}, -- list value covered by the plan, never billed
    usage_based_reqs INT64,
    subscription_included_reqs INT64,
    not_charged_reqs INT64,
    subscription_plan STRING,
    org_id STRING NOT NULL, -- the vendor's own id of the organisation
    slice_key STRING NOT NULL, -- feed|organisation|day: what is replaced as one
    source STRING NOT NULL, -- endpoint family or sheet
    run_id STRING NOT NULL, -- the run that loaded the row (request_id of 003)
    fetched_at TIMESTAMP NOT NULL, -- when the slice was observed: its generation
    document_sha256 STRING -- the response it was read from, in the archive (raw_response of 003)
)
{{partition_by expense_date}}
{{cluster_by user_email, model}};
