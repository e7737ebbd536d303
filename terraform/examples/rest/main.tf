# A REST API behind Latchkey. Its callers send the key in the header `X-Api-Key`.

module "latchkey" {
  source = "../.."

  authorizer_zip      = var.authorizer_zip
  deletion_protection = var.deletion_protection
  key_sources         = ["header:X-Api-Key"]
  scopes              = { "orders:read" = ["GET /orders"] }
}

resource "aws_api_gateway_rest_api" "orders" {
  name = "orders"

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_authorizer" "latchkey" {
  rest_api_id                      = aws_api_gateway_rest_api.orders.id
  name                             = "latchkey"
  type                             = "REQUEST"
  authorizer_uri                   = module.latchkey.authorizer_invoke_arn
  authorizer_result_ttl_in_seconds = module.latchkey.results_cache_seconds
  identity_source                  = module.latchkey.identity_sources.rest
}

resource "aws_lambda_permission" "latchkey" {
  action        = "lambda:InvokeFunction"
  function_name = module.latchkey.authorizer_function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.orders.execution_arn}/authorizers/${aws_api_gateway_authorizer.latchkey.id}"
}

# Responses to denied requests with Latchkey's code and message.
resource "aws_api_gateway_gateway_response" "latchkey" {
  for_each = module.latchkey.gateway_responses

  rest_api_id         = aws_api_gateway_rest_api.orders.id
  response_type       = each.key
  response_templates  = { "application/json" = each.value.template }
  response_parameters = each.value.parameters
}

resource "aws_api_gateway_resource" "orders" {
  rest_api_id = aws_api_gateway_rest_api.orders.id
  parent_id   = aws_api_gateway_rest_api.orders.root_resource_id
  path_part   = "orders"
}

resource "aws_api_gateway_method" "orders" {
  rest_api_id   = aws_api_gateway_rest_api.orders.id
  resource_id   = aws_api_gateway_resource.orders.id
  http_method   = "GET"
  authorization = "CUSTOM"
  authorizer_id = aws_api_gateway_authorizer.latchkey.id
}

resource "aws_api_gateway_integration" "orders" {
  rest_api_id             = aws_api_gateway_rest_api.orders.id
  resource_id             = aws_api_gateway_resource.orders.id
  http_method             = aws_api_gateway_method.orders.http_method
  type                    = "HTTP_PROXY"
  integration_http_method = "GET"
  uri                     = var.backend_url
}

# A stage serves the API as it was at its deployment. A change of these attributes makes a new deployment.
resource "aws_api_gateway_deployment" "orders" {
  rest_api_id = aws_api_gateway_rest_api.orders.id

  triggers = {
    # Single attributes, because the provider changes others when it reads the resources again.
    redeployment = sha1(jsonencode([
      module.latchkey.gateway_responses,
      module.latchkey.results_cache_seconds,
      module.latchkey.identity_sources.rest,
      aws_api_gateway_authorizer.latchkey.id,
      aws_api_gateway_authorizer.latchkey.authorizer_uri,
      aws_api_gateway_resource.orders.path,
      aws_api_gateway_method.orders.authorization,
      aws_api_gateway_method.orders.authorizer_id,
      aws_api_gateway_integration.orders.uri,
    ]))
  }
  lifecycle {
    create_before_destroy = true
  }
  depends_on = [aws_lambda_permission.latchkey, aws_api_gateway_gateway_response.latchkey]
}

# A REST API's access log needs a role of the whole account (aws_api_gateway_account). Its format is
# module.latchkey.access_log_formats.rest.
resource "aws_api_gateway_stage" "orders" {
  rest_api_id   = aws_api_gateway_rest_api.orders.id
  deployment_id = aws_api_gateway_deployment.orders.id
  stage_name    = "prod"
}

resource "aws_api_gateway_method_settings" "orders" {
  rest_api_id = aws_api_gateway_rest_api.orders.id
  stage_name  = aws_api_gateway_stage.orders.stage_name
  method_path = "*/*"

  settings {
    throttling_rate_limit  = 50
    throttling_burst_limit = 100
  }
}

output "url" {
  description = "The URL of the method behind the authorizer."
  value       = "${aws_api_gateway_stage.orders.invoke_url}/orders"
}

output "table_name" {
  description = "The table's name, for latchkey --table."
  value       = module.latchkey.table_name
}

output "revocation_delay_seconds" {
  description = "The longest time in seconds that a revoked key may still be accepted."
  value       = module.latchkey.revocation_delay_seconds
}
