# Vendors' answers, plans, batches on their way, the state of runs, parked messages.

variable "name" { type = string }
variable "members" { type = map(string) }
variable "operators" { type = list(string) }
variable "raw_retention_days" { type = number }

locals {
  stages = ["fetcher", "normalizer", "validator", "loader", "alerter"]
  # What vendors answered is evidence: the fetcher adds to it, everybody else only reads it.
  beside_raw = "!resource.name.startsWith(\"projects/_/buckets/${var.name}/objects/raw/\")"
  readers    = merge({ for stage in local.stages : stage => var.members[stage] }, { dashboards = var.members["dashboards"] }, { for member in var.operators : member => member })
  writers    = merge({ for stage in local.stages : stage => var.members[stage] if stage != "fetcher" }, { for member in var.operators : member => member })
}

resource "google_storage_bucket" "archive" {
  #checkov:skip=CKV_GCP_62:reads and writes are in the audit log, see modules/project/logs.tf
  name                        = var.name
  location                    = "US"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false
  versioning {
    enabled = true
  }
  soft_delete_policy {
    retention_duration_seconds = 604800
  }
  lifecycle_rule {
    condition {
      age            = var.raw_retention_days
      matches_prefix = ["raw/"]
    }
    action {
      type = "Delete"
    }
  }
  # Read when days are read again from the archive, which is rare after a quarter.
  lifecycle_rule {
    condition {
      age            = 90
      matches_prefix = ["raw/"]
    }
    action {
      type          = "SetStorageClass"
      storage_class = "NEARLINE"
    }
  }
  # A message lives 7 days, and 7 more as a dead letter. What is known of an unfinished fetch is of use for half an hour.
  lifecycle_rule {
    condition {
      age            = 30
      matches_prefix = ["batches/", "progress/"]
    }
    action {
      type = "Delete"
    }
  }
  lifecycle_rule {
    condition {
      age            = 400
      matches_prefix = ["plans/", "runs/"]
    }
    action {
      type = "Delete"
    }
  }
  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 7
    }
    action {
      type = "Delete"
    }
  }
  lifecycle {
    prevent_destroy = true
  }
}

resource "google_storage_bucket_iam_member" "reader" {
  for_each = local.readers
  bucket   = google_storage_bucket.archive.name
  role     = "roles/storage.objectViewer"
  member   = each.value
}

resource "google_storage_bucket_iam_member" "fetcher" {
  bucket = google_storage_bucket.archive.name
  role   = "roles/storage.objectUser"
  member = var.members["fetcher"]
}

resource "google_storage_bucket_iam_member" "writer" {
  for_each = local.writers
  bucket   = google_storage_bucket.archive.name
  role     = "roles/storage.objectUser"
  member   = each.value
  condition {
    title      = "all but what vendors answered"
    expression = local.beside_raw
  }
}

output "name" {
  value = google_storage_bucket.archive.name
}
