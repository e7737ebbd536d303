# Needs Terraform 1.7. The provider is a mock, so the tests need no account.

mock_provider "aws" {}

variables {
  # Any file, because the mock doesn't read it.
  authorizer_zip = "main.tf"
}

run "rejects_invalid_values" {
  command = plan
  variables {
    name                   = "two words"
    table_name             = "a"
    kms_key_arn            = "alias/keys"
    memory_size            = 64
    architecture           = "arm"
    runtime                = "nodejs18.x"
    reserved_concurrency   = -2
    log_retention_days     = 31
    log_level              = "WARN"
    key_prefixes           = ["Sk_"]
    key_sources            = ["cookie"]
    external_keys          = { prefixes = ["a,b"] }
    trusted_proxies        = ["0.0.0.0/0"]
    last_used_seconds      = 0
    record_cache_seconds   = 1.5
    results_cache_seconds  = 3601
    stale_if_error_seconds = -1
    http_api_response      = "json"
    scopes                 = { "orders read" = ["GET /orders"] }
    plans                  = { namespace = "orders", limits = { free = { per = "owner" } } }
    limits_table_name      = "a"
    on_limit               = "warn"
    on_limiter_failure     = "ignore"
    usage_identifier       = "key"
    debug_sample_rate      = 1.1
  }
  expect_failures = [
    var.name, var.table_name, var.kms_key_arn, var.memory_size, var.architecture, var.runtime, var.reserved_concurrency,
    var.log_retention_days, var.log_level, var.key_prefixes, var.key_sources, var.external_keys,
    var.trusted_proxies, var.last_used_seconds,
    var.record_cache_seconds, var.results_cache_seconds, var.stale_if_error_seconds, var.http_api_response, var.scopes,
    var.plans, var.limits_table_name, var.on_limit, var.on_limiter_failure, var.usage_identifier, var.debug_sample_rate,
  ]
}

run "rejects_what_is_empty_or_listed_twice" {
  command = plan
  variables {
    key_prefixes  = ["sk_", "sk_"]
    key_sources   = ["bearer", "header:authorization:Bearer"]
    external_keys = { prefixes = [] }
    scopes        = { "orders:read" = ["GET /orders//1"] }
    plans         = { namespace = "0123456789abcdef", per_key = ["free"], shared = ["free"] }
  }
  expect_failures = [var.key_prefixes, var.key_sources, var.external_keys, var.scopes, var.plans]
}

run "rejects_what_looks_almost_valid" {
  command = plan
  variables {
    key_prefixes  = ["sk_live"]
    key_sources   = ["header:X-Api-Key:Basic"]
    external_keys = { min_length = 300 }
    scopes        = { "orders:read" = ["X* /orders"] }
    plans         = { namespace = "0123456789abcdef", per_key = ["-free"] }
  }
  expect_failures = [var.key_prefixes, var.key_sources, var.external_keys, var.scopes, var.plans]
}

run "rejects_a_path_with_two_dots" {
  command = plan
  variables {
    scopes = { "orders:read" = ["GET /orders/../invoices"] }
  }
  expect_failures = [var.scopes]
}

run "rejects_a_misspelt_limit_of_external_keys" {
  command = plan
  variables {
    external_keys = { prefix = ["acme-"] }
  }
  expect_failures = [var.external_keys]
}

run "rejects_external_keys_that_are_not_an_object" {
  command = plan
  variables {
    external_keys = true
  }
  expect_failures = [var.external_keys]
}

run "rejects_a_length_that_is_not_a_number" {
  command = plan
  variables {
    external_keys = { min_length = "long" }
  }
  expect_failures = [var.external_keys]
}

run "rejects_a_cache_with_several_key_sources" {
  command = plan
  variables {
    results_cache_seconds = 60
  }
  expect_failures = [aws_lambda_function.authorizer]
}

run "rejects_a_cache_with_trusted_proxies" {
  command = plan
  variables {
    key_sources           = ["bearer"]
    results_cache_seconds = 60
    trusted_proxies       = ["1"]
  }
  expect_failures = [aws_lambda_function.authorizer]
}

run "rejects_a_cache_with_limits" {
  command = plan
  variables {
    key_sources           = ["bearer"]
    results_cache_seconds = 60
    plans                 = { namespace = "0123456789abcdef", limits = { free = { quota = { limit = 60, period = "minute" } } } }
  }
  expect_failures = [aws_lambda_function.authorizer]
}

run "rejects_a_plan_in_a_list_and_in_limits" {
  command = plan
  variables {
    plans = { namespace = "0123456789abcdef", per_key = ["free"], limits = { free = { quota = { limit = 60, period = "minute" } } } }
  }
  expect_failures = [var.plans]
}

