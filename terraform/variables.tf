variable "authorizer_zip" {
  description = "The path of authorizer.zip from a release, or of your own zip file with the files in node_modules/latchkey/dist/authorizer."
  type        = string
}

variable "name" {
  description = "The start of the names of the function, its role, its log group and the default name of the table."
  type        = string
  default     = "latchkey"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,53}$", var.name))
    error_message = "name: expected 1 to 53 letters, digits, underscores and hyphens, got \"${var.name}\"."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}

# The table

variable "table_name" {
  description = "The name of the table of keys. A change replaces the table. The default is the module's name and \"-keys\"."
  type        = string
  default     = null

  validation {
    condition     = var.table_name == null || can(regex("^[a-zA-Z0-9_.-]{3,255}$", var.table_name))
    error_message = "table_name: expected 3 to 255 letters, digits, dots, underscores and hyphens, got \"${coalesce(var.table_name, "nothing")}\"."
  }
}

variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the table. To destroy the table and every key in it, first apply false."
  type        = bool
  default     = true
  nullable    = false
}

variable "point_in_time_recovery" {
  description = "Whether DynamoDB can restore the table to any second of the last 35 days."
  type        = bool
  default     = true
  nullable    = false
}

variable "kms_key_arn" {
  description = "The ARN of the KMS key that encrypts the table. By default, DynamoDB encrypts it with a key that it owns, at no cost."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn: expected the ARN of a KMS key, got \"${coalesce(var.kms_key_arn, "nothing")}\"."
  }
}

# The function

variable "memory_size" {
  description = "The function's memory in MB."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = var.memory_size == floor(var.memory_size) && var.memory_size >= 128 && var.memory_size <= 10240
    error_message = "memory_size: expected a whole number from 128 to 10240, got ${var.memory_size}."
  }
}

variable "architecture" {
  description = "The function's architecture: arm64 or x86_64."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture: expected arm64 or x86_64, got \"${var.architecture}\"."
  }
}

variable "runtime" {
  description = "The function's runtime. Releases of the provider before 6 don't know nodejs24.x."
  type        = string
  default     = "nodejs22.x"
  nullable    = false

  validation {
    condition     = contains(["nodejs20.x", "nodejs22.x", "nodejs24.x"], var.runtime)
    error_message = "runtime: expected nodejs20.x, nodejs22.x or nodejs24.x, got \"${var.runtime}\"."
  }
}

variable "reserved_concurrency" {
  description = "The function's reserved concurrency. The default, -1, reserves nothing."
  type        = number
  default     = -1
  nullable    = false

  validation {
    condition     = var.reserved_concurrency == floor(var.reserved_concurrency) && var.reserved_concurrency >= -1
    error_message = "reserved_concurrency: expected a whole number from -1, got ${var.reserved_concurrency}."
  }
}

variable "permissions_boundary" {
  description = "The ARN of the policy that is the permissions boundary of the function's role."
  type        = string
  default     = null
}

variable "log_retention_days" {
  description = "The number of days for which CloudWatch keeps the function's log. 0 keeps it forever."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition = contains(
      [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.log_retention_days
    )
    error_message = "log_retention_days: expected a retention of CloudWatch Logs such as 7, 30, 90 or 365, or 0 for ever, got ${var.log_retention_days}."
  }
}

variable "log_level" {
  description = "The lowest level of the function's log lines: INFO or DEBUG. The default is INFO, or DEBUG if debug_sample_rate is above 0."
  type        = string
  default     = null

  # Lambda drops the function's metrics and the lines of its denials at higher levels.
  validation {
    condition     = var.log_level == null || contains(["INFO", "DEBUG"], coalesce(var.log_level, "INFO"))
    error_message = "log_level: expected INFO or DEBUG, got \"${coalesce(var.log_level, "nothing")}\". Higher levels lose the metrics and the log line of each denial."
  }
}

# The function's settings

