# One page: how long messages wait, how many, what was given back and parked, and the machines.

locals {
  charts = [
    { title = "Oldest message waits, s", aligner = "ALIGN_MAX", group = "resource.label.subscription_id", filter = "resource.type = \"pubsub_subscription\" AND ${local.pubsub}/oldest_unacked_message_age\"" },
    { title = "Messages waiting", aligner = "ALIGN_MAX", group = "resource.label.subscription_id", filter = "resource.type = \"pubsub_subscription\" AND ${local.pubsub}/num_undelivered_messages\"" },
    { title = "Dead letters", aligner = "ALIGN_DELTA", group = "resource.label.subscription_id", filter = "resource.type = \"pubsub_subscription\" AND ${local.pubsub}/dead_letter_message_count\"" },
    { title = "Published", aligner = "ALIGN_DELTA", group = "resource.label.topic_id", filter = "resource.type = \"pubsub_topic\" AND metric.type = \"pubsub.googleapis.com/topic/send_message_operation_count\"" },
    { title = "Parked", aligner = "ALIGN_DELTA", group = "metric.label.stage", filter = "metric.type = \"logging.googleapis.com/user/${google_logging_metric.stage["parked"].name}\"" },
    { title = "Given back, to come again", aligner = "ALIGN_DELTA", group = "metric.label.stage", filter = "metric.type = \"logging.googleapis.com/user/${google_logging_metric.stage["given_back"].name}\"" },
    { title = "Memory, share of the limit (99th percentile)", aligner = "ALIGN_PERCENTILE_99", group = "resource.label.service_name", filter = "resource.type = \"cloud_run_revision\" AND metric.type = \"run.googleapis.com/container/memory/utilizations\"" },
  ]
}

resource "google_monitoring_dashboard" "pipeline" {
  dashboard_json = jsonencode({
    displayName = "aispend pipeline"
    mosaicLayout = {
      columns = 48
      tiles = [
        for place, chart in local.charts : {
          xPos   = (place % 2) * 24
          yPos   = floor(place / 2) * 16
          width  = 24
          height = 16
          widget = {
            title = chart.title
            xyChart = {
              dataSets = [{
                plotType = "LINE"
                timeSeriesQuery = {
                  timeSeriesFilter = {
                    filter = chart.filter
                    aggregation = {
                      alignmentPeriod    = "300s"
                      perSeriesAligner   = chart.aligner
                      crossSeriesReducer = "REDUCE_MAX"
                      groupByFields      = [chart.group]
                    }
                  }
                }
              }]
            }
          }
        }
      ]
    }
  })
}
