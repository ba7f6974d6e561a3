# Logs stay in the region. `_Required` cannot move: it holds what administrators did, never payloads.

resource "google_logging_project_bucket_config" "logs" {
  project        = var.project
  location       = var.region
  bucket_id      = "aispend"
  retention_days = var.log_retention_days
  description    = "Every log of this project"
  depends_on     = [google_project_service.api]
}

resource "google_logging_project_sink" "default" {
  name                   = "_Default"
  destination            = "logging.googleapis.com/${google_logging_project_bucket_config.logs.id}"
  filter                 = "NOT LOG_ID(\"cloudaudit.googleapis.com/activity\") AND NOT LOG_ID(\"externalaudit.googleapis.com/activity\") AND NOT LOG_ID(\"cloudaudit.googleapis.com/system_event\") AND NOT LOG_ID(\"externalaudit.googleapis.com/system_event\") AND NOT LOG_ID(\"cloudaudit.googleapis.com/access_transparency\") AND NOT LOG_ID(\"externalaudit.googleapis.com/access_transparency\")"
  unique_writer_identity = true
}

# Who read a secret, a vendor's answer, the warehouse, or came through the proxy.
resource "google_project_iam_audit_config" "reads" {
  for_each = toset(["secretmanager", "storage", "bigquery", "iap"])
  project  = var.project
  service  = "${each.key}.googleapis.com"
  audit_log_config {
    log_type = "ADMIN_READ"
  }
  audit_log_config {
    log_type = "DATA_READ"
  }
  audit_log_config {
    log_type = "DATA_WRITE"
  }
}
