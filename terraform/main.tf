# Latchkey: the table of keys, and the authorizer function that API Gateway invokes.

locals {
  table_name      = coalesce(var.table_name, "${var.name}-keys")
  authorizer_name = "${var.name}-authorizer"

  # The function doesn't start with an unknown variable or an invalid value, so only the settings are here.
  settings = {
    LATCHKEY_TABLE         = aws_dynamodb_table.keys.name
    LATCHKEY_KEY_PREFIXES  = join(",", var.key_prefixes)
    LATCHKEY_KEY_SOURCES   = join(",", var.key_sources)
    LATCHKEY_EXTERNAL_KEYS = var.external_keys == null ? "false" : jsonencode(local.external_keys)

    LATCHKEY_TRUSTED_PROXIES = var.trusted_proxies == null ? null : join(",", var.trusted_proxies)

    LATCHKEY_LAST_USED_SECONDS      = tostring(var.last_used_seconds)
    LATCHKEY_RECORD_CACHE_SECONDS   = tostring(var.record_cache_seconds)
    LATCHKEY_RESULTS_CACHE_SECONDS  = tostring(var.results_cache_seconds)
    LATCHKEY_STALE_IF_ERROR_SECONDS = tostring(var.stale_if_error_seconds)

    LATCHKEY_HTTP_API_RESPONSE = var.http_api_response
    LATCHKEY_SCOPES            = jsonencode(var.scopes)
    LATCHKEY_PLANS             = var.plans == null ? null : jsonencode(local.plans)
    LATCHKEY_LIMITS_TABLE      = one(aws_dynamodb_table.limits[*].name)
    LATCHKEY_ON_LIMIT          = var.on_limit
    LATCHKEY_USAGE             = tostring(var.usage)
    LATCHKEY_USAGE_IDENTIFIER  = var.usage_identifier

    LATCHKEY_ON_LIMITER_FAILURE = var.on_limiter_failure

    LATCHKEY_METRICS           = tostring(var.metrics)
    LATCHKEY_PRIME             = tostring(var.prime)
    LATCHKEY_DEBUG_SAMPLE_RATE = tostring(var.debug_sample_rate)
  }
  environment = { for name, value in local.settings : name => value if value != null }

  external_keys = {
    for name, value in {
      prefixes  = try(var.external_keys.prefixes, null)
      minLength = tonumber(try(var.external_keys.min_length, null))
      maxLength = tonumber(try(var.external_keys.max_length, null))
    } : name => value if value != null
  }
  limits = {
    for name, plan in try(coalesce(var.plans.limits, {}), {}) : name => {
      for field, value in {
        throttle = plan.throttle == null ? null : { rateLimit = plan.throttle.rate_limit, burstLimit = plan.throttle.burst_limit }
        quota    = plan.quota
        per      = plan.per
      } : field => value if value != null
    }
  }
  plans = {
    for name, value in {
      namespace = try(var.plans.namespace, "")
      perKey    = try(var.plans.per_key, [])
      shared    = try(var.plans.shared, [])
      limits    = local.limits
    } : name => value if name != "limits" || length(local.limits) > 0
  }
}

resource "aws_dynamodb_table" "keys" {
  name                        = local.table_name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "keyHash"
  deletion_protection_enabled = var.deletion_protection
  tags                        = var.tags

  attribute {
    name = "keyHash"
    type = "S"
  }
  attribute {
    name = "id"
    type = "S"
  }
  attribute {
    name = "owner"
    type = "S"
  }
  attribute {
    name = "createdAt"
    type = "S"
  }

  global_secondary_index {
    name            = "byId"
    hash_key        = "id"
    projection_type = "KEYS_ONLY"
  }
  global_secondary_index {
    name            = "byOwner"
    hash_key        = "owner"
    range_key       = "createdAt"
    projection_type = "KEYS_ONLY"
  }

  ttl {
    attribute_name = "purgeAfter"
    enabled        = true
  }
  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }
  dynamic "server_side_encryption" {
    for_each = var.kms_key_arn[*]
    content {
      enabled     = true
      kms_key_arn = server_side_encryption.value
    }
  }
}

