# 15 people, two vendors, under $30 a month: docs/cost.md. Copy it, and put your own names in.

project   = "example-ai-spend"
operators = ["group:oncall@example.com"]
viewers   = ["group:finance@example.com", "group:engineering-managers@example.com"]
notify    = ["oncall@example.com"]

# Named as in Secret Manager. Leave out the vendor you have no key of: a secret without a value ends the fetcher.
secrets = {
  anthropic-admin-key = { stage = "fetcher", variable = "ANTHROPIC_ADMIN_KEY" }
  cursor-admin-key    = { stage = "fetcher", variable = "CURSOR_ADMIN_KEY" }
}

monthly_budget_usd = 30
