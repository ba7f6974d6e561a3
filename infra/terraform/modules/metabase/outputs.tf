output "secrets" {
  value = local.secrets
}

output "tunnel" {
  value = "gcloud compute start-iap-tunnel ${google_compute_instance.metabase.name} 3000 --local-host-port=localhost:3000 --zone=${local.zone} --project=${var.project}"
}

output "uptime_check" {
  value = google_monitoring_uptime_check_config.metabase.uptime_check_id
}
