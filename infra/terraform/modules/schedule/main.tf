# What happens by the clock. Both bodies are read by shared/stage/src/plain.rs.

variable "region" { type = string }
variable "topics" { type = map(string) }
variable "reminder" { type = string }
variable "is_paused" {
  description = "True as long as nothing would take the messages."
  type        = bool
}

resource "google_cloud_scheduler_job" "daily" {
  name        = "daily"
  description = "Reads what is due. A second message on one day changes nothing."
  region      = var.region
  schedule    = "0 6 * * *"
  time_zone   = "America/Los_Angeles"
  paused      = var.is_paused
  retry_config {
    retry_count = 5
  }
  pubsub_target {
    topic_name = var.topics["fetch-requests"]
    data       = base64encode(jsonencode({ trigger = "daily" }))
  }
}

resource "google_cloud_scheduler_job" "alerts" {
  name        = "alert-checks"
  description = "Has the alert rules looked at again, and wakes the alerter to drain dead letters."
  region      = var.region
  schedule    = "30 * * * *"
  time_zone   = "America/Los_Angeles"
  paused      = var.is_paused
  retry_config {
    retry_count = 5
  }
  pubsub_target {
    topic_name = var.topics["slice-events"]
    data       = base64encode(jsonencode({ check = "alerts" }))
  }
}

resource "google_cloud_scheduler_job" "rotation" {
  name        = "key-rotation"
  description = "Reminds people every quarter that keys are to be changed."
  region      = var.region
  schedule    = "0 9 1 1,4,7,10 *"
  time_zone   = "America/Los_Angeles"
  retry_config {
    retry_count = 5
  }
  pubsub_target {
    topic_name = var.reminder
    data       = base64encode("rotate keys")
  }
}
