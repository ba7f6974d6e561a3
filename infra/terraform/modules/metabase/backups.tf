# A dump a day. The machine adds and reads, and can neither change nor delete; nobody can for a week.

resource "google_storage_bucket" "backups" {
  #checkov:skip=CKV_GCP_62:reads and writes are in the audit log, see modules/project/logs.tf
  name                        = "${var.project}-metabase-backups"
  location                    = "US"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  versioning {
    enabled = true
  }
  retention_policy {
    retention_period = "604800"
  }
  soft_delete_policy {
    retention_duration_seconds = 604800
  }
  lifecycle_rule {
    condition {
      age = 60
    }
    action {
      type = "Delete"
    }
  }
}

resource "google_storage_bucket_iam_member" "machine" {
  for_each = toset(["roles/storage.objectCreator", "roles/storage.objectViewer"])
  bucket   = google_storage_bucket.backups.name
  role     = each.key
  member   = var.member
}
