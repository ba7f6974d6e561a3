variable "project" { type = string }
variable "number" { type = string }
variable "members" { type = map(string) }
variable "operators" { type = list(string) }
variable "messages" {
  description = "The text of messages.proto, whose first message is the Envelope."
  type        = string
}
variable "schemas" { type = bool }
variable "push_endpoints" {
  description = "Address by stage; a stage that is not here pulls."
  type        = map(string)
}
variable "pusher" {
  description = "The service account that pushed messages are signed as."
  type        = string
}
