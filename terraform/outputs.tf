output "authorizer_invoke_arn" {
  description = "The authorizer_uri of your authorizers."
  value       = aws_lambda_function.authorizer.invoke_arn
}

output "authorizer_function_name" {
  description = "The function's name, for aws_lambda_permission and alarms."
  value       = aws_lambda_function.authorizer.function_name
}

output "authorizer_function_arn" {
  description = "The function's ARN."
  value       = aws_lambda_function.authorizer.arn
}

output "log_group_name" {
  description = "The name of the function's log group."
  value       = aws_cloudwatch_log_group.authorizer.name
}

output "table_name" {
  description = "The table's name, for latchkey --table."
  value       = aws_dynamodb_table.keys.name
}

output "table_arn" {
  description = "The table's ARN, for the policies of the people and programs that issue keys."
  value       = aws_dynamodb_table.keys.arn
}

output "limits_table_name" {
  description = "The name of the table of limits, for latchkey --limits-table, or null without limits."
  value       = one(aws_dynamodb_table.limits[*].name)
}

output "limits_table_arn" {
  description = "The ARN of the table of limits, for the policies of the people who see and reset quotas, or null without limits."
  value       = one(aws_dynamodb_table.limits[*].arn)
}

output "revocation_delay_seconds" {
  description = "The longest time in seconds that a revoked key may still be accepted."
  value       = var.record_cache_seconds + var.results_cache_seconds
}

output "accepted_keys" {
  description = "The accepted keys, separated by commas: the prefixes of issued keys, and those of external keys with a star, or any."
  value = join(",", concat(var.key_prefixes, var.external_keys == null ? [] : (
    try([for prefix in var.external_keys.prefixes : "${prefix}*"], ["any"])
  )))
}

output "results_cache_seconds" {
  description = "The authorizer_result_ttl_in_seconds of your authorizers for REST and HTTP APIs."
  value       = var.results_cache_seconds
}

output "simple_responses" {
  description = "The enable_simple_responses of your authorizers for HTTP APIs."
  value       = var.http_api_response == "simple"
}

output "identity_sources" {
  description = "The identity sources of your authorizers by type of API: rest is a string or null, http and websocket are lists."
  value = {
    rest = one([for location in local.identity_locations : "method.request.${location}"])
    http = concat(
      [for location in local.identity_locations : "$request.${location}"],
      local.cached_by_route ? ["$context.routeKey"] : []
    )
    websocket = [for location in local.identity_locations : "route.request.${location}"]
  }
}

output "gateway_responses" {
  description = "Gateway responses of a REST API with Latchkey's bodies, for for_each: response type → template and parameters."
  value = merge(
    { UNAUTHORIZED = local.unauthorized },
    local.gateway_responses.always,
    local.has_usage_plans ? local.gateway_responses.with_plans : {},
  )
}

output "access_log_formats" {
  description = "Formats of access logs with the key's id and the code of a denial: rest, http and websocket."
  value       = { for type, fields in local.access_log_formats : type => jsonencode(fields) }
}
