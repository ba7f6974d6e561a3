# Who is told, by Cloud Monitoring and about money.
resource "google_monitoring_notification_channel" "mail" {
  for_each     = toset(var.notify)
  display_name = "aispend: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
  depends_on   = [google_project_service.api]
}

# What this project itself costs: half, all of it, and when the month will end above it.
resource "google_billing_budget" "project" {
  count           = var.billing_account == "" ? 0 : 1
  billing_account = var.billing_account
  display_name    = "aispend itself"
  budget_filter {
    projects = ["projects/${var.number}"]
  }
  amount {
    specified_amount {
      currency_code = "USD"
      units         = tostring(var.monthly_budget_usd)
    }
  }
  threshold_rules {
    threshold_percent = 0.5
  }
  threshold_rules {
    threshold_percent = 1
  }
  threshold_rules {
    threshold_percent = 1
    spend_basis       = "FORECASTED_SPEND"
  }
  all_updates_rule {
    monitoring_notification_channels = [for channel in google_monitoring_notification_channel.mail : channel.id]
  }
  depends_on = [google_project_service.api]
}

# Whoever is on call sees logs, metrics and what runs. They change nothing of it.
resource "google_project_iam_member" "operator" {
  for_each = {
    for pair in setproduct(["roles/logging.viewer", "roles/monitoring.viewer", "roles/run.viewer", "roles/cloudscheduler.viewer"], var.operators) :
    "${pair[0]}:${pair[1]}" => pair
  }
  project = var.project
  role    = each.value[0]
  member  = each.value[1]
}

# Logs lie in a bucket of our own (logs.tf), which the role above does not open.
resource "google_project_iam_member" "reads_logs" {
  for_each = toset(var.operators)
  project  = var.project
  role     = "roles/logging.viewAccessor"
  member   = each.key
  condition {
    title      = "the logs of this project"
    expression = "resource.name == \"${google_logging_project_bucket_config.logs.id}/views/_AllLogs\""
  }
}