# The requests that keys have used of their limits. Without point-in-time recovery, because old counts would let keys
# exceed their quotas.
resource "aws_dynamodb_table" "limits" {
  count        = length(local.limits) > 0 ? 1 : 0
  name         = coalesce(var.limits_table_name, "${var.name}-limits")
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "subject"
  tags         = var.tags

  attribute {
    name = "subject"
    type = "S"
  }
  ttl {
    attribute_name = "purgeAfter"
    enabled        = true
  }
  dynamic "server_side_encryption" {
    for_each = var.kms_key_arn[*]
    content {
      enabled     = true
      kms_key_arn = server_side_encryption.value
    }
  }
}

resource "aws_cloudwatch_log_group" "authorizer" {
  name              = local.authorizer_name
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_iam_role" "authorizer" {
  name                 = local.authorizer_name
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "authorizer" {
  name = "authorizer"
  role = aws_iam_role.authorizer.id
  policy = templatefile("${path.module}/authorizerPolicy.json", {
    table_arn     = aws_dynamodb_table.keys.arn
    log_group_arn = aws_cloudwatch_log_group.authorizer.arn
  })
}

resource "aws_iam_role_policy" "limits" {
  count  = length(local.limits) > 0 ? 1 : 0
  name   = "limits"
  role   = aws_iam_role.authorizer.id
  policy = templatefile("${path.module}/limitsPolicy.json", { limits_table_arn = one(aws_dynamodb_table.limits[*].arn) })
}

# DynamoDB uses the tables' key in the name of its caller. The condition forbids every other use.
resource "aws_iam_role_policy" "table_key" {
  count = var.kms_key_arn == null ? 0 : 1
  name  = "table-key"
  role  = aws_iam_role.authorizer.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = local.key_use
      Resource  = var.kms_key_arn
      Condition = { StringEquals = { "kms:ViaService" = "dynamodb.${split(":", var.kms_key_arn)[3]}.amazonaws.com" } }
    }]
  })
}

locals {
  key_use = [
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
  ]
}

resource "aws_lambda_function" "authorizer" {
  function_name                  = local.authorizer_name
  description                    = "Latchkey: decides on API keys"
  filename                       = var.authorizer_zip
  source_code_hash               = filebase64sha256(var.authorizer_zip)
  handler                        = "index.handler"
  runtime                        = var.runtime
  architectures                  = [var.architecture]
  memory_size                    = var.memory_size
  timeout                        = 6
  reserved_concurrent_executions = var.reserved_concurrency
  role                           = aws_iam_role.authorizer.arn
  tags                           = var.tags

  environment {
    variables = local.environment
  }
  logging_config {
    log_format            = "JSON"
    application_log_level = coalesce(var.log_level, var.debug_sample_rate > 0 ? "DEBUG" : "INFO")
    system_log_level      = "WARN"
    log_group             = aws_cloudwatch_log_group.authorizer.name
  }

  lifecycle {
    precondition {
      condition     = var.results_cache_seconds == 0 || length(var.key_sources) == 1
      error_message = "results_cache_seconds: expected a single entry in key_sources, got ${jsonencode(var.key_sources)}. API Gateway requires every identity source of a cache at once."
    }
    precondition {
      condition     = var.results_cache_seconds == 0 || length(local.limits) == 0
      error_message = "results_cache_seconds: expected 0, because the function enforces a plan of plans.limits, got ${var.results_cache_seconds}. A request with a cached response would not be counted."
    }
    precondition {
      condition     = var.results_cache_seconds == 0 || var.trusted_proxies == null
      error_message = "results_cache_seconds: expected 0, because of trusted_proxies, got ${var.results_cache_seconds}. API Gateway would compare the address of the proxy with the allowedIps of a key."
    }
    precondition {
      condition     = var.usage_identifier == "plan" || var.external_keys != null
      error_message = "usage_identifier: expected external_keys for presented-key, got none. The authorizer would refuse every key of API Gateway."
    }
    precondition {
      condition     = length(jsonencode(local.environment)) <= 4096
      error_message = "expected at most 4096 bytes of environment variables, Lambda's limit, got ${length(jsonencode(local.environment))}. Shorten scopes or plans."
    }
  }

  # A function that starts before its policy exists fails its first requests.
  depends_on = [aws_iam_role_policy.authorizer, aws_iam_role_policy.limits, aws_iam_role_policy.table_key]
}
