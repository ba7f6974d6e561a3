# Push: a service a stage. Nothing runs, and nothing is paid, while there is no message.

resource "google_cloud_run_v2_service" "stage" {
  for_each            = { for stage, its in local.stages : stage => its if !contains(var.pull, stage) }
  name                = each.key
  location            = var.region
  deletion_protection = false
  # Pub/Sub of this project counts as internal.
  ingress          = "INGRESS_TRAFFIC_INTERNAL_ONLY"
  custom_audiences = [var.urls[each.key]]
  template {
    service_account                  = var.emails[each.key]
    max_instance_request_concurrency = each.value.requests
    # Pub/Sub waits ten minutes for an answer.
    timeout = "600s"
    scaling {
      min_instance_count = 0
      max_instance_count = local.size[each.key].instances
    }
    containers {
      image   = var.image
      command = ["/app/${each.key}"]
      resources {
        limits            = { cpu = local.size[each.key].cpu, memory = local.size[each.key].memory }
        cpu_idle          = true
        startup_cpu_boost = true
      }
      ports {
        container_port = 8080
      }
      startup_probe {
        http_get {
          path = "/readyz"
          port = 8080
        }
        period_seconds    = 5
        failure_threshold = 24
      }
      liveness_probe {
        http_get {
          path = "/healthz"
          port = 8080
        }
        period_seconds    = 30
        failure_threshold = 3
      }
      dynamic "env" {
        for_each = local.env[each.key]
        content {
          name  = env.key
          value = env.value
        }
      }
    }
  }
  depends_on = [google_cloud_run_v2_job.migrate]
}

resource "google_cloud_run_v2_service_iam_member" "pusher" {
  for_each = google_cloud_run_v2_service.stage
  name     = each.value.name
  location = each.value.location
  role     = "roles/run.invoker"
  member   = "serviceAccount:${var.emails["pusher"]}"
}
