# Push only: Pub/Sub counts how each request was answered. The fetcher's answer "still at it" while vendors limit it.
resource "google_monitoring_alert_policy" "failure_rate" {
  for_each              = { for stage, subscription in var.subscriptions : stage => subscription if !contains(var.pull, stage) && stage != "fetcher" }
  display_name          = "aispend: ${each.key} refuses messages"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = var.channels
  conditions {
    display_name = "more than half for an hour"
    condition_threshold {
      filter             = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${each.value}\" AND ${local.pubsub}/push_request_count\" AND metric.labels.response_class != \"ack\""
      denominator_filter = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${each.value}\" AND ${local.pubsub}/push_request_count\""
      comparison         = "COMPARISON_GT"
      threshold_value    = 0.5
      duration           = "3600s"
      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
      denominator_aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }
  documentation {
    content = "${each.key} answers with errors, or not at all. ${local.runbook}/lag.md"
  }
}

# 25 hours are the longest window, 23 more it must stay so: 48 hours without anything to load.
resource "google_monitoring_alert_policy" "stale" {
  count                 = var.is_running ? 1 : 0
  display_name          = "aispend: nothing new for 48 hours"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = var.channels
  conditions {
    display_name = "no judged slice reached the loader"
    condition_threshold {
      filter                  = "resource.type = \"pubsub_topic\" AND resource.labels.topic_id = \"${split(".", var.subscriptions["loader"])[0]}\" AND metric.type = \"pubsub.googleapis.com/topic/send_message_operation_count\""
      comparison              = "COMPARISON_LT"
      threshold_value         = 1
      duration                = "82800s"
      evaluation_missing_data = "EVALUATION_MISSING_DATA_ACTIVE"
      aggregations {
        alignment_period     = "90000s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }
  documentation {
    content = "The tables are right, and as old as the last load. ${local.runbook}/staleness.md"
  }
}

resource "google_monitoring_alert_policy" "uptime" {
  count                 = length(var.uptime_checks)
  display_name          = "aispend: Metabase does not answer"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = var.channels
  conditions {
    display_name = "its health check fails"
    condition_threshold {
      filter          = "metric.type = \"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id = \"${var.uptime_checks[count.index]}\" AND resource.type = \"servicedirectory_service\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "600s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
      }
    }
  }
  documentation {
    content = "Loads go on without it. ${local.runbook}/metabase-restore.md"
  }
}

resource "google_monitoring_alert_policy" "rotation" {
  display_name          = "aispend: keys are to be rotated"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = var.channels
  conditions {
    display_name = "the quarter's reminder was not taken"
    condition_threshold {
      filter          = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"${var.reminder}\" AND ${local.pubsub}/num_undelivered_messages\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }
  documentation {
    content = "${local.runbook}/key-rotation-anthropic.md, key-rotation-cursor.md, key-rotation-google.md. Then: gcloud pubsub subscriptions pull ${var.reminder} --auto-ack --project=${var.project}"
  }
}
