variable "project" { type = string }
variable "region" { type = string }
variable "image" { type = string }
variable "pull" { type = set(string) }
variable "bucket" { type = string }
variable "dataset" { type = string }
variable "emails" { type = map(string) }
variable "settings" { type = map(map(string)) }
variable "secrets" { type = map(object({ stage = string, variable = string })) }
variable "urls" {
  description = "Address by stage: where Pub/Sub pushes to, and what its tokens are for."
  type        = map(string)
}
variable "sizes" {
  type = map(object({
    cpu           = optional(string)
    memory        = optional(string)
    max_instances = optional(number)
  }))
}
