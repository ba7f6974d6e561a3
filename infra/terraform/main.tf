# Everything that aispend needs on Google Cloud. docs/guides/deploy.md says how it is applied.

data "google_project" "this" {
  project_id = var.project
}

locals {
  number     = data.google_project.this.number
  is_running = var.image != ""
  # Known before the service is: Cloud Run answers on this name as well as on the one it invents.
  urls = { for stage in module.bus.stages : stage => "https://${stage}-${local.number}.${var.region}.run.app" }
}

# Google makes this sink with every project, and its bucket is nowhere in particular.
import {
  to = module.project.google_logging_project_sink.default
  id = "projects/${var.project}/sinks/_Default"
}

module "project" {
  source             = "./modules/project"
  project            = var.project
  number             = local.number
  region             = var.region
  log_retention_days = var.log_retention_days
  billing_account    = var.billing_account
  monthly_budget_usd = var.monthly_budget_usd
  notify             = var.notify
  operators          = var.operators
}

module "bus" {
  source         = "./modules/bus"
  project        = var.project
  number         = local.number
  members        = module.project.members
  operators      = var.operators
  messages       = file("${path.module}/../../proto/aispend/v1/messages.proto")
  schemas        = var.schemas
  push_endpoints = { for stage, url in local.urls : stage => url if !contains(var.pull, stage) }
  pusher         = module.project.emails["pusher"]
  depends_on     = [module.project]
}

module "archive" {
  source             = "./modules/archive"
  name               = "${var.project}-aispend"
  members            = module.project.members
  operators          = var.operators
  raw_retention_days = var.raw_retention_days
  depends_on         = [module.project]
}

module "warehouse" {
  source               = "./modules/warehouse"
  project              = var.project
  dataset              = var.dataset
  members              = module.project.members
  operators            = var.operators
  usage_retention_days = var.usage_retention_days
  depends_on           = [module.project]
}

module "secrets" {
  source     = "./modules/secrets"
  region     = var.region
  secrets    = var.secrets
  members    = module.project.members
  depends_on = [module.project]
}

module "workers" {
  count    = local.is_running ? 1 : 0
  source   = "./modules/workers"
  region   = var.region
  image    = var.image
  pull     = var.pull
  emails   = module.project.emails
  urls     = local.urls
  sizes    = var.sizes
  settings = var.settings
  secrets  = var.secrets
  project  = var.project
  bucket   = module.archive.name
  dataset  = module.warehouse.dataset
  # A worker that may not read its secret, or finds no table, does not start.
  depends_on = [module.secrets, module.archive, module.warehouse, module.bus]
}

module "schedule" {
  source    = "./modules/schedule"
  region    = var.region
  topics    = module.bus.topics
  reminder  = module.secrets.reminder_topic
  is_paused = !local.is_running
  # The first message finds somebody who takes it.
  depends_on = [module.workers]
}

module "monitoring" {
  source        = "./modules/monitoring"
  project       = var.project
  channels      = module.project.channels
  pull          = var.pull
  subscriptions = module.bus.subscriptions
  dead_letters  = module.bus.dead_letters
  reminder      = module.secrets.reminder_subscription
  uptime_checks = module.metabase[*].uptime_check
  is_running    = local.is_running
  depends_on    = [module.project]
}

module "metabase" {
  count        = var.metabase == null ? 0 : 1
  source       = "./modules/metabase"
  project      = var.project
  number       = local.number
  region       = var.region
  member       = module.project.members["metabase"]
  email        = module.project.emails["metabase"]
  viewers      = var.viewers
  operators    = var.operators
  machine_type = var.metabase.machine_type
  image        = var.metabase.image
  site_url     = var.metabase.site_url
  internet     = var.metabase.internet
  depends_on   = [module.project]
}

module "dashboards" {
  count   = var.dashboards && local.is_running ? 1 : 0
  source  = "./modules/dashboards"
  number  = local.number
  region  = var.region
  image   = var.image
  email   = module.project.emails["dashboards"]
  viewers = var.viewers
  env = {
    AISPEND_ENGINE       = "gcp"
    GOOGLE_CLOUD_PROJECT = var.project
    AISPEND_BUCKET       = module.archive.name
    AISPEND_DATASET      = module.warehouse.dataset
    AISPEND_LOCATION     = module.warehouse.location
  }
}
