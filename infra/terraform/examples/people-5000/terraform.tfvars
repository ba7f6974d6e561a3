# 5,000 people, Enterprise and Console organisations: docs/cost.md. Copy it, and put your own names in.

project   = "example-ai-spend"
operators = ["group:oncall@example.com"]
viewers   = ["group:finance@example.com", "group:engineering-managers@example.com"]
notify    = ["oncall@example.com", "data-platform@example.com"]

secrets = {
  anthropic-admin-key     = { stage = "fetcher", variable = "ANTHROPIC_ADMIN_KEY" }
  anthropic-analytics-key = { stage = "fetcher", variable = "ANTHROPIC_ANALYTICS_KEY" }
  cursor-admin-key        = { stage = "fetcher", variable = "CURSOR_ADMIN_KEY" }
}

settings = {
  fetcher = { AISPEND_SPREADSHEET_ID = "the-id-in-the-address-of-the-spreadsheet" }
}

# A day of Cursor events is hours of requests here, and Pub/Sub waits ten minutes for an answer: the fetcher pulls.
pull = ["fetcher"]
sizes = {
  fetcher    = { memory = "1Gi" }
  normalizer = { memory = "2Gi" }
  validator  = { memory = "2Gi" }
  loader     = { cpu = "2", memory = "4Gi" }
}

metabase = {
  machine_type = "e2-standard-2"
  internet     = true
}

monthly_budget_usd = 250
