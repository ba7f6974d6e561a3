variable "project" { type = string }
variable "number" { type = string }
variable "region" { type = string }
variable "email" { type = string }
variable "member" { type = string }
variable "viewers" { type = list(string) }
variable "operators" { type = list(string) }
variable "machine_type" { type = string }
variable "image" { type = string }
variable "site_url" { type = string }
variable "internet" {
  description = "True: the machine may reach the internet, which Metabase's e-mails need."
  type        = bool
}
