# A WebSocket API behind Latchkey. A client sends its key when it connects, as `Authorization: Bearer KEY`.

module "latchkey" {
  source = "../.."

  authorizer_zip      = var.authorizer_zip
  deletion_protection = var.deletion_protection
  key_sources         = ["bearer"]
}

resource "aws_apigatewayv2_api" "chat" {
  name                       = "chat"
  protocol_type              = "WEBSOCKET"
  route_selection_expression = "$request.body.action"
}

resource "aws_apigatewayv2_authorizer" "latchkey" {
  api_id           = aws_apigatewayv2_api.chat.id
  name             = "latchkey"
  authorizer_type  = "REQUEST"
  authorizer_uri   = module.latchkey.authorizer_invoke_arn
  identity_sources = module.latchkey.identity_sources.websocket
}

resource "aws_lambda_permission" "latchkey" {
  action        = "lambda:InvokeFunction"
  function_name = module.latchkey.authorizer_function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.chat.execution_arn}/authorizers/${aws_apigatewayv2_authorizer.latchkey.id}"
}

resource "aws_apigatewayv2_integration" "connect" {
  api_id                        = aws_apigatewayv2_api.chat.id
  integration_type              = "MOCK"
  template_selection_expression = "200"
  request_templates             = { "200" = "{\"statusCode\":200}" }
}

# API Gateway invokes the authorizer only for this route. Messages arrive on a connection that it allowed.
resource "aws_apigatewayv2_route" "connect" {
  api_id             = aws_apigatewayv2_api.chat.id
  route_key          = "$connect"
  target             = "integrations/${aws_apigatewayv2_integration.connect.id}"
  authorization_type = "CUSTOM"
  authorizer_id      = aws_apigatewayv2_authorizer.latchkey.id
}

resource "aws_apigatewayv2_integration" "messages" {
  api_id             = aws_apigatewayv2_api.chat.id
  integration_type   = "HTTP_PROXY"
  integration_method = "POST"
  integration_uri    = var.backend_url
}

resource "aws_apigatewayv2_route" "messages" {
  api_id    = aws_apigatewayv2_api.chat.id
  route_key = "$default"
  target    = "integrations/${aws_apigatewayv2_integration.messages.id}"
}

# A WebSocket API's access log needs a role of the whole account (aws_api_gateway_account). Its format is
# module.latchkey.access_log_formats.websocket.
resource "aws_apigatewayv2_stage" "chat" {
  api_id      = aws_apigatewayv2_api.chat.id
  name        = "prod"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit  = 50
    throttling_burst_limit = 100
  }
}

output "url" {
  description = "The URL of the WebSocket API."
  value       = aws_apigatewayv2_stage.chat.invoke_url
}

output "table_name" {
  description = "The table's name, for latchkey --table."
  value       = module.latchkey.table_name
}

output "revocation_delay_seconds" {
  description = "The longest time in seconds that a revoked key may still be accepted."
  value       = module.latchkey.revocation_delay_seconds
}
