# Latchkey without the CDK: the table of keys, the authorizer, and an HTTP API that uses it.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }
}

variable "authorizer_zip" {
  description = "A zip file with the files in node_modules/latchkey/dist/authorizer"
  type        = string
}

variable "backend_url" {
  description = "The URL of the HTTP backend behind the authorizer"
  type        = string
}

resource "aws_dynamodb_table" "keys" {
  name                        = "latchkey-keys"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "keyHash"
  deletion_protection_enabled = true

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
    enabled = true
  }
}

resource "aws_cloudwatch_log_group" "authorizer" {
  name              = "latchkey-authorizer"
  retention_in_days = 30
}

resource "aws_iam_role" "authorizer" {
  name = "latchkey-authorizer"
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
  name = "latchkey-authorizer"
  role = aws_iam_role.authorizer.id
  policy = templatefile("${path.module}/authorizerPolicy.json", {
    table_arn     = aws_dynamodb_table.keys.arn
    log_group_arn = aws_cloudwatch_log_group.authorizer.arn
  })
}

resource "aws_lambda_function" "authorizer" {
  function_name    = "latchkey-authorizer"
  description      = "Latchkey: decides on API keys"
  filename         = var.authorizer_zip
  source_code_hash = filebase64sha256(var.authorizer_zip)
  handler          = "index.handler"
  runtime          = "nodejs22.x"
  architectures    = ["arm64"]
  memory_size      = 256
  timeout          = 6
  role             = aws_iam_role.authorizer.arn

  environment {
    variables = {
      LATCHKEY_TABLE       = aws_dynamodb_table.keys.name
      LATCHKEY_KEY_SOURCES = "bearer"
    }
  }
  logging_config {
    log_format       = "JSON"
    system_log_level = "WARN"
    log_group        = aws_cloudwatch_log_group.authorizer.name
  }
}

resource "aws_apigatewayv2_api" "orders" {
  name          = "orders"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_authorizer" "latchkey" {
  api_id                            = aws_apigatewayv2_api.orders.id
  name                              = "latchkey"
  authorizer_type                   = "REQUEST"
  authorizer_uri                    = aws_lambda_function.authorizer.invoke_arn
  authorizer_payload_format_version = "2.0"
  authorizer_result_ttl_in_seconds  = 0
  enable_simple_responses           = false
  identity_sources                  = ["$request.header.Authorization"]
}

resource "aws_lambda_permission" "latchkey" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.authorizer.function_name
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
    format = jsonencode({
      requestId          = "$context.requestId"
      requestTime        = "$context.requestTime"
      sourceIp           = "$context.identity.sourceIp"
      status             = "$context.status"
      keyId              = "$context.authorizer.keyId"
      principalId        = "$context.authorizer.principalId"
      errorCode          = "$context.authorizer.errorCode"
      responseType       = "$context.error.responseType"
      integrationLatency = "$context.integrationLatency"
      route              = "$context.routeKey"
      responseLatency    = "$context.responseLatency"
    })
  }
}

output "table_name" {
  description = "For latchkey --table"
  value       = aws_dynamodb_table.keys.name
}

output "url" {
  value = "${aws_apigatewayv2_stage.orders.invoke_url}orders"
}
