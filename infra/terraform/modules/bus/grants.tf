locals {
  agent = "serviceAccount:service-${var.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
  publishes = merge([
    for stage, its in local.stages : { for topic in its.publishes : "${stage}:${topic}" => { stage = stage, topic = topic } }
  ]...)
  stage_of = { for stage, its in local.stages : its.topic => stage }
  operators = merge([
    for stage in keys(local.stages) : { for member in var.operators : "${stage}:${member}" => { stage = stage, member = member } }
  ]...)
}

# A stage publishes what follows from its messages, and nothing else.
resource "google_pubsub_topic_iam_member" "stage" {
  for_each = local.publishes
  topic    = google_pubsub_topic.topic[local.stage_of[each.value.topic]].name
  role     = "roles/pubsub.publisher"
  member   = var.members[each.value.stage]
}

# It takes its own messages, where it pulls.
resource "google_pubsub_subscription_iam_member" "stage" {
  for_each     = { for stage in keys(local.stages) : stage => stage if !contains(keys(var.push_endpoints), stage) }
  subscription = google_pubsub_subscription.stage[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = var.members[each.key]
}

# The alerter moves what Pub/Sub gave up on to the parked messages.
resource "google_pubsub_subscription_iam_member" "drain" {
  for_each     = local.stages
  subscription = google_pubsub_subscription.dead[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = var.members["alerter"]
}

# Pub/Sub itself moves it there.
resource "google_pubsub_topic_iam_member" "dead" {
  for_each = local.stages
  topic    = google_pubsub_topic.dead[each.key].name
  role     = "roles/pubsub.publisher"
  member   = local.agent
}

resource "google_pubsub_subscription_iam_member" "dead" {
  for_each     = local.stages
  subscription = google_pubsub_subscription.stage[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.agent
}

# It signs pushes as one account, and may do so for that one alone.
resource "google_service_account_iam_member" "pusher" {
  service_account_id = "projects/${var.project}/serviceAccounts/${var.pusher}"
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.agent
}

# People who run `aispend run`, `reprocess` and `dead-letters`.
resource "google_pubsub_topic_iam_member" "operator" {
  for_each = local.operators
  topic    = google_pubsub_topic.topic[each.value.stage].name
  role     = "roles/pubsub.publisher"
  member   = each.value.member
}

resource "google_pubsub_subscription_iam_member" "operator" {
  for_each     = local.operators
  subscription = google_pubsub_subscription.dead[each.value.stage].name
  role         = "roles/pubsub.subscriber"
  member       = each.value.member
}
