# Whoever is on call enters the machine to look, to back up and to restore: docs/runbooks/metabase-restore.md.

resource "google_compute_instance_iam_member" "operator" {
  for_each      = { for pair in setproduct(["roles/compute.osAdminLogin", "roles/compute.viewer"], var.operators) : "${pair[0]}:${pair[1]}" => pair }
  instance_name = google_compute_instance.metabase.name
  zone          = local.zone
  role          = each.value[0]
  member        = each.value[1]
}

# Who enters a machine may act as its account, so Google asks for leave to.
resource "google_service_account_iam_member" "operator" {
  for_each           = toset(var.operators)
  service_account_id = "projects/${var.project}/serviceAccounts/${var.email}"
  role               = "roles/iam.serviceAccountUser"
  member             = each.key
}
