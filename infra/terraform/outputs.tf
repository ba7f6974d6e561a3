output "registry" {
  description = "Where images of this project are pushed."
  value       = module.project.registry
}

output "settings" {
  description = "What `aispend` needs on an operator's machine."
  value = {
    AISPEND_ENGINE       = "gcp"
    GOOGLE_CLOUD_PROJECT = var.project
    AISPEND_BUCKET       = module.archive.name
    AISPEND_DATASET      = module.warehouse.dataset
    AISPEND_LOCATION     = module.warehouse.location
  }
}

output "secrets" {
  description = "Secrets that need a value before the workers start."
  value       = sort(concat(keys(var.secrets), flatten(module.metabase[*].secrets)))
}

output "metabase_tunnel" {
  description = "Opens Metabase on http://localhost:3000."
  value       = one(module.metabase[*].tunnel)
}

output "dashboards_url" {
  description = "The dashboards, behind Identity-Aware Proxy."
  value       = one(module.dashboards[*].url)
}