variable "key_prefixes" {
  description = "The prefixes of the issued keys that the authorizer accepts. The first one is the prefix for new keys: latchkey create --prefix."
  type        = list(string)
  default     = ["sk_"]
  nullable    = false

  validation {
    condition = length(var.key_prefixes) >= 1 && length(var.key_prefixes) <= 16 && length(distinct(var.key_prefixes)) == length(var.key_prefixes) && alltrue([
      for prefix in var.key_prefixes : can(regex("^([a-z][a-z0-9]*_)+$", prefix)) && length(prefix) <= 24
    ])
    error_message = "key_prefixes: expected 1 to 16 different prefixes such as sk_live_, each of lower-case segments that end with an underscore, at most 24 characters, got ${jsonencode(var.key_prefixes)}."
  }
}

variable "key_sources" {
  description = "The places where a request may carry its key, in order of preference: bearer, basic, header:NAME, header:NAME:SCHEME, query:NAME, cookie:NAME, websocket-protocol."
  type        = list(string)
  default     = ["bearer", "query:api_key"]
  nullable    = false

  validation {
    condition = length(var.key_sources) >= 1 && alltrue([
      for source in var.key_sources : can(regex(
        "^(bearer|basic|websocket-protocol|(header|cookie):[!#$%&'*+.^_`|~0-9A-Za-z-]+|header:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[A-Za-z][A-Za-z0-9._-]*|query:[!-+\\--~]+)$",
        source
      )) && !can(regex("(?i)^header:[^:]+:basic$", source))
      ]) && length(var.key_sources) == length(distinct([
        for source in var.key_sources : startswith(source, "header:") ? (
          lower(source) == "header:authorization:bearer" ? "bearer" : lower(source)
        ) : source
    ]))
    error_message = "key_sources: expected a list of bearer, basic, header:NAME, header:NAME:SCHEME, query:NAME, cookie:NAME and websocket-protocol, none of them twice, got ${jsonencode(var.key_sources)}."
  }
}

variable "external_keys" {
  description = "The imported keys of other systems that the authorizer accepts, by prefixes, min_length and max_length. {} accepts any of 16 to 255 characters. The default, null, accepts none."
  # Terraform drops unknown attributes of an object type. A misspelt limit would then accept every key.
  type    = any
  default = null

  validation {
    condition = var.external_keys == null || try(
      alltrue([for name in keys(var.external_keys) : contains(["prefixes", "min_length", "max_length"], name)]), false
    )
    error_message = "external_keys: expected an object with prefixes, min_length and max_length, each of them optional, got ${jsonencode(var.external_keys)}."
  }
  validation {
    condition = var.external_keys == null || try(var.external_keys.prefixes, null) == null || try(
      length(var.external_keys.prefixes) >= 1 && length(var.external_keys.prefixes) <= 16 && length(distinct(var.external_keys.prefixes)) == length(var.external_keys.prefixes) && alltrue([
        for prefix in var.external_keys.prefixes : can(regex("^[!-+\\--~]{1,24}$", prefix))
    ]), false)
    error_message = "external_keys: prefixes: expected 1 to 16 different prefixes, each of 1 to 24 visible ASCII characters without a comma, got ${jsonencode(try(var.external_keys.prefixes, null))}."
  }
  validation {
    condition = try(alltrue([
      for length in [try(coalesce(var.external_keys.min_length, 16), 16), try(coalesce(var.external_keys.max_length, 255), 255)] :
      length == floor(length) && length >= 16 && length <= 1024
    ]) && try(coalesce(var.external_keys.min_length, 16), 16) <= try(coalesce(var.external_keys.max_length, 255), 255), false)
    error_message = "external_keys: expected whole numbers from 16 to 1024 with min_length (default 16) at most max_length (default 255), got ${jsonencode(var.external_keys)}."
  }
}

variable "trusted_proxies" {
  description = "The proxies whose X-Forwarded-For counts for keys with allowedIps: one number of proxies before the API, such as [\"1\"] for CloudFront, or their IP addresses and CIDR blocks. It requires results_cache_seconds to be 0. The default, null, ignores the header."
  type        = list(string)
  default     = null

  validation {
    condition = var.trusted_proxies == null || try(
      can(regex("^([1-9]|10)$", one(var.trusted_proxies))), false
      ) || try(length(var.trusted_proxies) >= 1 && alltrue([
        for proxy in var.trusted_proxies : can(cidrhost(strcontains(proxy, "/") ? proxy : "${proxy}/${strcontains(proxy, ":") ? 128 : 32}", 0)) && !endswith(proxy, "/0")
    ]), false)
    error_message = "trusted_proxies: expected one number of proxies from 1 to 10, or their IP addresses and CIDR blocks, got ${jsonencode(var.trusted_proxies)}."
  }
}

