# Topics between the stages, each with one subscription and a place for what nobody could handle.
# infra/tools/consistency holds all of this to shared/adapters/pubsub/src/{names,admin}.rs.

locals {
  stages = {
    fetcher    = { topic = "fetch-requests", attempts = 100, publishes = ["fetch-requests", "raw-slices", "slice-events"] }
    normalizer = { topic = "raw-slices", attempts = 20, publishes = ["record-batches", "slice-events"] }
    validator  = { topic = "record-batches", attempts = 20, publishes = ["valid-batches", "slice-events"] }
    loader     = { topic = "valid-batches", attempts = 20, publishes = ["slice-events"] }
    alerter    = { topic = "slice-events", attempts = 20, publishes = ["fetch-requests", "slice-events"] }
  }
  # People and Cloud Scheduler type JSON into these stages' topics. The others take nothing but an Envelope.
  typed = ["fetcher", "alerter"]
  # A schema has one type: the other messages move into it. Comments go, so that they make no new schema.
  messages = regex("(?s)message Envelope \\{\n(.*?)\n\\}\n(.*)$", replace(var.messages, "/ *\\/\\/[^\n]*/", ""))
  schema   = "syntax = \"proto3\";\n\npackage aispend.v1;\n\nmessage Envelope {\n${local.messages[0]}\n${local.messages[1]}}\n"
  # Messages hold people's addresses and money.
  united_states = ["us-central1", "us-east1", "us-east4", "us-west1"]
}

# Other messages are another schema, not a revision: Pub/Sub revises only what may be left out, and keeps 20 revisions. The
# topics move to the new one before the old one goes; what an older release sent is valid there too.
resource "google_pubsub_schema" "envelope" {
  count      = var.schemas ? 1 : 0
  name       = "envelope-${substr(sha256(local.schema), 0, 8)}"
  type       = "PROTOCOL_BUFFER"
  definition = local.schema
  lifecycle {
    create_before_destroy = true
  }
}

resource "google_pubsub_topic" "topic" {
  #checkov:skip=CKV_GCP_83:no customer-managed keys, Google's own encrypt at rest
  for_each = local.stages
  name     = each.value.topic
  dynamic "schema_settings" {
    for_each = contains(local.typed, each.key) ? [] : google_pubsub_schema.envelope[*].id
    content {
      schema   = schema_settings.value
      encoding = "BINARY"
    }
  }
  message_storage_policy {
    allowed_persistence_regions = local.united_states
    enforce_in_transit          = true
  }
}

resource "google_pubsub_topic" "dead" {
  #checkov:skip=CKV_GCP_83:no customer-managed keys, Google's own encrypt at rest
  for_each = local.stages
  name     = "${each.value.topic}.${each.key}.dead"
  message_storage_policy {
    allowed_persistence_regions = local.united_states
    enforce_in_transit          = true
  }
}

resource "google_pubsub_subscription" "stage" {
  for_each                   = local.stages
  name                       = "${each.value.topic}.${each.key}"
  topic                      = google_pubsub_topic.topic[each.key].id
  ack_deadline_seconds       = 600
  message_retention_duration = "604800s"
  expiration_policy {
    ttl = ""
  }
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead[each.key].id
    max_delivery_attempts = each.value.attempts
  }
  dynamic "push_config" {
    for_each = { for stage, url in var.push_endpoints : stage => url if stage == each.key }
    content {
      push_endpoint = "${push_config.value}/push"
      oidc_token {
        service_account_email = var.pusher
        audience              = push_config.value
      }
    }
  }
}

resource "google_pubsub_subscription" "dead" {
  for_each                   = local.stages
  name                       = "${each.value.topic}.${each.key}.dead"
  topic                      = google_pubsub_topic.dead[each.key].id
  ack_deadline_seconds       = 60
  message_retention_duration = "604800s"
  expiration_policy {
    ttl = ""
  }
}