run "rejects_a_period_that_is_unknown" {
  command = plan
  variables {
    plans = { namespace = "0123456789abcdef", limits = { free = { quota = { limit = 60, period = "MINUTE" } } } }
  }
  expect_failures = [var.plans]
}

run "creates_a_table_of_limits_only_for_limits" {
  command = plan
  variables {
    plans = {
      namespace = "0123456789abcdef"
      limits    = { free = { throttle = { rate_limit = 5, burst_limit = 10 } } }
    }
  }
  assert {
    condition     = aws_dynamodb_table.limits[0].name == "latchkey-limits" && aws_dynamodb_table.limits[0].hash_key == "subject"
    error_message = "The table of limits differs."
  }
  assert {
    condition     = jsonencode(local.plans.limits) == jsonencode({ free = { per = "key", throttle = { burstLimit = 10, rateLimit = 5 } } })
    error_message = "Got other limits."
  }
}

run "has_no_table_of_limits_by_default" {
  command = plan
  assert {
    condition     = length(aws_dynamodb_table.limits) == 0 && length(aws_iam_role_policy.limits) == 0
    error_message = "There is a table of limits."
  }
}

run "rejects_presented_keys_without_external_keys" {
  command = plan
  variables {
    usage_identifier = "presented-key"
  }
  expect_failures = [aws_lambda_function.authorizer]
}

run "protects_the_table_and_keeps_the_log_by_default" {
  command = plan
  assert {
    condition     = aws_dynamodb_table.keys.deletion_protection_enabled && aws_dynamodb_table.keys.point_in_time_recovery[0].enabled
    error_message = "The table isn't protected."
  }
  assert {
    condition     = aws_cloudwatch_log_group.authorizer.retention_in_days == 30
    error_message = "The log group has another retention."
  }
  assert {
    condition = (
      aws_lambda_function.authorizer.logging_config[0].system_log_level == "WARN" &&
      aws_lambda_function.authorizer.logging_config[0].application_log_level == "INFO" &&
      aws_lambda_function.authorizer.timeout == 6 && aws_lambda_function.authorizer.memory_size == 256
    )
    error_message = "The function differs from the construct's."
  }
}

run "logs_samples_at_debug" {
  command = plan
  variables {
    debug_sample_rate = 0.1
  }
  assert {
    condition     = aws_lambda_function.authorizer.logging_config[0].application_log_level == "DEBUG"
    error_message = "Lambda would drop the samples."
  }
}

run "grants_the_use_of_the_table_key_only_through_dynamodb" {
  command = plan
  variables {
    kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.table_key[0].policy).Statement[0].Condition.StringEquals["kms:ViaService"] == "dynamodb.eu-west-1.amazonaws.com"
    error_message = "The role may use the key elsewhere."
  }
}

run "has_the_identity_source_of_a_header" {
  command = plan
  variables {
    key_sources = ["header:X-Api-Key"]
  }
  assert {
    condition = jsonencode(output.identity_sources) == jsonencode({
      http      = ["$request.header.X-Api-Key"]
      rest      = "method.request.header.X-Api-Key"
      websocket = ["route.request.header.X-Api-Key"]
    })
    error_message = "Got other identity sources."
  }
}

run "has_the_identity_source_of_a_cookie_and_the_route_of_a_cached_simple_response" {
  command = plan
  variables {
    key_sources           = ["cookie:key"]
    http_api_response     = "simple"
    results_cache_seconds = 60
    scopes                = { "orders:read" = ["GET /orders"] }
  }
  assert {
    condition     = jsonencode(output.identity_sources.http) == jsonencode(["$request.header.Cookie", "$context.routeKey"])
    error_message = "Got other identity sources."
  }
  assert {
    condition     = output.revocation_delay_seconds == 120
    error_message = "The delay lacks a cache."
  }
}

run "accepts_any_external_key" {
  command = plan
  variables {
    external_keys = {}
  }
  assert {
    condition     = output.accepted_keys == "sk_,any"
    error_message = "Got other accepted keys."
  }
}

run "passes_the_limits_of_external_keys_to_the_function" {
  command = plan
  variables {
    external_keys = { prefixes = ["acme-", "old-"], max_length = 64 }
  }
  assert {
    condition     = output.accepted_keys == "sk_,acme-*,old-*"
    error_message = "Got other accepted keys."
  }
  assert {
    condition     = local.settings.LATCHKEY_EXTERNAL_KEYS == jsonencode({ maxLength = 64, prefixes = ["acme-", "old-"] })
    error_message = "Got other limits."
  }
}
