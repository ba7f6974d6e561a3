# Pull: a worker pool a stage, always running. For a fetcher whose days take longer than Pub/Sub waits for an answer.

resource "google_cloud_run_v2_worker_pool" "stage" {
  for_each            = { for stage, its in local.stages : stage => its if contains(var.pull, stage) }
  name                = each.key
  location            = var.region
  deletion_protection = false
  scaling {
    scaling_mode          = "MANUAL"
    manual_instance_count = local.size[each.key].instances
  }
  template {
    service_account = var.emails[each.key]
    containers {
      image   = var.image
      command = ["/app/${each.key}"]
      resources {
        limits = { cpu = local.size[each.key].cpu, memory = local.size[each.key].memory }
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
