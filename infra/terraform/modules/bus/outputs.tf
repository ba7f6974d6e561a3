output "stages" {
  value = keys(local.stages)
}

output "topics" {
  description = "Full names, by id."
  value       = { for topic in google_pubsub_topic.topic : topic.name => topic.id }
}

output "subscriptions" {
  description = "Ids, by stage."
  value       = { for stage, subscription in google_pubsub_subscription.stage : stage => subscription.name }
}

output "dead_letters" {
  description = "Ids of the subscriptions for what nobody could handle, by stage."
  value       = { for stage, subscription in google_pubsub_subscription.dead : stage => subscription.name }
}
