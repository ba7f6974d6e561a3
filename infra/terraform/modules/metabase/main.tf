# Metabase and its PostgreSQL on one machine without an address: people come through Identity-Aware Proxy.

locals {
  zone    = "${var.region}-a"
  scripts = "${path.module}/../../../metabase"
  images  = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.hub.repository_id}"
  files   = ["compose.yaml", "start.sh", "store.sh", "counts.sh", "backup.sh", "restore.sh"]
  secrets = ["metabase-db-password", "metabase-encryption-key"]
}

# Images come through here, so that the machine needs no way to the internet.
resource "google_artifact_registry_repository" "hub" {
  #checkov:skip=CKV_GCP_84:no customer-managed keys, public images
  repository_id = "docker-hub"
  format        = "DOCKER"
  location      = var.region
  mode          = "REMOTE_REPOSITORY"
  description   = "Docker Hub"
  remote_repository_config {
    docker_repository {
      public_repository = "DOCKER_HUB"
    }
  }
}

resource "google_artifact_registry_repository_iam_member" "hub" {
  repository = google_artifact_registry_repository.hub.name
  location   = var.region
  role       = "roles/artifactregistry.reader"
  member     = var.member
}

resource "google_secret_manager_secret" "secret" {
  for_each            = toset(local.secrets)
  secret_id           = each.key
  deletion_protection = true
  version_destroy_ttl = "604800s"
  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
}

resource "google_secret_manager_secret_iam_member" "machine" {
  for_each  = google_secret_manager_secret.secret
  secret_id = each.value.id
  role      = "roles/secretmanager.secretAccessor"
  member    = var.member
}

resource "google_compute_disk" "data" {
  #checkov:skip=CKV_GCP_37:no customer-managed keys, Google's own encrypt at rest
  name = "metabase-data"
  type = "pd-standard"
  size = 10
  zone = local.zone
  lifecycle {
    prevent_destroy = true
  }
}

resource "google_compute_instance" "metabase" {
  #checkov:skip=CKV_GCP_38:no customer-managed keys, Google's own encrypt at rest
  name                      = "metabase"
  machine_type              = var.machine_type
  zone                      = local.zone
  allow_stopping_for_update = true
  tags                      = ["metabase"]
  boot_disk {
    initialize_params {
      image = "projects/cos-cloud/global/images/family/cos-stable"
      size  = 15
      type  = "pd-standard"
    }
  }
  attached_disk {
    source      = google_compute_disk.data.id
    device_name = "metabase-data"
  }
  network_interface {
    subnetwork = google_compute_subnetwork.metabase.id
  }
  service_account {
    email  = var.email
    scopes = ["cloud-platform"]
  }
  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }
  metadata = {
    enable-oslogin         = "TRUE"
    block-project-ssh-keys = "TRUE"
    google-logging-enabled = "true"
    user-data = templatefile("${path.module}/cloud-init.yaml.tftpl", {
      files   = { for name in local.files : name => base64encode(file("${local.scripts}/${name}")) }
      machine = base64encode(join("\n", ["PROJECT=${var.project}", "SITE_URL=${var.site_url}", "IMAGES=${local.images}", "METABASE_IMAGE=${var.image}", ""]))
      store   = "gs://${google_storage_bucket.backups.name}/metabase"
    })
  }
  lifecycle {
    # A newer image of the system is taken by starting the machine anew on purpose, not by the way.
    ignore_changes = [boot_disk[0].initialize_params[0].image]
  }
  depends_on = [google_secret_manager_secret_iam_member.machine, google_artifact_registry_repository_iam_member.hub]
}

# What the machine writes, it says to Cloud Logging and Cloud Monitoring.
resource "google_project_iam_member" "tells" {
  for_each = toset(["roles/logging.logWriter", "roles/monitoring.metricWriter"])
  project  = var.project
  role     = each.key
  member   = var.member
}
