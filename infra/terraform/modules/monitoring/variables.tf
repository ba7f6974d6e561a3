variable "project" { type = string }
variable "pull" { type = set(string) }
variable "channels" { type = list(string) }
variable "subscriptions" {
  description = "Subscription by stage."
  type        = map(string)
}
variable "dead_letters" {
  description = "Dead-letter subscription by stage."
  type        = map(string)
}
variable "reminder" {
  description = "The subscription where key rotation reminds."
  type        = string
}
variable "uptime_checks" {
  description = "Ids of uptime checks."
  type        = list(string)
}
variable "is_running" {
  description = "False: nothing works yet, so nothing is stale."
  type        = bool
}
