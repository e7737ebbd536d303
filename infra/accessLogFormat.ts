import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';

/** The `$context` variables that every API type has for a request behind an authorizer. */
const COMMON_FIELDS = {
  requestId: '$context.requestId',
  requestTime: '$context.requestTime',
  apiId: '$context.apiId',
  sourceIp: '$context.identity.sourceIp',
  status: '$context.status',
  keyId: '$context.authorizer.keyId',
  principalId: '$context.authorizer.principalId',
  errorCode: '$context.authorizer.errorCode',
  responseType: '$context.error.responseType',
  integrationLatency: '$context.integrationLatency',
};

/** The `$context` variables that `ApiKeyUsage` reads, and the id that REST APIs require in each line. */
const USAGE_FIELDS = {
  requestId: '$context.requestId',
  requestTime: '$context.requestTime',
  apiId: '$context.apiId',
  status: '$context.status',
  keyId: '$context.authorizer.keyId',
  principalId: '$context.authorizer.principalId',
  errorCode: '$context.authorizer.errorCode',
  responseType: '$context.error.responseType',
  integrationLatency: '$context.integrationLatency',
  responseLatency: '$context.responseLatency',
};

/** The `$context` variables about the authorizer's invocation. HTTP APIs don't have them. */
const AUTHORIZER_FIELDS = {
  authorizerStatus: '$context.authorizer.status',
  authorizerLatency: '$context.authorizer.latency',
  authorizerRequestId: '$context.authorizer.requestId',
};

/**
 * Access log formats for APIs behind an authorizer. Each line is one JSON object with the API's id, route, status, key
 * id, Latchkey's error code and latencies in milliseconds. `ApiKeyUsage` counts from these lines. The formats omit
 * headers, paths and queries, because these may contain a key. API Gateway writes `-` for an absent value.
 *
 * - `principalId` is the key's id, or `anonymous` if the key is unknown. HTTP APIs with simple responses don't have a
 *   `principalId`. Read `keyId` instead, which is present only on allowed requests.
 * - `errorCode` is the reason for a 403. Allowed requests of a scoped key also have the code `INSUFFICIENT_SCOPE` if
 *   scopes are mapped, and those of a key with `allowedIps` `IP_FORBIDDEN` if responses are cached. A 401 lacks a code, because API Gateway drops the context of a thrown `Unauthorized`.
 * - `authorizerRequestId` is the `requestId` of the function's log line.
 */
export class ApiKeyAccessLogFormat {
  /**
   * Returns the format for `accessLogFormat` of a REST API's stage ("Variables for access logging for API Gateway").
   */
  static rest(): AccessLogFormat {
    return jsonFormat({
      ...COMMON_FIELDS,
      route: '$context.httpMethod $context.resourcePath',
      ...AUTHORIZER_FIELDS,
      responseLatency: '$context.responseLatency',
    });
  }

  /**
   * Returns the format for `accessLogSettings` of an HTTP API's stage ("Customize HTTP API access logs").
   */
  static http(): AccessLogFormat {
    return jsonFormat({ ...COMMON_FIELDS, route: '$context.routeKey', responseLatency: '$context.responseLatency' });
  }

  /**
   * Returns the format for `accessLogSettings` of a WebSocket API's stage ("Configure logging for WebSocket APIs"). The
   * API invokes the authorizer only on `$connect`. Use `connectionId` to find the later messages of a key.
   */
  static webSocket(): AccessLogFormat {
    return jsonFormat({
      ...COMMON_FIELDS,
      route: '$context.routeKey',
      ...AUTHORIZER_FIELDS,
      eventType: '$context.eventType',
      connectionId: '$context.connectionId',
    });
  }

  /**
   * Returns the shortest format from which `ApiKeyUsage` counts, for the stage of a REST API or an HTTP API. Its lines
   * cost about half as much as those of `rest` and `http`. They lack the route, the IP address and the authorizer's
   * latency.
   */
  static usage(): AccessLogFormat {
    return jsonFormat(USAGE_FIELDS);
  }

  private constructor() {}
}

/** The methods of `ApiKeyAccessLogFormat` by their name before jsii. jsii exports only classes. */
export const latchkeyAccessLogFormat = Object.freeze({
  rest: ApiKeyAccessLogFormat.rest,
  http: ApiKeyAccessLogFormat.http,
  webSocket: ApiKeyAccessLogFormat.webSocket,
});

/**
 * Formats each value as a string, because API Gateway writes `-` for an absent value. A `-` without quotes isn't valid
 * JSON.
 */
function jsonFormat(fields: Readonly<Record<string, string>>): AccessLogFormat {
  return AccessLogFormat.custom(JSON.stringify(fields));
}
