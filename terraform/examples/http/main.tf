# An HTTP API behind Latchkey. Its callers send the key as `Authorization: Bearer KEY`.

module "latchkey" {
  source = "../.."

  authorizer_zip      = var.authorizer_zip
  deletion_protection = var.deletion_protection
  key_sources         = ["bearer"]
}

resource "aws_apigatewayv2_api" "orders" {
  name          = "orders"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_authorizer" "latchkey" {
  api_id                            = aws_apigatewayv2_api.orders.id
  name                              = "latchkey"
  authorizer_type                   = "REQUEST"
  authorizer_uri                    = module.latchkey.authorizer_invoke_arn
  authorizer_payload_format_version = "2.0"
  authorizer_result_ttl_in_seconds  = module.latchkey.results_cache_seconds
  enable_simple_responses           = module.latchkey.simple_responses
  identity_sources                  = module.latchkey.identity_sources.http
}

resource "aws_lambda_permission" "latchkey" {
  action        = "lambda:InvokeFunction"
  function_name = module.latchkey.authorizer_function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.orders.execution_arn}/authorizers/${aws_apigatewayv2_authorizer.latchkey.id}"
}

resource "aws_apigatewayv2_integration" "orders" {
  api_id             = aws_apigatewayv2_api.orders.id
  integration_type   = "HTTP_PROXY"
  integration_method = "GET"
  integration_uri    = var.backend_url
}

resource "aws_apigatewayv2_route" "orders" {
  api_id             = aws_apigatewayv2_api.orders.id
  route_key          = "GET /orders"
  target             = "integrations/${aws_apigatewayv2_integration.orders.id}"
  authorization_type = "CUSTOM"
  authorizer_id      = aws_apigatewayv2_authorizer.latchkey.id
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "latchkey-orders-access"
  retention_in_days = 30
}

resource "aws_apigatewayv2_stage" "orders" {
  api_id      = aws_apigatewayv2_api.orders.id
  name        = "$default"
  auto_deploy = true

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format          = module.latchkey.access_log_formats.http
  }
  default_route_settings {
    throttling_rate_limit  = 50
    throttling_burst_limit = 100
  }
}

output "url" {
  description = "The URL of the route behind the authorizer."
  value       = "${aws_apigatewayv2_stage.orders.invoke_url}orders"
}

output "table_name" {
  description = "The table's name, for latchkey --table."
  value       = module.latchkey.table_name
}

output "revocation_delay_seconds" {
  description = "The longest time in seconds that a revoked key may still be accepted."
  value       = module.latchkey.revocation_delay_seconds
}
