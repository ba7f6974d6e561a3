output "emails" {
  description = "Service accounts by what runs as them."
  value       = { for name, account in google_service_account.account : name => account.email }
}

output "members" {
  description = "The same, as grants name them."
  value       = { for name, account in google_service_account.account : name => account.member }
}

output "registry" {
  value = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "channels" {
  description = "Notification channels."
  value       = [for channel in google_monitoring_notification_channel.mail : channel.id]
}
