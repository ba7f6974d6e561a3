# What on-call is told by Cloud Monitoring. What the numbers themselves say is the alerter's.

locals {
  # A vendor may limit a first year of days for hours; every other stage answers in minutes.
  patience = { fetcher = 21600, normalizer = 1800, validator = 1800, loader = 1800, alerter = 1800 }
  pubsub   = "metric.type = \"pubsub.googleapis.com/subscription"
  runbook  = "See docs/runbooks"
}

resource "google_logging_metric" "stage" {
  for_each = {
    parked     = ["message parked"]
    given_back = ["message given back"]
    unheard    = ["an alert rule could not be asked", "the alert rules could not be asked", "nobody was told of an incident"]
  }
  name   = "aispend/${each.key}"
  filter = "jsonPayload.message = (${join(" OR ", [for line in each.value : "\"${line}\""])})"
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    labels {
      key = "stage"
    }
  }
  label_extractors = { stage = "EXTRACT(jsonPayload.stage)" }
}

resource "google_monitoring_alert_policy" "lag" {
  for_each              = var.subscriptions
  display_name          = "aispend: ${each.key} lags"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = var.channels
  conditions {
    display_name = "the oldest message waits more than ${local.patience[each.key]} s"
    condition_threshold {
      filter          = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${each.value}\" AND ${local.pubsub}/oldest_unacked_message_age\""
      comparison      = "COMPARISON_GT"
      threshold_value = local.patience[each.key]
      duration        = "300s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }
  documentation {
    content = "Messages of ${each.value} wait. Nothing is lost. ${local.runbook}/lag.md"
  }
}

resource "google_monitoring_alert_policy" "backlog" {
  for_each              = { for stage, subscription in var.subscriptions : stage => subscription if stage != "fetcher" }
  display_name          = "aispend: ${each.key} has a backlog"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = var.channels
  conditions {
    display_name = "more than 1,000 messages for an hour"
    condition_threshold {
      filter          = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${each.value}\" AND ${local.pubsub}/num_undelivered_messages\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1000
      duration        = "3600s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }
  documentation {
    content = "${each.key} takes fewer messages than it is sent. ${local.runbook}/lag.md"
  }
}

resource "google_monitoring_alert_policy" "dead_letters" {
  for_each              = var.dead_letters
  display_name          = "aispend: dead letters of ${each.key}"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = var.channels
  conditions {
    display_name = "Pub/Sub gave up on a message"
    condition_threshold {
      filter          = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${var.subscriptions[each.key]}\" AND ${local.pubsub}/dead_letter_message_count\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }
  # The hourly check wakes an alerter that is pushed to; two of them have passed by then.
  conditions {
    display_name = "and nobody has put it with the parked messages"
    condition_threshold {
      filter          = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${each.value}\" AND ${local.pubsub}/num_undelivered_messages\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "7500s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }
  documentation {
    content = "No money is lost; a slice is late. ${local.runbook}/dead-letters.md"
  }
}

resource "google_monitoring_alert_policy" "parked" {
  for_each = merge(
    length(var.pull) < length(var.subscriptions) ? { service = "cloud_run_revision" } : {},
    length(var.pull) > 0 ? { pool = "cloud_run_worker_pool" } : {},
  )
  display_name          = "aispend: a message is parked (${each.key})"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = var.channels
  conditions {
    display_name = "a stage set a message aside"
    condition_threshold {
      filter          = "metric.type = \"logging.googleapis.com/user/${google_logging_metric.stage["parked"].name}\" AND resource.type = \"${each.value}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }
  documentation {
    content = "It waits for a person: `aispend dead-letters list`. ${local.runbook}/dead-letters.md"
  }
}

# An alerter that works and cannot ask or tell: its silence must not look like good news. A dead one is seen by its lag. Each
# rule and each letter that failed counts; what failed is tried again an hour later.
resource "google_monitoring_alert_policy" "unheard" {
  display_name          = "aispend: alerts are not asked or not told"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = var.channels
  conditions {
    display_name = "more than one failure in three hours"
    condition_threshold {
      filter          = "metric.type = \"logging.googleapis.com/user/${google_logging_metric.stage["unheard"].name}\" AND resource.type = \"${contains(var.pull, "alerter") ? "cloud_run_worker_pool" : "cloud_run_revision"}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "0s"
      aggregations {
        alignment_period     = "10800s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }
  documentation {
    content = "Incidents are kept, and told once the cause is gone. ${local.runbook}/unheard-alerts.md"
  }
}