variable "last_used_seconds" {
  description = "The shortest time between two last-used writes of one key, in seconds."
  type        = number
  default     = 900
  nullable    = false

  validation {
    condition     = var.last_used_seconds == floor(var.last_used_seconds) && var.last_used_seconds >= 1 && var.last_used_seconds <= 31536000
    error_message = "last_used_seconds: expected whole seconds from 1 to 31536000, got ${var.last_used_seconds}."
  }
}

variable "record_cache_seconds" {
  description = "How long the function uses a cached record, in seconds. 0 turns the cache off. It counts towards the revocation delay."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.record_cache_seconds == floor(var.record_cache_seconds) && var.record_cache_seconds >= 0 && var.record_cache_seconds <= 31536000
    error_message = "record_cache_seconds: expected whole seconds from 0 to 31536000, got ${var.record_cache_seconds}."
  }
}

variable "results_cache_seconds" {
  description = "The TTL of API Gateway's authorizer cache, in seconds. Pass the output of the same name to your authorizers. It counts towards the revocation delay."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.results_cache_seconds == floor(var.results_cache_seconds) && var.results_cache_seconds >= 0 && var.results_cache_seconds <= 3600
    error_message = "results_cache_seconds: expected whole seconds from 0 to 3600, got ${var.results_cache_seconds}."
  }
}

variable "stale_if_error_seconds" {
  description = "The maximum age of a cached record that may be used while DynamoDB is unavailable, in seconds."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.stale_if_error_seconds == floor(var.stale_if_error_seconds) && var.stale_if_error_seconds >= 0 && var.stale_if_error_seconds <= 31536000
    error_message = "stale_if_error_seconds: expected whole seconds from 0 to 31536000, got ${var.stale_if_error_seconds}."
  }
}

variable "http_api_response" {
  description = "The type of the response to a payload 2.0 event of an HTTP API: iam or simple."
  type        = string
  default     = "iam"
  nullable    = false

  validation {
    condition     = contains(["iam", "simple"], var.http_api_response)
    error_message = "http_api_response: expected iam or simple, got \"${var.http_api_response}\"."
  }
}

variable "scopes" {
  description = "The routes that each scope opens, such as { \"orders:read\" = [\"GET /orders\", \"GET /orders/*\"] }. If it's empty, scopes don't restrict keys."
  type        = map(list(string))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for scope in keys(var.scopes) : can(regex("^[!#-&(-+\\--:<-Z^-z|~]+$", scope))])
    error_message = "scopes: expected scopes without spaces, commas, semicolons, quotes, braces, brackets or backslashes, got ${jsonencode(keys(var.scopes))}."
  }
  validation {
    condition = alltrue([
      for pattern in flatten(values(var.scopes)) : contains(["$connect", "GRAPHQL /graphql"], pattern) || (
        can(regex("^[A-Z*]+ (/|(/[A-Za-z0-9._~%!&'()*+,;=:@-]+)+/?)$", pattern)) &&
        !can(regex("/\\.\\.?(;|/|$)|/\\.\\.|%(2[efEF]|5[cC])", pattern)) &&
        anytrue([
          for method in ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "SUBSCRIBE", "PUBLISH"] :
          split(" ", pattern)[0] == method || (
            !contains(["SUBSCRIBE", "PUBLISH"], method) && can(regex("^${replace(split(" ", pattern)[0], "*", ".*")}$", method))
          )
        ])
      )
    ])
    error_message = "scopes: expected routes such as \"GET /orders/*\", without a segment that is empty, a dot or two dots, \"SUBSCRIBE /channel\", \"PUBLISH /channel\", \"$connect\" or \"GRAPHQL /graphql\", got ${jsonencode(var.scopes)}."
  }
}

