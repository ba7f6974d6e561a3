terraform {
  required_version = ">= 1.11"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.7"
    }
  }
  # The bucket is named at `terraform init -backend-config=bucket=…`.
  backend "gcs" {
    prefix = "aispend"
  }
}

provider "google" {
  project               = var.project
  region                = var.region
  billing_project       = var.project
  user_project_override = true
  default_labels        = { app = "aispend" }
}
