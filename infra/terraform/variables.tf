variable "project" {
  description = "The id of the Google Cloud project. It has billing, and nothing else in it."
  type        = string
}

variable "region" {
  description = "Where everything runs that has a region. In the United States."
  type        = string
  default     = "us-central1"
  validation {
    condition     = can(regex("^us-[a-z]+[0-9]+$", var.region))
    error_message = "Data stays in the United States: take a region such as us-central1."
  }
}

variable "image" {
  description = "The container image of this release, by digest. Empty: everything but what runs it is made."
  type        = string
  default     = ""
  validation {
    condition     = var.image == "" || can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest, us-central1-docker.pkg.dev/PROJECT/aispend/aispend@sha256:…, so that what runs is what was built."
  }
}

variable "pull" {
  description = "Stages that run all the time and pull (a worker pool each). The others are services that Pub/Sub pushes to, and scale to zero."
  type        = set(string)
  default     = []
  validation {
    condition     = length(setsubtract(var.pull, ["fetcher", "normalizer", "validator", "loader", "alerter"])) == 0
    error_message = "Stages are fetcher, normalizer, validator, loader, alerter."
  }
}

variable "schemas" {
  description = "Whether Pub/Sub itself refuses what is no message of ours. Without it, the stages alone do. Topics that had a schema keep it until `gcloud pubsub topics update TOPIC --clear-schema-settings`: do that first, for a topic whose schema is gone takes no message at all."
  type        = bool
  default     = true
}

variable "sizes" {
  description = "Machines of a stage where they differ from the module's: cpu, memory, the most instances, or their number where it pulls."
  type = map(object({
    cpu           = optional(string)
    memory        = optional(string)
    max_instances = optional(number)
  }))
  default = {}
}

variable "settings" {
  description = "More settings by stage, as docs/settings.md names their variables: { fetcher = { AISPEND_START_DATE = \"2026-01-01\" } }. No secrets."
  type        = map(map(string))
  default     = {}
}

variable "secrets" {
  description = "Secrets, the stage that reads each, and the variable that names it there. Their values never pass through Terraform."
  type        = map(object({ stage = string, variable = string }))
  default = {
    anthropic-admin-key = { stage = "fetcher", variable = "ANTHROPIC_ADMIN_KEY" }
    cursor-admin-key    = { stage = "fetcher", variable = "CURSOR_ADMIN_KEY" }
  }
}

variable "dataset" {
  description = "The BigQuery dataset."
  type        = string
  default     = "ai_usage_analytics"
}

variable "usage_retention_days" {
  description = "Days of usage (not of money) that the warehouse keeps. 0: all."
  type        = number
  default     = 800
}

variable "raw_retention_days" {
  description = "Days that vendors' answers stay in the archive: seven years."
  type        = number
  default     = 2557
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 90
}

variable "operators" {
  description = "Who runs `aispend` against this project: group:oncall@example.com."
  type        = list(string)
  default     = []
}

variable "viewers" {
  description = "Who may open Metabase and the dashboards: group:finance@example.com."
  type        = list(string)
  default     = []
}

variable "notify" {
  description = "Addresses that Cloud Monitoring writes to."
  type        = list(string)
  default     = []
}

variable "metabase" {
  description = "Metabase on a virtual machine of its own. null: none. internet: it may reach the internet, which e-mail needs."
  type = object({
    machine_type = optional(string, "e2-medium")
    image        = optional(string, "metabase/metabase:v0.64.6.1")
    site_url     = optional(string, "http://localhost:3000")
    internet     = optional(bool, false)
  })
  default = {}
}

variable "dashboards" {
  description = "`aispend serve` on Cloud Run behind Identity-Aware Proxy."
  type        = bool
  default     = false
}

variable "billing_account" {
  description = "The billing account that a budget alert is made in. Empty: none is made."
  type        = string
  default     = ""
}

variable "monthly_budget_usd" {
  description = "What this project itself may cost a month before somebody is told."
  type        = number
  default     = 40
}
