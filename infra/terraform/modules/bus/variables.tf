variable "project" { type = string }
variable "number" { type = string }
variable "members" { type = map(string) }
variable "operators" { type = list(string) }
variable "push_endpoints" {
  description = "Address by stage; a stage that is not here pulls."
  type        = map(string)
}
variable "pusher" {
  description = "The service account that pushed messages are signed as."
  type        = string
}
