variable "authorizer_zip" {
  description = "The path of the function's zip file."
  type        = string
}

variable "backend_url" {
  description = "The URL of the HTTP backend behind the authorizer."
  type        = string
}

variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the table of keys."
  type        = bool
  default     = true
}
