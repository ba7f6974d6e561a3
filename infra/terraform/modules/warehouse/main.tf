# The dataset and its tables. Views, seeds and every later change are the migrate job's: docs/decisions/0015.

variable "project" { type = string }
variable "dataset" { type = string }
variable "members" { type = map(string) }
variable "operators" { type = list(string) }
variable "usage_retention_days" { type = number }

locals {
  # What people did, not what it cost: money and the ledger never expire.
  usage_tables = toset(["claude_usage_stats", "claude_code_usage_stats", "cursor_usage_stats", "cursor_usage_events"])
  retention_ms = var.usage_retention_days * 24 * 60 * 60 * 1000
  readers      = merge({ for name in ["fetcher", "dashboards", "metabase"] : name => var.members[name] }, { for member in var.operators : member => member })
  writers      = { for name in ["loader", "alerter", "migrator"] : name => var.members[name] }
}

module "tables" {
  source = "./tables"
  folder = "${path.module}/../../../warehouse/tables"
}

resource "google_bigquery_dataset" "warehouse" {
  #checkov:skip=CKV_GCP_81:no customer-managed keys, Google's own encrypt at rest
  dataset_id                 = var.dataset
  location                   = "US"
  description                = "Where the AI money goes. Written by aispend."
  delete_contents_on_destroy = false
  max_time_travel_hours      = "168"
}

resource "google_bigquery_table" "table" {
  #checkov:skip=CKV_GCP_80:no customer-managed keys, Google's own encrypt at rest
  for_each            = module.tables.tables
  dataset_id          = google_bigquery_dataset.warehouse.dataset_id
  table_id            = each.key
  description         = each.value.description
  schema              = jsonencode(each.value.columns)
  clustering          = each.value.cluster
  deletion_protection = true
  dynamic "time_partitioning" {
    for_each = each.value.partition == null ? [] : [each.value.partition]
    content {
      type          = "DAY"
      field         = time_partitioning.value
      expiration_ms = contains(local.usage_tables, each.key) && local.retention_ms > 0 ? local.retention_ms : null
    }
  }
  lifecycle {
    # Columns are added by `aispend migrate`, and a column is never worth making a table anew.
    ignore_changes = [schema]
  }
}

resource "google_bigquery_dataset_iam_member" "reader" {
  for_each   = local.readers
  dataset_id = google_bigquery_dataset.warehouse.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.value
}

resource "google_bigquery_dataset_iam_member" "writer" {
  for_each   = local.writers
  dataset_id = google_bigquery_dataset.warehouse.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = each.value
}

resource "google_project_iam_member" "asks" {
  for_each = merge(local.readers, local.writers)
  project  = var.project
  role     = "roles/bigquery.jobUser"
  member   = each.value
}

output "dataset" {
  value = google_bigquery_dataset.warehouse.dataset_id
}

output "location" {
  value = google_bigquery_dataset.warehouse.location
}
