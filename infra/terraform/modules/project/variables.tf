variable "project" { type = string }
variable "number" { type = string }
variable "region" { type = string }
variable "log_retention_days" { type = number }
variable "billing_account" { type = string }
variable "monthly_budget_usd" { type = number }
variable "notify" { type = list(string) }
variable "operators" { type = list(string) }
