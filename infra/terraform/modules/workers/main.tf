# The five stages as one image, and the job that brings views and tables up to date before they start.

locals {
  # requests: as many as the stage takes at once; more would only wait in it.
  # instances: the vendors' limits are per key, so there is one fetcher; loads conflict, and runs are followed in one place.
  stages = {
    fetcher    = { cpu = "1", memory = "512Mi", instances = 1, requests = 128 }
    normalizer = { cpu = "1", memory = "512Mi", instances = 4, requests = 8 }
    validator  = { cpu = "1", memory = "512Mi", instances = 4, requests = 8 }
    loader     = { cpu = "1", memory = "1Gi", instances = 1, requests = 100 }
    alerter    = { cpu = "1", memory = "512Mi", instances = 1, requests = 400 }
  }
  size = {
    for stage, its in local.stages : stage => {
      cpu       = coalesce(try(var.sizes[stage].cpu, null), its.cpu)
      memory    = coalesce(try(var.sizes[stage].memory, null), its.memory)
      instances = coalesce(try(var.sizes[stage].max_instances, null), its.instances)
    }
  }
  common = {
    GOOGLE_CLOUD_PROJECT = var.project
    AISPEND_BUCKET       = var.bucket
    AISPEND_DATASET      = var.dataset
    AISPEND_LOCATION     = "US"
  }
  # A name, never a value: the worker reads the secret itself, and again after a rotation.
  secrets = {
    for stage in keys(local.stages) : stage => {
      for name, its in var.secrets : its.variable => "secret://${name}" if its.stage == stage
    }
  }
  push = {
    for stage, url in var.urls : stage => {
      AISPEND_MODE                 = "push"
      AISPEND_PUSH_AUDIENCE        = url
      AISPEND_PUSH_SERVICE_ACCOUNT = var.emails["pusher"]
    }
  }
  env = {
    for stage in keys(local.stages) : stage => merge(
      local.common,
      contains(var.pull, stage) ? { AISPEND_MODE = "pull" } : local.push[stage],
      local.secrets[stage],
      try(var.settings[stage], {}),
    )
  }
  # An execution is named after the job and this, in 63 letters.
  release = substr(split("@sha256:", var.image)[1], 0, 12)
}

resource "google_cloud_run_v2_job" "migrate" {
  name                = "migrate"
  location            = var.region
  deletion_protection = false
  # Runs when the image changes; the apply goes on once it has succeeded.
  run_execution_token = local.release
  template {
    template {
      service_account = var.emails["migrator"]
      max_retries     = 2
      timeout         = "900s"
      containers {
        image   = var.image
        command = ["/app/aispend"]
        args    = ["migrate"]
        dynamic "env" {
          for_each = merge(local.common, { AISPEND_ENGINE = "gcp" })
          content {
            name  = env.key
            value = env.value
          }
        }
      }
    }
  }
}
