# Places for secrets. Their values are added by hand (docs/guides/deploy.md) and never come near Terraform's state.

variable "region" { type = string }
variable "secrets" { type = map(object({ stage = string, variable = string })) }
variable "members" { type = map(string) }

resource "google_secret_manager_secret" "secret" {
  for_each            = var.secrets
  secret_id           = each.key
  deletion_protection = true
  # A destroyed version can be had back for a week.
  version_destroy_ttl = "604800s"
  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each  = var.secrets
  secret_id = google_secret_manager_secret.secret[each.key].id
  role      = "roles/secretmanager.secretAccessor"
  member    = var.members[each.value.stage]
}

# Every quarter a message lies here until somebody takes it; Cloud Monitoring tells them (modules/monitoring).
resource "google_pubsub_topic" "reminder" {
  #checkov:skip=CKV_GCP_83:no customer-managed keys, the reminder holds nothing
  name = "key-rotation"
  message_storage_policy {
    allowed_persistence_regions = [var.region]
    enforce_in_transit          = true
  }
}

resource "google_pubsub_subscription" "reminder" {
  name                       = "key-rotation"
  topic                      = google_pubsub_topic.reminder.id
  message_retention_duration = "2678400s"
  expiration_policy {
    ttl = ""
  }
}

output "reminder_topic" {
  value = google_pubsub_topic.reminder.id
}

output "reminder_subscription" {
  value = google_pubsub_subscription.reminder.name
}
