# `aispend serve` for people with a browser. Identity-Aware Proxy asks who they are, and the service takes nothing that the
# proxy did not sign for it.

variable "number" { type = string }
variable "region" { type = string }
variable "image" { type = string }
variable "email" { type = string }
variable "viewers" { type = list(string) }
variable "env" { type = map(string) }

resource "google_cloud_run_v2_service" "dashboards" {
  name                = "dashboards"
  location            = var.region
  deletion_protection = false
  ingress             = "INGRESS_TRAFFIC_ALL"
  iap_enabled         = true
  template {
    service_account                  = var.email
    max_instance_request_concurrency = 40
    scaling {
      min_instance_count = 0
      max_instance_count = 2
    }
    containers {
      image   = var.image
      command = ["/app/aispend"]
      args    = ["serve", "--listen", "0.0.0.0:8080"]
      resources {
        limits = { cpu = "1", memory = "2Gi" }
      }
      ports {
        container_port = 8080
      }
      env {
        name  = "AISPEND_IAP_AUDIENCE"
        value = "/projects/${var.number}/locations/${var.region}/services/dashboards"
      }
      dynamic "env" {
        for_each = var.env
        content {
          name  = env.key
          value = env.value
        }
      }
    }
  }
}

# The proxy calls the service; nobody else may.
resource "google_cloud_run_v2_service_iam_member" "proxy" {
  name     = google_cloud_run_v2_service.dashboards.name
  location = var.region
  role     = "roles/run.invoker"
  member   = "serviceAccount:service-${var.number}@gcp-sa-iap.iam.gserviceaccount.com"
}

resource "google_iap_web_cloud_run_service_iam_member" "viewer" {
  for_each               = toset(var.viewers)
  cloud_run_service_name = google_cloud_run_v2_service.dashboards.name
  location               = var.region
  role                   = "roles/iap.httpsResourceAccessor"
  member                 = each.key
}

output "url" {
  value = google_cloud_run_v2_service.dashboards.uri
}
