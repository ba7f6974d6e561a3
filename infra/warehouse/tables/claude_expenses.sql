-- All billed Claude money, once: usage of every platform, usage credits and seats. Never add api_usage_expenses to it: that is a part of this money, counted twice.
CREATE TABLE IF NOT EXISTS ai_usage_analytics.claude_expenses (
    expense_date DATE NOT NULL,
    platform STRING NOT NULL, -- claude.ai | claude_code | claude_api
    platform_rule STRING NOT NULL, -- which rule decided `platform`
    workspace_id STRING, -- NULL: the default workspace
    model STRING,
    cost_usd {{numeric}} NOT NULL, -- billed, US dollars; a negative amount is a credit
    list_cost_usd {{numeric}}, -- list price of the same line, never billed
    cost_type STRING, -- the vendor's word, or subscription, usage_credits
    cost_class STRING NOT NULL, -- seat | usage | other
    token_type STRING, -- the vendor's five values
    token_class STRING, -- input | output | cache_read | cache_write
    service_tier STRING,
    context_window STRING,
    inference_geo STRING,
    description STRING,
    api_key_id STRING, -- as the vendor stated it, or as allocation gave it
    user_email STRING, -- as the vendor stated it
    actor_id STRING,
    product STRING,
    allocation STRING NOT NULL, -- reported | exact | widened | no_key | unallocated
    subscription_plan STRING, -- the plan of a seat
    org_id STRING NOT NULL, -- the vendor's own id of the organisation
    slice_key STRING NOT NULL, -- feed|organisation|day: what is replaced as one
    source STRING NOT NULL, -- endpoint family or sheet
    run_id STRING NOT NULL, -- the run that loaded the row (request_id of 003)
    fetched_at TIMESTAMP NOT NULL, -- when the slice was observed: its generation
    document_sha256 STRING -- the response it was read from, in the archive (raw_response of 003)
)
{{partition_by expense_date}}
{{cluster_by platform, user_email, model}};