variable "plans" {
  description = "The plans of keys. Your usage plans of API Gateway enforce per_key and shared, which docs/plans.md explains; the module doesn't create usage plans. The function enforces limits: plan name → throttle, quota and per, which docs/limits.md explains. namespace is 16 hex digits of your choice."
  type = object({
    namespace = string
    per_key   = optional(list(string), [])
    shared    = optional(list(string), [])
    limits = optional(map(object({
      throttle = optional(object({ rate_limit = number, burst_limit = number }))
      quota    = optional(object({ limit = number, period = string }))
      per      = optional(string, "key")
    })), {})
  })
  default = null

  validation {
    condition     = var.plans == null || can(regex("^[0-9a-f]{16}$", var.plans.namespace))
    error_message = "plans: namespace: expected 16 hex digits in lower case, got ${jsonencode(try(var.plans.namespace, null))}."
  }
  validation {
    condition = var.plans == null || try(
      length(distinct(concat(var.plans.per_key, var.plans.shared, keys(var.plans.limits)))) == length(concat(var.plans.per_key, var.plans.shared, keys(var.plans.limits))) && alltrue([
        for plan in concat(var.plans.per_key, var.plans.shared, keys(var.plans.limits)) : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", plan))
    ]), false)
    error_message = "plans: expected different plan names of 1 to 64 letters, digits, dots, underscores and hyphens, got ${jsonencode(var.plans)}."
  }
  validation {
    condition = var.plans == null || alltrue([
      for plan in values(try(var.plans.limits, {})) : (plan.throttle != null || plan.quota != null) && contains(["key", "owner", "plan"], plan.per) &&
      try(plan.throttle.rate_limit > 0 && plan.throttle.burst_limit >= 1 && floor(plan.throttle.burst_limit) == plan.throttle.burst_limit, plan.throttle == null) &&
      try(plan.quota.limit >= 1 && floor(plan.quota.limit) == plan.quota.limit && contains(["minute", "hour", "day", "week", "month"], plan.quota.period), plan.quota == null)
    ])
    error_message = "plans: limits: expected per (key, owner or plan) and at least one of throttle (rate_limit above 0, a whole burst_limit above 0) and quota (a whole limit above 0, period minute, hour, day, week or month), got ${jsonencode(try(var.plans.limits, null))}."
  }
}

variable "limits_table_name" {
  description = "The name of the table of limits, which exists only if plans has limits. A change replaces the table. The default is the module's name and \"-limits\"."
  type        = string
  default     = null

  validation {
    condition     = var.limits_table_name == null || can(regex("^[a-zA-Z0-9_.-]{3,255}$", var.limits_table_name))
    error_message = "limits_table_name: expected 3 to 255 letters, digits, dots, underscores and hyphens, got \"${coalesce(var.limits_table_name, "nothing")}\"."
  }
}

variable "on_limit" {
  description = "The response to a request over a limit: deny, or tell to allow it with limited in its context. Your integrations must then respond with 429."
  type        = string
  default     = "deny"
  nullable    = false

  validation {
    condition     = contains(["deny", "tell"], var.on_limit)
    error_message = "on_limit: expected deny or tell, got \"${var.on_limit}\"."
  }
}

variable "on_limiter_failure" {
  description = "Whether a request is allowed or fails if the table of limits doesn't respond: allow or deny."
  type        = string
  default     = "allow"
  nullable    = false

  validation {
    condition     = contains(["allow", "deny"], var.on_limiter_failure)
    error_message = "on_limiter_failure: expected allow or deny, got \"${var.on_limiter_failure}\"."
  }
}

variable "usage" {
  description = "Whether the function counts the requests of each key in its log once a minute."
  type        = bool
  default     = false
  nullable    = false
}

variable "usage_identifier" {
  description = "The value by which usage plans count a request: plan, or presented-key to count API Gateway's own keys on their own usage plans."
  type        = string
  default     = "plan"
  nullable    = false

  validation {
    condition     = contains(["plan", "presented-key"], var.usage_identifier)
    error_message = "usage_identifier: expected plan or presented-key, got \"${var.usage_identifier}\"."
  }
}

variable "metrics" {
  description = "Whether the function counts requests in embedded metrics."
  type        = bool
  default     = true
  nullable    = false
}

variable "prime" {
  description = "Whether the function reads the table once before its first request."
  type        = bool
  default     = true
  nullable    = false
}

variable "debug_sample_rate" {
  description = "The share of requests that the function logs at DEBUG, from 0 to 1."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.debug_sample_rate >= 0 && var.debug_sample_rate <= 1
    error_message = "debug_sample_rate: expected a decimal number from 0 to 1, got ${var.debug_sample_rate}."
  }
}
