# What an API needs to know: identity sources, gateway responses and access log formats.

locals {
  # A source in its parts: the header or query parameter that carries it, and its words in messages.
  sources = [for source in var.key_sources : {
    kind   = split(":", source)[0]
    name   = try(join(":", slice(split(":", source), 1, startswith(source, "header:") ? 2 : length(split(":", source)))), "")
    scheme = startswith(source, "header:") ? try(split(":", source)[2], "") : ""
  }]
  bearer_header = [for source in local.sources : lower("${source.name}:${source.scheme}") == "authorization:bearer"]

  locations = [for source in local.sources : source.kind == "query" ? "querystring.${source.name}" : (
    "header.${lookup({ header = source.name, cookie = "Cookie", websocket-protocol = "Sec-WebSocket-Protocol" }, source.kind, "Authorization")}"
  )]

  # API Gateway requires all identity sources in a request. Several key sources therefore have none.
  identity_locations = length(local.locations) == 1 ? local.locations : []
  cached_by_route    = var.http_api_response == "simple" && var.results_cache_seconds > 0 && length(var.scopes) > 0

  descriptions = [for at, source in local.sources :
    source.kind == "bearer" || local.bearer_header[at] ? "Authorization: Bearer <key> header" :
    source.kind == "basic" ? "Basic authentication with the key as user name" :
    source.kind == "query" ? "?${source.name}= query parameter" :
    source.kind == "cookie" ? "${source.name} cookie" :
    source.kind == "websocket-protocol" ? "Sec-WebSocket-Protocol: bearer, <key> header" :
    source.scheme == "" ? "${source.name} header" : "${source.name}: ${source.scheme} <key> header"
  ]
  challenges = compact([for at, source in local.sources :
    source.kind == "bearer" || local.bearer_header[at] ? "Bearer" :
    source.kind == "basic" ? "Basic realm=\"API key\"" :
    source.kind == "header" && lower(source.name) == "authorization" ? source.scheme : ""
  ])

  gateway_responses = jsondecode(file("${path.module}/gatewayResponses.json"))
  unauthorized = {
    template = join("", [
      "{\"success\":false,\"data\":null,\"error\":{\"code\":\"AUTH_REQUIRED\",\"message\":",
      # jsonencode escapes these characters for HTML.
      replace(replace(replace(
        jsonencode("API key is required. Pass via ${join(" or ", local.descriptions)}."),
      "\\u003c", "<"), "\\u003e", ">"), "\\u0026", "&"),
      "},\"pagination\":null}",
    ])
    parameters = {
      "gatewayresponse.header.WWW-Authenticate" = "'${length(local.challenges) == 0 ? "Bearer" : join(", ", local.challenges)}'"
    }
  }
  has_usage_plans = var.plans != null || var.usage_identifier == "presented-key"

  access_log_formats = jsondecode(file("${path.module}/accessLogFormats.json"))
}
