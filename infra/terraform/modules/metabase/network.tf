# A network of its own, without a way in but Identity-Aware Proxy and the uptime check.

resource "google_compute_network" "metabase" {
  name                    = "metabase"
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "metabase" {
  #checkov:skip=CKV_GCP_76:the network has no IPv6
  name                     = "metabase"
  network                  = google_compute_network.metabase.id
  region                   = var.region
  ip_cidr_range            = "10.10.0.0/28"
  private_ip_google_access = true
  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
  }
}

# Google's documented ranges: 35.235.240.0/20 is the proxy, 35.199.192.0/19 the checkers within a network.
resource "google_compute_firewall" "proxy" {
  name          = "metabase-from-proxy"
  network       = google_compute_network.metabase.id
  source_ranges = ["35.235.240.0/20"]
  target_tags   = ["metabase"]
  allow {
    protocol = "tcp"
    ports    = ["22", "3000"]
  }
}

resource "google_compute_firewall" "checks" {
  name          = "metabase-from-checks"
  network       = google_compute_network.metabase.id
  source_ranges = ["35.199.192.0/19"]
  target_tags   = ["metabase"]
  allow {
    protocol = "tcp"
    ports    = ["3000"]
  }
}

resource "google_iap_tunnel_instance_iam_member" "viewer" {
  for_each = toset(concat(var.viewers, var.operators))
  instance = google_compute_instance.metabase.name
  zone     = local.zone
  role     = "roles/iap.tunnelResourceAccessor"
  member   = each.key
}

resource "google_compute_router" "way_out" {
  count   = var.internet ? 1 : 0
  name    = "metabase"
  network = google_compute_network.metabase.id
  region  = var.region
}

resource "google_compute_router_nat" "way_out" {
  count                              = var.internet ? 1 : 0
  name                               = "metabase"
  router                             = google_compute_router.way_out[0].name
  region                             = var.region
  nat_ip_allocate_option             = "AUTO_ONLY"
  source_subnetwork_ip_ranges_to_nat = "ALL_SUBNETWORKS_ALL_IP_RANGES"
}

# Asked from within the network, because nobody outside reaches it.
resource "google_service_directory_namespace" "metabase" {
  namespace_id = "metabase"
  location     = var.region
}

resource "google_service_directory_service" "metabase" {
  service_id = "metabase"
  namespace  = google_service_directory_namespace.metabase.id
}

resource "google_service_directory_endpoint" "metabase" {
  endpoint_id = "metabase"
  service     = google_service_directory_service.metabase.id
  address     = google_compute_instance.metabase.network_interface[0].network_ip
  port        = 3000
  network     = "projects/${var.number}/locations/global/networks/${google_compute_network.metabase.name}"
}

# The agent of Cloud Monitoring looks the machine up and comes into its network.
resource "google_project_iam_member" "checker" {
  for_each = toset(["roles/servicedirectory.viewer", "roles/servicedirectory.pscAuthorizedService"])
  project  = var.project
  role     = each.key
  member   = "serviceAccount:service-${var.number}@gcp-sa-monitoring-notification.iam.gserviceaccount.com"
}

resource "google_monitoring_uptime_check_config" "metabase" {
  display_name     = "Metabase"
  timeout          = "10s"
  period           = "300s"
  checker_type     = "VPC_CHECKERS"
  selected_regions = ["USA_OREGON", "USA_IOWA", "USA_VIRGINIA"]
  http_check {
    path = "/api/health"
    port = 3000
  }
  monitored_resource {
    type = "servicedirectory_service"
    labels = {
      project_id     = var.project
      location       = var.region
      namespace_name = google_service_directory_namespace.metabase.namespace_id
      service_name   = google_service_directory_service.metabase.service_id
    }
  }
  content_matchers {
    content = "ok"
    matcher = "CONTAINS_STRING"
  }
  depends_on = [google_project_iam_member.checker]
}
