# What every other module stands on: APIs, images, who runs what, logs, the project's own budget.

locals {
  apis = [
    "artifactregistry", "bigquery", "bigquerystorage", "billingbudgets", "cloudresourcemanager", "cloudscheduler",
    "compute", "iam", "iap", "logging", "monitoring", "pubsub", "run", "secretmanager", "servicedirectory", "sheets",
    "storage",
  ]
  accounts = {
    fetcher    = "Asks vendors, fills the archive"
    normalizer = "Reads documents into records"
    validator  = "Judges records"
    loader     = "Writes the warehouse"
    alerter    = "Follows runs, tells people, drains dead letters"
    migrator   = "Makes and upgrades views and tables"
    pusher     = "Signs what Pub/Sub pushes to the stages"
    dashboards = "Serves the dashboards"
    metabase   = "The virtual machine of Metabase"
  }
}

resource "google_project_service" "api" {
  for_each           = toset(local.apis)
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}

resource "google_service_account" "account" {
  for_each     = local.accounts
  account_id   = "aispend-${each.key}"
  display_name = "aispend ${each.key}: ${each.value}"
  depends_on   = [google_project_service.api]
}

resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84:no customer-managed keys, the images hold no data
  repository_id = "aispend"
  format        = "DOCKER"
  location      = var.region
  description   = "Releases of aispend"
  docker_config {
    immutable_tags = true
  }
  cleanup_policies {
    id     = "keep-the-last-ten"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }
  cleanup_policies {
    id     = "drop-what-is-old"
    action = "DELETE"
    condition {
      older_than = "7776000s"
    }
  }
  depends_on = [google_project_service.api]
}
